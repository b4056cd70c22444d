"""Jenkins' interpreter, agents, and jobs over real git repositories."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jenkins.harness import Jenkins, Job, run_jenkins
from support import ProjectDir

PROJECTS = Path(__file__).parents[1] / "projects"

MakeJob = Callable[..., Job]


@pytest.fixture(scope="session")
def jenkins() -> Iterator[Jenkins]:
    """The interpreter, started once."""
    with run_jenkins() as running:
        yield running


@pytest.fixture(scope="session")
def agent_environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of an agent: this machine's, CA and pip variables included."""
    return {
        **{
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("RELEASEKIT_", "TWINE_", "GIT_", "XDG_", "PYTEST_"))
        },
        "HOME": str(tmp_path_factory.mktemp("home")),
        "RELEASEKIT_CACHE_DIR": str(tmp_path_factory.mktemp("cache")),
        "UV_CACHE_DIR": str(tmp_path_factory.mktemp("uv-cache")),
    }


@pytest.fixture
def project(tmp_path: Path, agent_environ: dict[str, str]) -> ProjectDir:
    """The project of the README, in a git repository whose HEAD is tagged v1.2.3."""
    root = tmp_path / "project"
    shutil.copytree(PROJECTS / "jenkins", root)
    identity = {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "Author"), ("EMAIL", "author@example.com"))
    }
    made = ProjectDir(root=root.resolve(), environ={**agent_environ, **identity})
    made.git("init", "-q", "-b", "main")
    made.commit_all("first")
    made.git("tag", "v1.2.3")
    return made


@pytest.fixture
def make_job(tmp_path: Path, project: ProjectDir, agent_environ: dict[str, str]) -> MakeJob:
    """Make a job that builds the project's main branch, or a tag of it."""

    def make(jenkinsfile: str, *, tag: str | None = None, **given: Any) -> Job:
        ref = f"refs/tags/{tag}" if tag else "refs/heads/main"
        branch = {"BRANCH_NAME": tag, "TAG_NAME": tag} if tag else {"BRANCH_NAME": "main"}
        return Job(
            home=tmp_path / "jenkins",
            jenkinsfile=jenkinsfile,
            scm={"url": str(project.root), "ref": ref},
            environ={**branch, **given.pop("environ", {})},
            agents=dict.fromkeys(("", "linux", "other"), agent_environ),
            **given,
        )

    return make


@pytest.fixture
def own_kit() -> str:
    """Parameters by which the agent's own Python, which has releasekit, does the work."""
    return f"kit: '', python: '{sys.executable}'"
