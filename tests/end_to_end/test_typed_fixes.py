"""A fix is typed as it is shown, where the user stands, and works."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from nexus_double import Sandbox
from support import SDIST, WHEEL, ProjectDir, public_index, published

SCRIPTS = Path(sys.executable).parent


@dataclass(frozen=True, kw_only=True, slots=True)
class Shell:
    """A shell in a directory, which finds nox and releasekit."""

    folder: Path
    environ: Mapping[str, str] = field(repr=False)

    def type(self, line: str) -> tuple[int, str]:
        """Type a command; return its status, and what it shows."""
        done = subprocess.run(
            ("sh", "-c", line),
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
            check=False,
        )
        return done.returncode, done.stdout


@pytest.fixture
def shell(tmp_path: Path, user_environ: dict[str, str], sandbox: Sandbox) -> Shell:
    """A shell beside the project."""
    path = f"{SCRIPTS}{os.pathsep}{user_environ['PATH']}"
    environ = {**user_environ, **public_index(), **sandbox.environ(), "PATH": path}
    return Shell(folder=tmp_path.resolve(), environ=environ)


NOXFILE = "import releasekit.sessions\n"
RENAMED = 'from releasekit.sessions import register\n\nregister(prefix="kit-")\n'


@pytest.mark.parametrize(
    ("noxfile", "failing", "fix"),
    [
        pytest.param(
            "", "releasekit plan -C plain", "releasekit build -C plain", id="the console script"
        ),
        pytest.param(
            NOXFILE,
            "nox -f plain/noxfile.py -s plan",
            "nox -f plain/noxfile.py -s build",
            id="a noxfile elsewhere",
        ),
        pytest.param(
            RENAMED,
            "nox -f plain/noxfile.py -s kit-plan -- --tag v1.2.3",
            "nox -f plain/noxfile.py -s kit-build -- --tag v1.2.3",
            id="a prefix, and an option",
        ),
    ],
)
def test_a_missing_build_is_made_by_the_command_that_is_shown(
    shell: Shell, project: ProjectDir, noxfile: str, failing: str, fix: str
) -> None:
    if noxfile:
        project.write("noxfile.py", noxfile)
        project.commit_all()
        project.git("tag", "-f", "v1.2.3")
    status, shown = shell.type(failing)
    assert (status != 0, "error E207: nothing has been built yet\n" in shown) == (True, True), shown
    assert f"  next:  {fix} (in CI: " in shown
    assert shell.type(fix)[0] == 0
    assert shell.type(failing)[0] == 0


def test_a_choice_of_tags_is_made_by_the_command_that_is_shown(
    shell: Shell, project: ProjectDir, sandbox: Sandbox
) -> None:
    project.write("noxfile.py", NOXFILE)
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    project.git("tag", "v1.2.2")
    status, shown = shell.type("cd plain && nox -s release -- --fresh")
    fix = "nox -s release -- --tag v1.2.3 --fresh"
    assert (status != 0, "error E104: " in shown) == (True, True), shown
    assert f"  next:  choose one: {fix} (in CI: RELEASEKIT_TAG=v1.2.3)\n" in shown
    assert shell.type(f"cd plain && {fix}")[0] == 0
    assert published(sandbox) == {WHEEL, SDIST}


def test_results_that_git_tracks_are_let_go_by_the_command_that_is_shown(
    shell: Shell, project: ProjectDir
) -> None:
    for name in ("dist/old.txt", "reports/old.txt"):
        (project.root / name).parent.mkdir()
        project.write(name, "old")
    project.git("add", "-f", "dist", "reports")
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    status, shown = shell.type("releasekit build -C plain")
    assert (status, "git tracks files in dist and reports" in shown) == (1, True), shown
    _, _, rest = shown.partition("of earlier builds: ")
    fix, _, _ = rest.partition(", and commit that")
    again = "cd plain && git commit -qm fixed && git tag -f v1.2.3"
    assert shell.type(f"{fix} && {again}")[0] == 0
    status, shown = shell.type("releasekit build -C plain")
    assert status == 0, shown


def test_a_finding_is_explained_by_the_command_that_is_shown(
    shell: Shell, project: ProjectDir
) -> None:
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    project.write("pyproject.toml", text.partition("[project.urls]")[0])
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    status, shown = shell.type("releasekit check -C plain --tag v1.2.3")
    assert (status, "error E121: 1 finding of severity error: RK101\n" in shown) == (1, True), shown
    assert "  next:  fix them; releasekit check --explain CODE says why" in shown
    status, shown = shell.type("releasekit check --explain RK101")
    assert (status, shown.splitlines()[0]) == (0, "### RK101 missing url")


def test_another_command_than_a_session_is_called_by_its_own_name(
    shell: Shell, project: ProjectDir
) -> None:
    project.write("noxfile.py", NOXFILE)
    elsewhere = Shell(
        folder=shell.folder,
        environ={k: v for k, v in shell.environ.items() if not k.startswith("RELEASEKIT_URL")},
    )
    status, shown = elsewhere.type("nox -f plain/noxfile.py -s doctor")
    assert (status != 0, "error E212: no Nexus is configured" in shown) == (True, True), shown
    assert "         releasekit nexus -C plain runs a Nexus on this machine" in shown
    status, shown = elsewhere.type("releasekit nexus -C plain --help")
    assert status == 0


def test_changes_are_put_away_by_the_command_of_git_that_is_shown(
    shell: Shell, project: ProjectDir
) -> None:
    project.write("plain.py", '"""Changed."""\n')
    status, shown = shell.type("releasekit release -C plain --dry-run")
    assert (status, "error E107: " in shown) == (1, True), shown
    assert "  next:  git -C plain stash (or commit and tag again), then run this again\n" in shown
    assert shell.type("git -C plain stash")[0] == 0
    assert shell.type("releasekit release -C plain --dry-run")[0] == 0
