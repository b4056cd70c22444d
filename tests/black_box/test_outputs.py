"""Where the output goes nowhere: a full disk, a closed stream, a reader that has gone.

The machine is to blame: status 1 would blame the project. Standard error and the reports say more.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from black_box.kill_tools import RELEASEKIT, WAIT, Index, Machine, Project, end, start, wait_until

LOST = "error E322: the output cannot be written\n  where: {stream}\n  why:   {reason}\n"


def run(
    machine: Machine, project: Project, index: Index, command: str
) -> subprocess.CompletedProcess[str]:
    """Run a command of the shell; `kit` is the kit."""
    return subprocess.run(
        ("bash", "-c", f'set -o pipefail; kit() {{ "{RELEASEKIT}" "$@"; }}; {command}'),
        cwd=project.root,
        env={**machine.environ, **index.environ()},
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=False,
    )


def assert_released(machine: Machine, project: Project, index: Index) -> None:
    ran = end(start(machine, project.root, index.environ(), "release"))
    assert ran.status == 0, ran.out
    assert index.files(project.name) == project.files == project.dist()
    assert list(machine.temporary.iterdir()) == []
    assert not machine.processes()


@pytest.mark.parametrize(
    ("command", "stream", "reason"),
    [
        ("kit release > /dev/full", "standard output", "No space left on device"),
        ("kit release --json > /dev/full", "standard output", "No space left on device"),
        ("kit release -C . -C . > /dev/full", "standard output", "No space left on device"),
        ("kit check --explain RK101 > /dev/full", "standard output", "No space left on device"),
        ("kit sandbox > /dev/full", "standard output", "No space left on device"),
        ("kit sandbox --json > /dev/full", "standard output", "No space left on device"),
        ("kit release --json | true", "standard output", "Broken pipe"),
        ("kit release | true", "standard output", "Broken pipe"),
    ],
    ids=lambda value: value if "kit" in value else "",
)
def test_output_that_is_lost_is_named(
    machine: Machine, project: Project, index: Index, command: str, stream: str, reason: str
) -> None:
    ran = run(machine, project, index, command)
    assert ran.returncode == 3, ran.stderr
    assert LOST.format(stream=stream, reason=reason) in ran.stderr
    assert "Traceback" not in ran.stderr
    assert_released(machine, project, index)


def test_a_refusal_stays_one_where_its_words_are_lost(
    machine: Machine, project: Project, index: Index
) -> None:
    (project.root / "README.md").write_text("Not committed.\n")
    ran = run(machine, project, index, "kit release -q > /dev/full")
    assert ran.returncode == 1, ran.stderr
    assert "error E" in ran.stderr.split("error E322: the output cannot be written")[0]
    assert "error E322: the output cannot be written" in ran.stderr


def test_where_nothing_can_be_shown_the_status_tells_it(
    machine: Machine, project: Project, index: Index
) -> None:
    ran = run(machine, project, index, "kit release > /dev/full 2>&1")
    assert ran.returncode == 3
    outcome = json.loads((project.root / "reports" / "outcome.json").read_text(encoding="utf-8"))
    assert outcome["status"] == "failed"
    assert_released(machine, project, index)


def test_lost_notes_leave_the_document_whole(
    machine: Machine, project: Project, index: Index
) -> None:
    ran = run(machine, project, index, "kit release --json 2> /dev/full")
    assert ran.returncode == 3
    assert json.loads(ran.stdout)["status"] == "failed"
    assert_released(machine, project, index)


@pytest.mark.parametrize(
    "command",
    ["kit release >&-", "kit release --json >&-", "kit release 2>&-", "kit release <&- >&- 2>&-"],
)
def test_a_closed_stream_wants_no_output(
    machine: Machine, project: Project, index: Index, command: str
) -> None:
    ran = run(machine, project, index, command)
    assert ran.returncode == 0, ran.stderr
    assert index.files(project.name) == project.files == project.dist()


# --- a signal while the report is written ---------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_no_signal_cuts_a_report_off(
    machine: Machine, project: Project, index: Index, number: signal.Signals
) -> None:
    """The pipe is full, so that the kit waits in the last lines of its report."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    os.write(writing, b" " * 4096)
    process = subprocess.Popen(
        (RELEASEKIT, "release", "--json"),
        cwd=project.root,
        env={**machine.environ, **index.environ()},
        stdin=subprocess.DEVNULL,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    machine.started.append(process)
    os.close(writing)
    assert process.stderr
    shown = ""
    while "done      release" not in shown:
        line = process.stderr.readline()
        assert line, shown
        shown += line
    os.killpg(process.pid, number)
    wait_until(lambda: is_delivered(process.pid, number))
    with os.fdopen(reading, encoding="utf-8") as document:
        outcome = json.load(document)
    shown += process.communicate(timeout=WAIT)[1]
    assert process.returncode == 0, shown
    assert "Traceback" not in shown
    assert outcome == json.loads((project.root / "reports" / "outcome.json").read_text())
    assert outcome["status"] == "done"
    assert index.files(project.name) == project.files == project.dist()
    assert list(machine.temporary.iterdir()) == []


def is_delivered(process: int, number: signal.Signals) -> bool:
    """Tell whether a signal waits for a process no longer."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    waiting = [int(line.split()[1], 16) for line in status.splitlines() if "Pnd:" in line]
    return not any(mask & 1 << number - 1 for mask in waiting)
