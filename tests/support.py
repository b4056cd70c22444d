"""What end-to-end tests share."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uv

from nexus_double import LoggedRequest, Sandbox
from releasekit.git import read_commit
from releasekit.model.project import Commit

PROJECTS = Path(__file__).parent / "projects"
PYTHON = f"Python {sys.version_info[0]}.{sys.version_info[1]}"
"""As releasekit names the Python that runs."""
WHEEL, SDIST = "plain-1.2.3-py3-none-any.whl", "plain-1.2.3.tar.gz"


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectDir:
    """A project in a git repository of its own."""

    root: Path
    environ: Mapping[str, str]

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ("git", *arguments),
            cwd=self.root,
            env=self.environ,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    @property
    def commit(self) -> str:
        """The abbreviated commit, as messages show it."""
        return self.git("rev-parse", "HEAD")[:10]

    def write(self, path: str, text: str) -> None:
        (self.root / path).write_text(text, encoding="utf-8")

    def commit_all(self, message: str = "change") -> None:
        self.git("add", "-A")
        self.git("commit", "-qm", message)


def copy_project(
    name: str, root: Path, environ: Mapping[str, str], *, tag: str | None = "v1.2.3"
) -> ProjectDir:
    """Make a git repository from one of tests/projects, with a first commit and a tag."""
    shutil.copytree(PROJECTS / name, root)
    project = ProjectDir(root=root.resolve(), environ=environ)
    project.git("init", "-q", "-b", "main")
    project.commit_all("first")
    if tag:
        project.git("tag", tag)
    return project


def commit_of(repository: ProjectDir) -> Commit:
    """What is checked out, as the kit reads it."""
    return read_commit(repository.root, repository.environ)


def content_of(tree: Path) -> dict[str, bytes]:
    """All files in a checkout but git's own."""
    files = (path for path in tree.rglob("*") if path.is_file() and ".git" not in path.parts)
    files = (path for path in files if path.name != ".git")
    return {str(path.relative_to(tree)): path.read_bytes() for path in files}


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """A finished run of the command."""

    status: int
    out: str
    err: str


Command = Callable[..., Ran]
MakeProject = Callable[..., ProjectDir]


def published(sandbox: Sandbox) -> set[str]:
    """The names of the files in the hosted repository."""
    return {file.filename for file in sandbox.state.find_files(sandbox.hosted)}


def uploads(sandbox: Sandbox) -> int:
    """How many POSTs were answered."""
    return sum(request.method == "POST" for request in sandbox.state.requests_log)


def requests(sandbox: Sandbox) -> tuple[LoggedRequest, ...]:
    """All requests that were answered so far."""
    return sandbox.state.requests_log


def wait_for(what: Callable[[], object], seconds: float = 30) -> None:
    """Wait until something is so; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@functools.cache
def public_index() -> dict[str, str]:
    """What tells uv to use its own default index: else build requirements come from the group.

    The servers of most tests have nothing upstream. Its address is what uv's help says.
    """
    names = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
    if any(os.environ.get(name) for name in names):
        return {}
    plain = {**os.environ, "COLUMNS": "1000", "NO_COLOR": "1"}  # its words on one line, unadorned
    command = (uv.find_uv_bin(), "help", "pip", "install")
    said = subprocess.check_output(command, env=plain, text=True)
    found = re.search(r"\(by default: <(https://[^>]+)>\)", said)
    assert found
    return {"UV_DEFAULT_INDEX": found[1]}


def start(project: ProjectDir, **variables: str) -> subprocess.Popen[str]:
    """Start a release in the background."""
    return subprocess.Popen(
        (sys.executable, "-m", "releasekit", "release"),
        cwd=project.root,
        env={**project.environ, **public_index(), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def outcome(project: ProjectDir) -> dict[str, Any]:
    """The outcome that the last run reported."""
    text = (project.root / "reports" / "outcome.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def without_times(text: str) -> str:
    """Output without what differs from run to run."""
    text = re.sub(r" +\d+\.\d s$", "", text, flags=re.MULTILINE)
    return re.sub(r"\(\d+(\.\d)? k?B\)", "(SIZE)", text)
