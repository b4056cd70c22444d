"""The kit as a company serves it to itself: released from its own repository into the group."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import uv

from doors import REPOSITORY, read_parameters
from releasekit.servers.local_nexus import Nexus
from support import ProjectDir, public_index

VERSION = read_parameters()["kit"].strip("'")
"""The release that the templates belong to."""
IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Author"), ("EMAIL", "author@example.com"))
}


def clone_kit(folder: Path) -> ProjectDir:
    """Clone this repository, at its release."""
    environ = {**os.environ, **IDENTITY}
    subprocess.run(("git", "clone", "-q", REPOSITORY, folder), env=environ, check=True)
    kit = ProjectDir(root=folder, environ=environ)
    kit.git("tag", "-f", f"v{VERSION}")
    return kit


def release_kit(kit: ProjectDir, nexus: Nexus) -> None:
    """Run `nox -s release` in the clone."""
    done = subprocess.run(
        (sys.executable, "-m", "nox", "-s", "release"),
        cwd=kit.root,
        env={**kit.environ, **public_index(), **nexus.environ(), "RELEASEKIT_TAG": f"v{VERSION}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert f"releasekit=={VERSION} installed by hash from {nexus.upload_url(nexus.group)}" in (
        done.stdout
    )


def install_requirements(folder: Path) -> Mapping[str, str]:
    """Install what the kit requires, and tell machines that they have it, as an image would.

    pip installs the kit alone then: quick, and from nowhere but the index that it is told.
    """
    python = shutil.which("python3")
    assert python
    target = ("--python", python, "--target", folder, "-r", REPOSITORY / "pyproject.toml")
    install = (uv.find_uv_bin(), "pip", "install", "-q", *target)
    pips = os.environ.get("PIP_INDEX_URL")  # which uv does not read
    index = {"UV_DEFAULT_INDEX": pips} if pips else public_index()
    subprocess.run(install, env={**index, **os.environ}, check=True)
    return {"PYTHONPATH": str(folder)}
