"""`-C DIR`: which directory a command is for."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from nexus_double import Sandbox
from support import Command, ProjectDir

STEPS = ("version", "build", "gather", "check", "plan", "publish", "verify", "release")
OTHERS = {
    "provision": (),
    "doctor": (),
    "search": ("demo",),
    "pip-config": (),
    "sandbox": (),
    "nexus": (),
}
SPELLING = "check the spelling, and where you are: -C starts from the current directory"


@pytest.fixture
def here(project: ProjectDir) -> ProjectDir:
    """A project with directories beside it that hold settings, and nothing else."""
    for name in ("teams/a", "teams/b", "one/only"):
        folder = project.root / name
        folder.mkdir(parents=True)
        (folder / "releasekit.toml").write_text('hosted = "theirs"\n')
    (project.root / "teams" / "notes.txt").touch()
    (project.root / "loop").symlink_to("loop")
    (project.root / "a file").touch()
    return project


def refusal(where: Path | str, reason: str, fix: str = SPELLING, *, code: str = "E203") -> str:
    return (
        f"error {code}: -C names no directory that can be used\n"
        f"  where: -C {where}\n"
        f"  why:   {reason}\n"
        f"  next:  {fix}\n"
    )


@pytest.mark.parametrize("command", [*STEPS, *OTHERS])
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("nosuchdir", "No such file or directory", id="missing"),
        pytest.param("a file", "Not a directory", id="a file"),
    ],
)
def test_what_is_no_directory_is_refused_by_every_command(
    here: ProjectDir, sandbox: Sandbox, releasekit: Command, command: str, name: str, reason: str
) -> None:
    arguments = OTHERS.get(command, ())
    ran = releasekit(command, *arguments, "-C", name, project=here, server=sandbox)
    assert (ran.status, ran.out, ran.err) == (2, refusal(here.root / name, reason), "")


@pytest.mark.parametrize("command", ["version", "doctor"])
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("loop", "Too many levels of symbolic links", id="a link to itself"),
        pytest.param("x" * 300, "File name too long", id="a long name"),
        pytest.param("a file/x", "Not a directory", id="below a file"),
    ],
)
def test_odd_name_is_refused(
    here: ProjectDir, releasekit: Command, command: str, name: str, reason: str
) -> None:
    ran = releasekit(command, "-C", name, project=here, RELEASEKIT_URL="https://n.example.com")
    assert (ran.status, ran.out, ran.err) == (2, refusal(here.root / name, reason), "")


@pytest.mark.parametrize("command", ["release", "version", "doctor", "sandbox"])
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("a\nb", "it has a line break", id="line break"),
        pytest.param("a\udcff", "it is not UTF-8", id="bytes"),
    ],
)
def test_name_that_no_list_can_hold_is_refused(
    project: ProjectDir, releasekit: Command, tmp_path: Path, command: str, name: str, reason: str
) -> None:
    odd = project.root.rename(tmp_path / name)
    ran = releasekit(command, project=replace(project, root=odd))
    assert ran.status == 2
    assert "error E271: the name of the project's directory cannot be used\n" in ran.out
    assert f"  why:   {reason}\n" in ran.out


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("command", ["version", "doctor"])
def test_directory_that_cannot_be_read_is_refused(
    here: ProjectDir, releasekit: Command, command: str
) -> None:
    folder = here.root / "teams" / "a"
    folder.chmod(0)
    ran = releasekit(command, "-C", "teams/a", project=here)
    folder.chmod(0o700)
    assert (ran.status, ran.out) == (2, refusal(folder, "Permission denied"))


@pytest.mark.parametrize("command", ["version", "provision", "sandbox"])
def test_empty_name_is_refused(here: ProjectDir, releasekit: Command, command: str) -> None:
    ran = releasekit(command, "-C", "", project=here)
    fix = "give a directory; a variable in the command may be empty, or not be set"
    assert (ran.status, ran.out) == (2, refusal("''", "the name is empty", fix, code="E204"))


@pytest.mark.parametrize("command", ["version", "provision", "doctor", "sandbox"])
@pytest.mark.parametrize("pattern", ["nothing/*", "?o?", "teams/[x-z]*", "teams/*.txt"])
def test_pattern_that_matches_nothing_is_refused(
    here: ProjectDir, sandbox: Sandbox, releasekit: Command, command: str, pattern: str
) -> None:
    ran = releasekit(command, "-C", pattern, project=here, server=sandbox)
    reason = "no directory matches this pattern, or none that matches is a Python project"
    assert (ran.status, ran.out) == (2, refusal(here.root / pattern, reason))


def test_pattern_that_matches_no_project_is_refused_by_a_step(
    here: ProjectDir, releasekit: Command
) -> None:
    ran = releasekit("version", "-C", "teams/*", project=here)
    reason = "no directory matches this pattern, or none that matches is a Python project"
    assert (ran.status, ran.out) == (2, refusal(here.root / "teams/*", reason))


@pytest.mark.parametrize("command", OTHERS)
def test_several_directories_are_refused_by_a_command_that_takes_one(
    here: ProjectDir, sandbox: Sandbox, releasekit: Command, command: str
) -> None:
    ran = releasekit(command, *OTHERS[command], "-C", "teams/*", project=here, server=sandbox)
    reason = f"{command} takes one directory, and these are 2: teams/a, teams/b"
    words = " ".join([command, *OTHERS[command]])
    fix = f"name one of them: releasekit {words} -C teams/a"
    assert (ran.status, ran.out) == (2, refusal("teams/*", reason, fix, code="E205"))


def test_pattern_that_matches_one_directory_stands_for_it(
    here: ProjectDir, releasekit: Command
) -> None:
    url = {"RELEASEKIT_URL": "https://127.0.0.1:1"}
    ran = releasekit("doctor", "-C", "one/*", "--json", project=here, **url)
    assert ran.status == 3, ran
    assert json.loads(ran.out)["command"] == "doctor"


def test_directory_without_settings_is_noted(here: ProjectDir, releasekit: Command) -> None:
    (here.root / "bare").mkdir()
    url = {"RELEASEKIT_URL": "https://127.0.0.1:1"}
    said = "has no pyproject.toml or releasekit.toml: settings come from the environment alone\n"
    ran = releasekit("doctor", "-C", "bare", project=here, **url)
    assert f"note      {here.root}/bare {said}" in ran.out
    for arguments in (("-C", "teams/a"), ("-C", "."), ()):
        assert said not in releasekit("doctor", *arguments, project=here, **url).out


def test_directory_that_is_missing_keeps_no_other_from_its_build(
    here: ProjectDir, releasekit: Command
) -> None:
    named = ("-C", ".", "-C", "a file", "-C", "nosuchdir")
    ran = releasekit("version", *named, project=here)
    assert ran.status == 2
    assert "projects  1 of 3 done, a file usage, nosuchdir usage\n" in ran.out
