"""Clones of the projects, with their submodules."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path


class NotClonedError(Exception):
    """A repository, its tag or a submodule cannot be fetched."""


def clone(project: Mapping[str, str], root: Path, pattern: str | None) -> None:
    """Clone a project and check its tag out; `pattern` says where repositories lie instead.

    Raises NotClonedError.
    """
    _git(None, "clone", "-q", _locate(project["repository"], pattern), str(root))
    _git(root, "remote", "set-url", "origin", project["repository"])
    _git(root, "-c", "advice.detachedHead=false", "checkout", "-q", project["tag"])
    if not (root / ".gitmodules").exists():
        return
    _git(root, "submodule", "-q", "init")  # addresses such as ../name.git become whole ones
    said = _git(root, "config", "--get-regexp", r"^submodule\..*\.url$")
    for key, _, url in (line.partition(" ") for line in said.splitlines()):
        _git(root, "config", key, _locate(url, pattern))
    _git(root, "-c", "protocol.file.allow=always", "submodule", "-q", "update")


def _locate(url: str, pattern: str | None) -> str:
    owner, name = url.removesuffix(".git").split("/")[-2:]
    return pattern.format(owner=owner, name=name) if pattern else url


def _git(root: Path | None, *arguments: str) -> str:
    command = ("git", *arguments)
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise NotClonedError(f"{' '.join(command)}: {ran.stderr}")
    return ran.stdout
