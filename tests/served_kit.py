"""The kit as a company serves it to itself: released from its own repository into the group."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from doors import REPOSITORY, read_parameters
from releasekit_nexus import Nexus
from support import ProjectDir, public_index

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

VERSION = read_parameters()["kit"].strip("'")
"""The release that the templates belong to."""
SETTINGS = {
    "RELEASEKIT_TAG": f"v{VERSION}",
    "RELEASEKIT_SEVERITY": "RK119=warning: the proxy of this Nexus has no remote",
}
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
    """Run the command that docs/serve-the-kit.md has for this, in the clone."""
    text = (REPOSITORY / "docs" / "serve-the-kit.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"<!-- serve -->\n```sh\n(.*?)\n```", text, re.DOTALL)
    done = subprocess.run(
        ("sh", "-c", command),
        cwd=kit.root,
        env={**kit.environ, **public_index(), **nexus.environ(), **SETTINGS},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    group = nexus.upload_url(nexus.group)
    assert f"releasekit=={VERSION} downloaded by hash from {group}" in done.stdout


def fetch_requirements(folder: Path) -> Path:
    """Return where all is that the kit requires, as a mirror would have it; it is fetched once.

    pip takes the kit alone from the index that it is told. The release jobs' Python is isolated
    (-I), so that it looks into no directory that PYTHONPATH names.
    """
    wheels = folder / "wheels"
    if wheels.exists():
        return wheels
    python = shutil.which("python3")
    assert python
    environment = folder / "environment"
    subprocess.run((python, "-I", "-m", "venv", environment), check=True)
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pip = (environment / "bin" / "python", "-I", "-m", "pip", "-q", "--disable-pip-version-check")
    needs = (*project["dependencies"], "setuptools-scm>=9.2", "setuptools>=80")
    fetched = folder / "fetched"
    subprocess.run((*pip, "download", "-d", fetched, *needs), check=True)
    return fetched.rename(wheels)
