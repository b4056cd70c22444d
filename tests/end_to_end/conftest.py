"""Tiny real projects, a running sandbox, and the real command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import uv
from filelock import FileLock

from nexus_double import Sandbox, run_sandbox
from pythons import find_other_python
from releasekit_nexus import Nexus
from support import ProjectDir, Ran, copy_project, public_index
from unit.conftest import Answer, Server, run_server

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def user_environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The machine's environment, CA and pip variables included, with an empty HOME.

    Build environments are cached for the run: what is tested is the release, not the download.
    """
    home = tmp_path_factory.mktemp("home")
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("RELEASEKIT_", "TWINE_", "GIT_", "XDG_"))
    }
    return {
        **ours,
        "HOME": str(home),
        "RELEASEKIT_CACHE_DIR": str(tmp_path_factory.mktemp("cache")),
        "UV_CACHE_DIR": str(tmp_path_factory.mktemp("uv-cache")),
        "GIT_AUTHOR_NAME": "Author",
        "GIT_AUTHOR_EMAIL": "author@example.com",
        "GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z",
        "GIT_COMMITTER_NAME": "Author",
        "GIT_COMMITTER_EMAIL": "author@example.com",
        "GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z",
        "PYTHONDEVMODE": "",
    }


@pytest.fixture
def make_project(tmp_path: Path, user_environ: dict[str, str]) -> Callable[..., ProjectDir]:
    """Make a git repository from one of tests/projects, with a first commit and a tag."""

    def make(name: str = "plain", *, tag: str | None = "v1.2.3") -> ProjectDir:
        return copy_project(name, tmp_path / name, user_environ, tag=tag)

    return make


@pytest.fixture
def project(make_project: Callable[..., ProjectDir]) -> ProjectDir:
    """A project that builds quickly, whose HEAD is tagged v1.2.3."""
    return make_project()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox that outlives the command, as a Nexus does."""
    with run_sandbox() as running:
        yield running


@pytest.fixture(scope="session")
def releasekit(user_environ: dict[str, str]) -> Callable[..., Ran]:
    """Run the real command in a process of its own."""

    def run(
        *arguments: str,
        project: ProjectDir,
        server: Sandbox | Nexus | None = None,
        **variables: str,
    ) -> Ran:
        builds = arguments[0] in ("release", "build", "check")
        environ = {
            **user_environ,
            **(public_index() if builds else {}),
            **(server.environ() if server else {}),
            **variables,
        }
        done = subprocess.run(
            (sys.executable, "-m", "releasekit", *arguments),
            cwd=project.root,
            env=environ,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Ran(status=done.returncode, out=done.stdout, err=done.stderr)

    return run


@pytest.fixture
def compiler(tmp_path: Path, user_environ: dict[str, str]) -> dict[str, str]:
    """Variables by which builds find a C compiler; zig, as a wheel, where the machine has none."""
    if shutil.which("cc"):
        return {}
    environment = tmp_path / "zig"
    for command in (
        ("venv", str(environment)),
        ("pip", "install", "-q", "--python", str(environment / "bin" / "python"), "ziglang"),
    ):
        subprocess.run(("uv", *command), check=True, env=user_environ)
    cc = tmp_path / "cc"
    cc.write_text(f'#!/bin/sh\nexec "{environment}/bin/python" -m ziglang cc "$@"\n')
    cc.chmod(0o755)
    return {"CC": str(cc), "LDSHARED": f"{cc} -shared"}


@pytest.fixture(scope="session")
def other_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has the kit: of another minor version, where this machine has one.

    All processes of a run share it.
    """
    folder = tmp_path_factory.getbasetemp()
    shared = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    environment = shared / "other-python"
    python = environment / "bin" / "python"
    install = ("pip", "install", "--quiet", "--python", str(python), "--editable", str(REPOSITORY))
    with FileLock(f"{environment}.lock"):
        if not environment.exists():
            venv = ("venv", "--quiet", "--no-project", "--python", find_other_python())
            for command in ((*venv, str(environment)), install):
                subprocess.run((uv.find_uv_bin(), *command), check=True, cwd=shared)
    return python


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], Server]]:
    """Start servers, each of which gives one answer to all that it is asked."""
    with ExitStack() as stack:

        def start(answer: Answer) -> Server:
            server = stack.enter_context(run_server(None))
            server.answers = [answer]
            return server

        yield start
