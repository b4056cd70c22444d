"""Jenkins' interpreter, agents, and jobs over real git repositories."""

from __future__ import annotations

import ensurepip
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jenkins.harness import Jenkins, Job, run_jenkins
from served_kit import IDENTITY
from support import ProjectDir

PROJECTS = Path(__file__).parents[1] / "projects"

MakeJob = Callable[..., Job]


@pytest.fixture(scope="session")
def jenkins() -> Iterator[Jenkins]:
    """The interpreter, started once."""
    with run_jenkins() as running:
        yield running


def find_index() -> str:
    """Ask the pip that comes with Python for its index; this repository names none."""
    bundled = next((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
    ask = (
        "from pip._internal.commands import create_command as c; "
        "print(c('download').parse_args([])[0].index_url)"
    )
    environ = {**os.environ, "PYTHONPATH": str(bundled)}
    return subprocess.check_output((sys.executable, "-c", ask), env=environ, text=True).strip()


@pytest.fixture(scope="session")
def agent_environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of an agent: this machine's, CA and pip variables included.

    The index is the one of this machine's pip: the group of a Nexus for tests has no build tools.
    """
    return {
        "PIP_INDEX_URL": find_index(),
        **{
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("RELEASEKIT_", "TWINE_", "GIT_", "XDG_", "PYTEST_", "NOX"))
        },
        "HOME": str(tmp_path_factory.mktemp("home")),
        "RELEASEKIT_CACHE_DIR": str(tmp_path_factory.mktemp("cache")),
        "UV_CACHE_DIR": str(tmp_path_factory.mktemp("uv-cache")),
    }


@pytest.fixture
def project(make_project: Callable[..., ProjectDir]) -> ProjectDir:
    """The project of the README, in a git repository whose HEAD is tagged v1.2.3."""
    return make_project("jenkins")


@pytest.fixture
def make_project(tmp_path: Path, agent_environ: dict[str, str]) -> Callable[..., ProjectDir]:
    """Make a git repository of one of tests/projects, whose HEAD is tagged v1.2.3."""

    def make(name: str, *, called: str | None = None) -> ProjectDir:
        root = tmp_path / "project"
        shutil.copytree(PROJECTS / name, root)
        made = ProjectDir(root=root.resolve(), environ={**agent_environ, **IDENTITY})
        if called:
            settings = (root / "pyproject.toml").read_text(encoding="utf-8")
            renamed = re.sub(r'(?m)^name = ".*"', f'name = "{called}"', settings)
            module = next(root.glob("*.py"), root / "setup.py").stem
            flit = f'\n[tool.flit.module]\nname = "{module}"\n' if "flit" in settings else ""
            made.write("pyproject.toml", renamed + flit)
        made.git("init", "-q", "-b", "main")
        made.commit_all("first")
        made.git("tag", "v1.2.3")
        return made

    return make


@pytest.fixture
def make_job(tmp_path: Path, agent_environ: dict[str, str]) -> MakeJob:
    """Make a job that builds the main branch of the project, or a tag of it."""

    def make(jenkinsfile: str, *, tag: str | None = None, **settings: Any) -> Job:
        ref = f"refs/tags/{tag}" if tag else "refs/heads/main"
        branch = {"BRANCH_NAME": tag, "TAG_NAME": tag} if tag else {"BRANCH_NAME": "main"}
        return Job(
            home=tmp_path / "jenkins",
            jenkinsfile=jenkinsfile,
            scm=settings.pop("scm", {"url": str(tmp_path / "project"), "ref": ref}),
            environ={**branch, **settings.pop("environ", {})},
            agents={
                **dict.fromkeys(("", "linux", "other"), agent_environ),
                **settings.pop("agents", {}),
            },
            **settings,
        )

    return make


@pytest.fixture
def own_kit() -> str:
    """Parameters by which the agent's own Python, which has releasekit, does the work."""
    return f"kit: '', python: '{sys.executable}'"
