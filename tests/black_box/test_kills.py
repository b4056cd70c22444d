"""Killed at every step and at random moments: the next run reaches exactly the release.

Nothing is left behind once the next run has ended: no process, no temporary file, nothing half made
in dist/ and reports/, no lock. The variable KILLS asks for that many random moments, and for each
signal at each step through each door.
"""

from __future__ import annotations

import contextlib
import json
import os
import pty
import random
import re
import select
import signal
import subprocess
import termios
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from black_box.kill_tools import (
    NOX,
    RELEASEKIT,
    WAIT,
    Held,
    Index,
    Machine,
    Project,
    Ran,
    commit,
    end,
    make_project,
    start,
    wait_until,
)

KILLS = int(os.environ.get("KILLS", "0"))
SIGNALS = (signal.SIGKILL, signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A place where a release can be held."""

    name: str
    where: str
    """What a message calls the step."""
    hold: Callable[[Machine, Index, str], Held]


def hold_request(method: str, path: str, **how: str) -> Callable[[Machine, Index, str], Held]:
    def hold(machine: Machine, index: Index, name: str) -> Held:
        filled = {key: value.format(name=name) for key, value in how.items()}
        return index.hold(method, path.format(name=name), **filled)

    return hold


STEPS = (
    Step(name="version", where="version", hold=lambda m, i, n: m.hold("git", "rev-parse")),
    Step(name="checkout", where="build", hold=lambda m, i, n: m.hold("git", "checkout")),
    Step(name="get_requires", where="build", hold=lambda m, i, n: m.hold("get_requires")),
    Step(name="build_sdist", where="build", hold=lambda m, i, n: m.hold("build_sdist")),
    Step(name="build_wheel", where="build", hold=lambda m, i, n: m.hold("build_wheel")),
    Step(name="check", where="check", hold=lambda m, i, n: m.hold("git", "--recurse-submodules")),
    Step(name="import", where="check", hold=lambda m, i, n: m.hold("import")),
    Step(name="plan", where="plan", hold=hold_request("GET", "/pypi-hosted/simple/{name}/")),
    Step(
        name="wheel on its way",
        where="publish",
        hold=hold_request("POST", "/", content="{name}-1.0-py3-none-any.whl"),
    ),
    Step(
        name="wheel stored",
        where="publish",
        hold=hold_request("POST", "/", content="{name}-1.0-py3-none-any.whl", when="after"),
    ),
    Step(
        name="sdist on its way",
        where="publish",
        hold=hold_request("POST", "/", content="{name}-1.0.tar.gz"),
    ),
    Step(
        name="sdist stored",
        where="publish",
        hold=hold_request("POST", "/", content="{name}-1.0.tar.gz", when="after"),
    ),
    Step(
        name="group",
        where="verify",
        hold=hold_request("GET", "/pypi-group/simple/{name}/", uploaded="{name}-1.0.tar.gz"),
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Door:
    """A way to start a release, of one project or of several."""

    name: str
    kit: tuple[str, ...] = (RELEASEKIT,)
    options: tuple[str, ...] = ()
    projects: int = 1


SIDE_BY_SIDE = Door(name="side by side", options=("-C", "packages/*", "-j", "2"), projects=2)
DOORS = (
    Door(name="releasekit"),
    Door(name="nox", kit=(NOX, "-s")),
    SIDE_BY_SIDE,
    Door(name="one by one", options=("-C", "packages/*", "-j", "1"), projects=2),
)
SHORT: dict[str, dict[str, tuple[signal.Signals, ...]]] = {
    "releasekit": {
        **{step.name: SIGNALS[:1] for step in STEPS},
        "checkout": (),
        "get_requires": (),
        "build_sdist": (signal.SIGKILL, signal.SIGINT),
        "check": (signal.SIGTERM,),
        "wheel stored": (signal.SIGKILL, signal.SIGINT),
        "group": (),
        "import": (signal.SIGKILL, signal.SIGTERM, signal.SIGINT),
    },
    "nox": {"build_wheel": (signal.SIGTERM,), "wheel stored": (signal.SIGKILL, signal.SIGINT)},
    "one by one": {"build_sdist": (signal.SIGINT,)},
}
"""What is sent at which steps unless KILLS asks for all signals at each, through each door."""
CELLS = [
    pytest.param(door, step, number, id=f"{door.name}-{step.name}-{number.name}")
    for door in DOORS
    for step in STEPS
    for number in (SIGNALS if KILLS else SHORT.get(door.name, {}).get(step.name, ()))
]


def kill(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send a signal: Ctrl-C goes to all in the foreground, another one to the process alone."""
    if number is signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)


