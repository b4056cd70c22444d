"""Suggested commands: through the door that was used, with -C and the options that were given."""

from __future__ import annotations

import shlex
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import pytest

from releasekit.checks.catalog import CHECKS
from releasekit.cli import make_parser
from releasekit.commands import COMMANDS
from releasekit.errors.base import COMMAND
from releasekit.explain import ENTRIES
from releasekit.request import Door, render_commands
from releasekit.sessions import DEFAULT_NAMES

GATHER = "gather --from a --from 'b c'"
AT_NOX = "nox -s check -- --explain RK101"
PIP = "pip-config --to user"


def parse(line: str) -> Namespace:
    return make_parser().parse_args(shlex.split(line))


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """The directory that somebody stands in, without links in its path."""
    folder = tmp_path.resolve() / "here"
    (folder / "sub dir").mkdir(parents=True)
    return folder


BY_NOX = "by nox"
BY_FILE = "by nox -f"
SESSIONS = tuple((name, name) for name in DEFAULT_NAMES)


def make_door(here: Path, kind: str) -> Door:
    by_hand = Door(commands=COMMANDS, started_in=here, folder=here)
    if kind == BY_NOX:
        return replace(by_hand, noxfile=str(here / "noxfile.py"), sessions=SESSIONS)
    if kind == BY_FILE:  # nox goes there
        folder = here / "sub dir"
        noxfile = str(folder / "other.py")
        sessions = (("plan", "kit-plan"),)
        return replace(by_hand, folder=folder, noxfile=noxfile, sessions=sessions)
    return by_hand


@pytest.mark.parametrize(
    ("kind", "given", "root", "suggested", "typed"),
    [
        ("", "build", "", "[[verify]]", "releasekit verify"),
        (BY_NOX, "build", "", "[[verify]]", "nox -s verify"),
        (BY_NOX, "doctor", "", "[[doctor --probe]]", "nox -s doctor -- --probe"),
        (BY_NOX, "build", "", "[[provision --apply]]", "releasekit provision --apply"),
        ("", "build -C 'sub dir'", "sub dir", "[[verify]]", "releasekit verify -C 'sub dir'"),
        ("", "build -C ./'sub dir'/", "sub dir", "[[verify]]", "releasekit verify -C './sub dir/'"),
        ("", "build -C . -C '*'", "sub dir", "[[verify]]", "releasekit verify -C 'sub dir'"),
        ("", "build -C ..", "..", "[[verify]]", "releasekit verify -C .."),
        ("", "build", "..", "[[verify]]", "releasekit verify -C PARENT"),
        (BY_NOX, "build -C 'sub dir'", "sub dir", "[[plan]]", "nox -s plan -- -C 'sub dir'"),
        (BY_FILE, "build", "sub dir", "[[plan]]", "nox -f 'sub dir/other.py' -s kit-plan"),
        (BY_FILE, "build", "sub dir", "[[search x]]", "releasekit search x -C 'sub dir'"),
        (
            "",
            "release -r company --tag v1 --fresh --dry-run -j 2 -q --json",
            "",
            "[[build]], [[verify]], [[publish]], [[provision]]",
            "releasekit build -r company --tag v1 --fresh, releasekit verify -r company --tag v1 "
            "--fresh, releasekit publish -r company --tag v1 --dry-run, releasekit provision",
        ),
        ("", "release --tag v1", "", "[[release --tag v2]]", "releasekit release --tag v2"),
        ("", GATHER, "", "[[gather]]", f"releasekit {GATHER}"),
        ("", "gather --from a", "", "[[build --sdist]]", "releasekit build --sdist"),
        ("", "search x --python e", "", "[[search 'x*']]", "releasekit search 'x*' --python e"),
        ("", PIP, "", "[[pip-config --apply]]", "releasekit pip-config --apply --to user"),
        ("", "provision --apply --accept-eula", "", "[[provision]]", "releasekit provision"),
        (BY_NOX, "check -C 'sub dir'", "sub dir", "[[check --explain RK101]]", AT_NOX),
        ("", "build", "", "[[index]] and [[it's]]", "[[index]] and [[it's]]"),
        ("", "build", "", "no command", "no command"),
    ],
)  # fmt: skip
def test_suggested_command_is_as_it_has_to_be_typed(
    here: Path, kind: str, given: str, root: str, suggested: str, typed: str
) -> None:
    door, about = make_door(here, kind), (here / root).resolve()
    rendered = render_commands(suggested, door, parse(given), about)
    assert rendered == typed.replace("PARENT", str(here.parent))


SUGGESTED = [
    (entry.code, match[1]) for entry in ENTRIES for match in COMMAND.finditer(entry.fix)
] + [(check.code, match[1]) for check in CHECKS for match in COMMAND.finditer(check.fix)]


@pytest.mark.parametrize(("code", "command"), SUGGESTED)
def test_every_command_that_an_entry_suggests_can_be_typed(code: str, command: str) -> None:
    words = shlex.split(command.format_map({"first": "x", "sdist": "y", "command": "search z"}))
    given = parse("release -r company --tag v1 --fresh --dry-run")
    door = Door(commands=COMMANDS, started_in=Path("/x"), folder=Path("/x"))
    typed = render_commands(f"[[{shlex.join(words)}]]", door, given, Path("/y"))
    assert typed.startswith("releasekit "), code
    parse(typed.removeprefix("releasekit "))
