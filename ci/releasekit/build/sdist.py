"""Sdists as archives: written again so that equal content is equal bytes, and unpacked."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path


def repack_sdist(made: Path, sdist: Path, epoch: int) -> None:
    """Write an sdist again so that its bytes follow from its content alone.

    Members sorted, one time, no owner, modes 755 or 644: what setuptools and pdm-backend leave to
    the machine. Raises TarError, EOFError or zlib.error for an archive that cannot be read.
    """
    with (
        tarfile.open(made) as archive,
        sdist.open("wb") as file,
        gzip.GzipFile("", "wb", fileobj=file, mtime=epoch) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as repacked,
    ):
        for entry in sorted(archive.getmembers(), key=lambda entry: entry.name):
            content = archive.extractfile(entry) if entry.isreg() else None
            repacked.addfile(_normalize(entry, epoch), content)


def _normalize(entry: tarfile.TarInfo, epoch: int) -> tarfile.TarInfo:
    plain = entry.replace(
        mtime=epoch,
        mode=0o755 if entry.isdir() or entry.mode & 0o100 else 0o644,
        uid=0,
        gid=0,
        uname="",
        gname="",
        deep=False,
    )
    # setuptools leaves fractions of a second in these; tarfile writes anew what names need.
    plain.pax_headers = {}
    return plain


def unpack_sdist(sdist: Path, folder: Path) -> Path:
    """Unpack an sdist and return its top directory (PEP 625: one, named like the file)."""
    folder.mkdir()
    with tarfile.open(sdist) as archive:
        # The data filter refuses members that would land outside (PEP 706).
        archive.extractall(folder, filter="data")
    tops = [path for path in sorted(folder.iterdir()) if path.is_dir()]
    if not tops:
        raise tarfile.ReadError("it holds no directory")
    return tops[0]
