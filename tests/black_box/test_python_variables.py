"""Variables that change Python change no release: what is built, and how it ends.

They come from images, from CI settings, and from a shell in which somebody was debugging.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import pytest

from black_box.kill_tools import (
    NOX,
    RELEASEKIT,
    Index,
    Machine,
    Project,
    Ran,
    commit,
    end,
    make_project,
    start,
)

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
"""A Python whose encoding for file names, files and streams is ASCII."""
VARIABLES: tuple[dict[str, str], ...] = (
    {"PYTHONINSPECT": "1", "PYTHONSTARTUP": "/nowhere/startup.py"},
    {"PYTHONBREAKPOINT": "os.abort", "PYTHONPROFILEIMPORTTIME": "1", "PYTHONHASHSEED": "1"},
    {"PYTHONDEVMODE": "1"},
    {"PYTHONWARNINGS": "error"},
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONOPTIMIZE": "2", "PYTHONSAFEPATH": "1"},
    {"LC_ALL": "C"},
    ASCII,
)
TALKS = """

_build_sdist = build_sdist

def build_sdist(*arguments, **settings):
    import sys, warnings
    warnings.warn("old: ö €", DeprecationWarning)
    print("built: ö €")
    print("also: ö €", file=sys.stderr)
    assert not sys.flags.optimize and not sys.flags.dev_mode
    return _build_sdist(*arguments, **settings)
"""
"""A backend that warns as setuptools does, and prints what ASCII has no letters for."""


@pytest.fixture
def talking(machine: Machine, project: Project) -> Project:
    """A project with umlauts in its path, its files and its author, whose backend prints them."""
    root = machine.folder / "größe" / "projekt"
    make_project(root, project.name)
    with (root / "held_backend.py").open("a", encoding="utf-8") as backend:
        backend.write(TALKS)
    (root / "README.md").write_text("Größe in €.\n", encoding="utf-8")
    (root / "größe.txt").write_text("Not in the sdist.\n", encoding="utf-8")
    commit(root, {**machine.environ, "GIT_AUTHOR_NAME": "Jörg"})
    return Project(root=root, name=project.name)


def run(machine: Machine, project: Project, variables: Mapping[str, str], *command: str) -> Ran:
    return end(start(machine, project.root, variables, *command[1:], kit=command[:1]))


def describe(project: Project) -> dict[str, str]:
    """Return the SHA-256 of each dist, by file name."""
    dists = (project.root / "dist").glob("[!.]*")
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in dists}


@pytest.mark.parametrize("variables", VARIABLES, ids=str)
def test_a_release_is_the_same_with_any_variables_of_python(
    machine: Machine, index: Index, talking: Project, variables: dict[str, str]
) -> None:
    ran = run(machine, talking, {}, RELEASEKIT, "build")
    assert ran.status == 0, ran.out
    plain = describe(talking)
    theirs = {**index.environ(), **variables}
    ran = run(machine, talking, theirs, RELEASEKIT, "release", "--fresh")
    assert ran.status == 0, ran.out
    assert "Traceback" not in ran.out
    assert describe(talking) == plain
    assert index.files(talking.name) == talking.files
    log = (talking.root / "reports" / "build.log").read_text(encoding="utf-8")
    assert "built: ö €\n" in log
    assert "also: ö €\n" in log
    summary = (talking.root / "reports" / "summary.md").read_text(encoding="utf-8")
    assert "größe.txt" in summary


def test_nox_in_a_python_that_cannot_name_files_says_so(
    machine: Machine, index: Index, talking: Project
) -> None:
    """The kit may not start the Python of others again."""
    ran = run(machine, talking, {**index.environ(), **ASCII}, NOX, "-s", "release")
    assert ran.status == 2, ran.out
    assert "error E223: this Python cannot name a file\n" in ran.out
    assert "next:  set PYTHONUTF8=1, or LC_ALL=C.UTF-8" in ran.out
    ran = run(machine, talking, {**index.environ(), "LC_ALL": "C"}, NOX, "-s", "release")
    assert ran.status == 0, ran.out
    assert index.files(talking.name) == talking.files
