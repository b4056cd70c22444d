"""A runner, the component's repository, and clones of projects with pipelines."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gitlab.runner import STATE, Runner, fetch_program
from served_kit import IDENTITY
from support import ProjectDir, public_index

REPOSITORY = Path(__file__).parents[2]
PROJECTS = REPOSITORY / "tests" / "projects"
COMPONENT = "https://gitlab.example.com{}/platform/releasekit.git"
Clone = Callable[..., ProjectDir]


@pytest.fixture(scope="session")
def component(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository from which the component is included, at its first release."""
    root = tmp_path_factory.mktemp("component")
    shutil.copytree(REPOSITORY / "templates", root / "templates")
    made = ProjectDir(root=root, environ={**os.environ, **IDENTITY})
    made.git("init", "-q", "-b", "main")
    made.commit_all("release")
    made.git("tag", "0.1.0")
    return root


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory, component: Path) -> dict[str, str]:
    """The environment of the runner: this machine's, with the component's address led there."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(
            ("RELEASEKIT_", "TWINE_", "GIT_", "XDG_", "PYTEST_", "CI", "GITLAB", "NOX")
        )
    }
    settings = tmp_path_factory.mktemp("git") / "config"
    addresses = "".join(f"insteadOf = {COMPONENT.format(port)}\n" for port in ("", ":443"))
    settings.write_text(f'[url "file://{component}"]\n{addresses}', encoding="utf-8")
    return {
        **ours,
        **IDENTITY,
        **public_index(),
        "HOME": str(tmp_path_factory.mktemp("home")),
        "GIT_CONFIG_GLOBAL": str(settings),
        "NO_COLOR": "1",
    }


def find_caches(machine: Mapping[str, str]) -> Path:
    """Return where a machine keeps the caches of its jobs, from pipeline to pipeline."""
    caches = Path(machine["HOME"], "caches")
    caches.mkdir(exist_ok=True)
    return caches


@pytest.fixture
def runner(tmp_path: Path, machine: dict[str, str]) -> Runner:
    """A runner without any variable of the project's."""
    return Runner(home=tmp_path / "gitlab", environ=machine, program=fetch_program())


@pytest.fixture
def clone(tmp_path: Path, machine: dict[str, str]) -> Clone:
    """Make a clone of a project as GitLab has it: origin there, main its default branch."""

    def make(
        name: str = "gitlab", *, tag: str | None = "v1.2.3", ci: str | None = None
    ) -> ProjectDir:
        home = tmp_path / "origin"
        shutil.copytree(PROJECTS / name, home)
        origin = ProjectDir(root=home, environ=machine)
        if ci is not None:
            origin.write(".gitlab-ci.yml", ci)
        origin.git("init", "-q", "-b", "main")
        origin.commit_all("first")
        if tag:
            origin.git("tag", tag)
        root = tmp_path / "clone"
        subprocess.run(("git", "clone", "-q", home, root), check=True, env=machine)
        made = ProjectDir(root=root, environ=machine)
        made.git("remote", "set-url", "origin", "https://gitlab.example.com/team/project.git")
        made.write(".git/info/exclude", f"{STATE}/\n")
        (root / STATE).mkdir()
        (root / STATE / "cache").symlink_to(find_caches(machine))
        return made

    return make