def find_unfinished(*projects: Project) -> list[str]:
    """Return what is in dist/ and reports/ and is not whole, or not the release's."""
    found = []
    for project in projects:
        found += sorted(project.dist() - project.files)
        reports = project.root / "reports"
        hidden = (path for path in reports.rglob(".*") if path.name != ".gitignore")
        found += sorted(map(str, hidden))
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """Projects, and where a release of all of them is started."""

    door: Door
    folder: Path
    projects: tuple[Project, ...]

    def start(self, machine: Machine, index: Index) -> subprocess.Popen[str]:
        words = ("release", *self.door.options)
        return start(machine, self.folder, index.environ(), *words, kit=self.door.kit)

    def outcomes(self) -> list[str]:
        """Return the statuses that the reports tell of."""
        paths = [project.root / "reports" / "outcome.json" for project in self.projects]
        documents = [path.read_text(encoding="utf-8") for path in paths if path.is_file()]
        return [json.loads(document)["status"] for document in documents]


def make_site(machine: Machine, door: Door, new_name: Callable[[], str]) -> Site:
    """Make projects in one repository, as the door needs them."""
    folder = machine.folder / "repository"
    projects = []
    for _ in range(door.projects):
        name = new_name()
        root = folder / "packages" / name if door.projects > 1 else folder
        make_project(root, name)
        projects.append(Project(root=root, name=name))
    commit(folder, machine.environ)
    return Site(door=door, folder=folder, projects=tuple(projects))


def assert_interrupted(ran: Ran, machine: Machine, site: Site, where: str) -> None:
    """Status 130 with its message; nothing goes on, and nothing is left."""
    assert ran.status == 130, ran.out
    assert "Traceback" not in ran.out
    assert f"error E901: interrupted\n  where: during {where}\n" in ran.out
    wait_until(lambda: not machine.processes())
    assert "interrupted" in site.outcomes()
    assert list(machine.temporary.iterdir()) == []
    assert find_unfinished(*site.projects) == []


def assert_released(machine: Machine, index: Index, site: Site) -> None:
    """The next run reaches exactly the release, and leaves nothing of the killed one."""
    ran = end(site.start(machine, index))
    assert ran.status == 0, ran.out
    for project in site.projects:
        assert index.files(project.name) == project.files
        assert project.dist() == project.files
    assert find_unfinished(*site.projects) == []
    assert sorted(path.name for path in machine.temporary.iterdir()) == []
    wait_until(lambda: not machine.processes())


@pytest.mark.parametrize(("door", "step", "number"), CELLS)
def test_killed_at_a_step(
    machine: Machine,
    index: Index,
    new_name: Callable[[], str],
    door: Door,
    step: Step,
    number: signal.Signals,
) -> None:
    site = make_site(machine, door, new_name)
    held = step.hold(machine, index, site.projects[0].name)
    process = site.start(machine, index)
    wait_until(held.is_reached, process)
    kill(process, number)
    if number is signal.SIGKILL:
        assert process.wait(WAIT) == -signal.SIGKILL
        # Foreign code may hang for ever. It ends with the kit, whatever holds it.
        wait_until(lambda: not any("sleep" in command for command in machine.processes().values()))
        held.go()
        end(process)
    else:
        assert_interrupted(end(process), machine, site, step.where)
        held.go()
    assert_released(machine, index, site)


