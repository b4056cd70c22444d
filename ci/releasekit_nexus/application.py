"""The application: unpacked once, with a directory of its own for each instance."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

from .archive import VERSION

NAME = f"nexus-base-template-{VERSION}"
SHARED = ("lib", "public", "system")
OWN = ("bin", "deploy", "etc")


def unpack(archive: Path, directory: Path) -> None:
    """Unpack the archive; its data directory is left out, for every instance gets one."""
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(
            directory, members=[name for name in opened.namelist() if name.startswith(NAME)]
        )
    # zipfile drops the modes; only the start script needs one.
    (directory / NAME / "bin" / "nexus").chmod(0o755)


def make_instance(unpacked: Path, directory: Path) -> None:
    """Make the application directory of one instance.

    Karaf writes into etc/; two instances that share it hang for ever
    (docs/nexus-behaviour.md#one-application-directory-per-instance). Symbolic links serve for the
    rest, also where cache and instance are on different file systems.
    """
    directory.mkdir()
    for name in SHARED:
        (directory / name).symlink_to(unpacked / NAME / name, target_is_directory=True)
    for name in OWN:
        shutil.copytree(unpacked / NAME / name, directory / name)
