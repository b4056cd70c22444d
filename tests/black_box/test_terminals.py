"""What a build shows on terminals and in logs of all kinds: the same lines, and no control codes.

Neither the environment of the tests nor that of a CI agent changes what is said.
"""

from __future__ import annotations

import os
import pty
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from black_box.kill_tools import RELEASEKIT, WAIT, Machine, commit, make_environ, make_project

OURS = ("TERM", "COLUMNS", "NO_COLOR", "FORCE_COLOR", "LC_ALL", "LANG", "TZ", "PYTHONUTF8")
CODE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
LOGS: tuple[dict[str, str], ...] = (
    {},
    {"TERM": "dumb"},
    {"TERM": "dumb", "FORCE_COLOR": "1"},
    {"TERM": "xterm", "NO_COLOR": "1"},
    {"TERM": "xterm", "COLUMNS": "40"},
    {"LC_ALL": "C", "PYTHONUTF8": "0"},
    {"LC_ALL": "de_DE.UTF-8"},
    {"TZ": "Asia/Kathmandu", "CI": "true", "GITLAB_CI": "true"},
    {"PYTHONWARNINGS": "error"},
)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine with a project, whose environment says nothing of a terminal."""
    folder = tmp_path_factory.mktemp("machine")
    environ = make_environ(folder)
    made = Machine(folder, {name: environ[name] for name in environ if name not in OURS})
    make_project(folder / "project", "shown")
    commit(folder / "project", made.environ)
    yield made
    made.close()


def show_in_a_log(machine: Machine, variables: Mapping[str, str]) -> str:
    done = subprocess.run(
        (RELEASEKIT, "build"),
        cwd=machine.folder / "project",
        env={**machine.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=WAIT,
        check=False,
    )
    text = done.stdout.decode()
    assert done.returncode == 0, text
    return text


def show_on_a_terminal(folder: Path, environ: Mapping[str, str]) -> str:
    ours, theirs = pty.openpty()
    command = (RELEASEKIT, "build")
    with subprocess.Popen(command, cwd=folder, env=environ, stdout=theirs, stderr=theirs) as run:
        os.close(theirs)
        shown = b""
        while True:
            try:
                shown += (part := os.read(ours, 4096))
            except OSError:  # EIO: the other end is closed
                break
            if not part:
                break
    os.close(ours)
    assert run.returncode == 0, shown
    return shown.decode().replace("\r\n", "\n")


def without_times(text: str) -> str:
    return re.sub(r"(  | in )\d+\.\d s$", "", text, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def plain(machine: Machine) -> str:
    """What is said where nothing is known of the one who reads it."""
    return without_times(show_in_a_log(machine, {}))


@pytest.mark.parametrize("variables", LOGS, ids=str)
def test_a_log_says_the_same_everywhere(
    machine: Machine, plain: str, variables: dict[str, str]
) -> None:
    assert without_times(show_in_a_log(machine, variables)) == plain
    assert "\x1b" not in plain
    assert plain.startswith("version   1.0 from tag v1.0")


def test_a_dumb_terminal_gets_the_lines_of_a_log(machine: Machine, plain: str) -> None:
    folder = machine.folder / "project"
    shown = show_on_a_terminal(folder, {**machine.environ, "TERM": "dumb"})
    assert without_times(shown) == plain


def test_forced_colours_change_no_word_and_move_no_cursor(machine: Machine, plain: str) -> None:
    shown = show_in_a_log(machine, {"TERM": "xterm", "FORCE_COLOR": "1"})
    codes = CODE.findall(shown)
    assert codes
    assert {code[-1] for code in codes} == {"m"}
    assert without_times(CODE.sub("", shown)) == plain


def test_a_terminal_has_the_lines_of_a_log_in_the_end_and_its_cursor(
    machine: Machine, plain: str
) -> None:
    """What is shown meanwhile, as a spinner, is deleted again."""
    environ = {**machine.environ, "TERM": "xterm-256color", "COLUMNS": "300"}
    shown = show_on_a_terminal(machine.folder / "project", environ)
    hidden, shown_again = shown.rfind("\x1b[?25l"), shown.rfind("\x1b[?25h")
    assert -1 < hidden < shown_again
    lines = without_times("\n".join(render(shown))).splitlines()
    assert [line for line in lines if line] == plain.splitlines()


def render(shown: str) -> list[str]:
    """Return the lines that a terminal has in the end: it knows \\r, \\n, cursor up, and delete."""
    lines, row, column = [""], 0, 0
    for code, letter in re.findall(r"(\x1b\[[0-9;?]*[A-Za-z])|(.)", shown, re.DOTALL):
        if code.endswith("A"):
            row -= int(code[2:-1] or 1)
        elif code.endswith("K"):
            lines[row] = ""
        elif letter == "\r":
            column = 0
        elif letter == "\n":
            row, column = row + 1, 0
            lines += [""] * (row == len(lines))
        elif letter:
            lines[row] = lines[row][:column].ljust(column) + letter + lines[row][column + 1 :]
            column += 1
    return [line.rstrip() for line in lines]