# --- several projects, side by side ---------------------------------------------------------------


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_killed_with_several_projects(
    machine: Machine, index: Index, new_name: Callable[[], str], number: signal.Signals
) -> None:
    site = make_site(machine, SIDE_BY_SIDE, new_name)
    first, second = site.projects
    content = f"{first.name}-1.0-py3-none-any.whl"
    held = index.hold("POST", "/", content=content, when="after")
    other = index.hold("POST", "/", content=f"{second.name}-1.0.tar.gz")
    process = site.start(machine, index)
    wait_until(held.is_reached, process)
    wait_until(other.is_reached, process)
    kill(process, number)
    if number is signal.SIGKILL:
        assert process.wait(WAIT) == -signal.SIGKILL
        # Nobody is there to hear of it: nothing more is sent.
        wait_until(lambda: not machine.processes())
        held.go()
        other.go()
        end(process)
    else:
        ran = end(process)
        assert ran.out.count("error E901: interrupted\n  where: during publish\n") == 2, ran.out
        assert_interrupted(ran, machine, site, "publish")
        held.go()
        other.go()
    assert find_unfinished(*site.projects) == []
    assert f"{first.name}-1.0.tar.gz" not in index.files(first.name)
    assert_released(machine, index, site)


# --- random moments -------------------------------------------------------------------------------

SEED = int(os.environ.get("KILLS_SEED", "15"))


@pytest.mark.parametrize("number", range(KILLS or 2))
def test_killed_at_a_random_moment(
    machine: Machine, index: Index, new_name: Callable[[], str], number: int
) -> None:
    """Whatever the moment is: what is asserted holds for each of them."""
    site = make_site(machine, DOORS[number % len(DOORS)], new_name)
    chance = random.Random(SEED + number)
    sent, moment = chance.choice(SIGNALS), chance.uniform(0, 1.5)
    print(f"KILLS_SEED={SEED}, number {number}: {sent.name} after {moment:.3f} s")  # noqa: T201
    process = site.start(machine, index)
    # Before its first file the kit does not heed signals yet.
    wait_until(lambda: list(machine.temporary.iterdir()), process)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(moment)
    with contextlib.suppress(ProcessLookupError):
        kill(process, sent)
    ran = end(process)
    if sent is signal.SIGKILL:
        assert ran.status in (0, -signal.SIGKILL), ran.out
    else:
        assert ran.status in (0, 130), ran.out
        assert "Traceback" not in ran.out
        wait_until(lambda: not machine.processes())
        assert list(machine.temporary.iterdir()) == []
        assert find_unfinished(*site.projects) == []
    assert_released(machine, index, site)


# --- programs that the kit started ----------------------------------------------------------------


def find_process(machine: Machine, *words: str) -> int:
    """Return the one process with these words in its command line."""
    (found,) = (
        process
        for process, command in machine.processes().items()
        if all(word in command for word in words)
    )
    return found


def find_parent(process: int) -> int:
    status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    return int(status.rpartition(")")[2].split()[1])


CHILDREN: dict[str, tuple[str, Callable[[Machine], int], str]] = {
    "git": ("version", lambda machine: machine.pid("git"), "git was ended by a signal"),
    "hook": (
        "build_sdist",
        lambda machine: machine.pid("build_sdist"),
        "the build backend (build_sdist) was ended by a signal",
    ),
    "backend": (
        "build_wheel",
        lambda machine: find_parent(machine.pid("build_wheel")),
        "the build backend (build_wheel) was ended by a signal",
    ),
    "import": (
        "import",
        lambda machine: machine.pid("import"),
        "python was ended by a signal",
    ),
}
"""Where a release is held, what is killed, and what is said of it."""


@pytest.mark.parametrize(
    ("door", "child", "number"),
    [
        (DOORS[0], "git", signal.SIGKILL),
        (DOORS[0], "hook", signal.SIGKILL),
        (DOORS[0], "hook", signal.SIGTERM),
        (DOORS[0], "backend", signal.SIGKILL),
        (DOORS[0], "import", signal.SIGKILL),
        (DOORS[1], "hook", signal.SIGKILL),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_program_that_is_killed_is_named_and_the_package_is_not_blamed(
    machine: Machine,
    index: Index,
    new_name: Callable[[], str],
    door: Door,
    child: str,
    number: signal.Signals,
) -> None:
    site = make_site(machine, door, new_name)
    name, find, what = CHILDREN[child]
    step = next(step for step in STEPS if step.name == name)
    held = step.hold(machine, index, site.projects[0].name)
    process = site.start(machine, index)
    wait_until(held.is_reached, process)
    os.kill(find(machine), number)
    ran = end(process)
    held.go()
    assert ran.status == 3, ran.out
    assert f"error E326: {what}\n" in ran.out
    assert f"  why:   {number.name} ended it" in ran.out
    wait_until(lambda: not machine.processes())
    assert list(machine.temporary.iterdir()) == []
    assert find_unfinished(*site.projects) == []
    assert_released(machine, index, site)


# --- a prompt -------------------------------------------------------------------------------------


@pytest.mark.parametrize("prompt", [b"username: ", b"password: "], ids=bytes.decode)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_killed_at_a_prompt(
    machine: Machine, index: Index, project: Project, number: signal.Signals, prompt: bytes
) -> None:
    """The terminal is as it was: what is typed next is shown again."""
    environ = {name: v for name, v in index.environ().items() if not name.startswith("TWINE_")}
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    process = subprocess.Popen(
        ("setsid", "--ctty", "--wait", RELEASEKIT, "release"),
        cwd=project.root,
        env={**machine.environ, **environ},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        text=True,
    )
    machine.started.append(process)
    shown = read_until(ours, b"username: ")
    if prompt == b"password: ":
        os.write(ours, b"somebody\n")
        shown += read_until(ours, prompt)
        wait_until(lambda: not termios.tcgetattr(theirs)[3] & termios.ECHO)
    if number is signal.SIGINT:
        os.write(ours, b"\x03")  # as a terminal does: to all in the foreground
    else:
        os.kill(find_process(machine, "bin/python", RELEASEKIT), number)
    shown += read_until(ours, b"what is already published is skipped")
    assert process.wait(WAIT) == 130, shown
    assert re.search(rb"error E\d+: interrupted\r\n", re.sub(rb"\x1b\[[0-9;]*m", b"", shown))
    assert b"Traceback" not in shown
    assert termios.tcgetattr(theirs) == before
    for descriptor in (ours, theirs):
        os.close(descriptor)
    assert list(machine.temporary.iterdir()) == []
    ran = end(start(machine, project.root, index.environ(), "release"))
    assert ran.status == 0, ran.out
    assert index.files(project.name) == project.files == project.dist()


def read_until(terminal: int, text: bytes) -> bytes:
    """Read what is shown on a terminal until there is a text."""
    shown = b""
    while text not in shown:
        assert select.select([terminal], [], [], WAIT)[0], shown
        shown += os.read(terminal, 4096)
    return shown


# --- servers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("server", ["sandbox", "nexus"])
def test_a_server_that_is_killed_leaves_nothing_once_the_next_run_has_ended(
    machine: Machine, project: Project, server: str
) -> None:
    """A Nexus is killed while its data is copied: nobody is there yet to remove that."""
    home = {"HOME": os.environ["HOME"]}  # where a Nexus is kept once it was downloaded
    process = start(machine, project.root, home, server, "--json")
    wait_until(lambda: list(machine.temporary.glob("**/releasekit-*")), process)
    kill(process, signal.SIGKILL)
    end(process)
    wait_until(lambda: not machine.processes())
    assert list(machine.temporary.iterdir())
    ran = end(start(machine, project.root, {}, "version"))
    assert ran.status == 0, ran.out
    assert list(machine.temporary.iterdir()) == []
