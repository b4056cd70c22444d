"""A flat directory of wheels and sdists as an upstream index."""

from __future__ import annotations

import hashlib
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from email.parser import HeaderParser
from pathlib import Path

from .blobs import read_chunks
from .upstream import NotThere, RemoteFile, RemoteIndex, RemoteLink, RemoteRoot
from .values import normalize_name

SDIST_ENDS = (".tar.gz", ".zip")


class DirectoryUpstream:
    """Serves what lies in the directory at the moment it is asked, with sha256 fragments."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def fetch_root(self, known: RemoteRoot | None) -> RemoteRoot:
        """List the normalized names, ascending."""
        names = tuple(sorted({name for name, _ in self._find_dists()}))
        if known is not None and known.names == names:
            return known
        return RemoteRoot(names=names, modified=time.time())

    def fetch_index(self, name: str, known: RemoteIndex | None) -> RemoteIndex:
        """Make the page of a project, asked by its normalized name."""
        files = [file for project, file in self._find_dists() if project == name]
        if not files:
            raise NotThere(name)
        modified = max(file.stat().st_mtime for file in files)
        return RemoteIndex(links=tuple(map(_read_link, files)), modified=modified)

    @contextmanager
    def fetch_file(self, link: RemoteLink) -> Iterator[RemoteFile]:
        """Open a file."""
        file = Path(link.address)
        if not file.is_file():
            raise NotThere(link.filename)
        with file.open("rb") as stream:
            yield RemoteFile(chunks=read_chunks(stream), modified=file.stat().st_mtime)

    def _find_dists(self) -> Iterator[tuple[str, Path]]:
        for file in sorted(self._directory.iterdir()):
            project = parse_dist_project(file.name)
            if project and file.is_file():
                yield project, file


def parse_dist_project(filename: str) -> str:
    """Read the normalized project name from a dist's file name; empty when it is no dist."""
    if filename.endswith(".whl"):
        return normalize_name(filename.partition("-")[0])
    end = next((end for end in SDIST_ENDS if filename.endswith(end)), None)
    return normalize_name(filename.removesuffix(end).rpartition("-")[0]) if end else ""


def _read_link(file: Path) -> RemoteLink:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        for chunk in read_chunks(stream):
            digest.update(chunk)
    return RemoteLink(
        filename=file.name,
        fragment=f"sha256={digest.hexdigest()}",
        requires_python=_read_requires_python(file),
        address=str(file),
    )


def _read_requires_python(file: Path) -> str:
    """Read Requires-Python from a wheel's METADATA; empty for anything that is not a wheel."""
    if not zipfile.is_zipfile(file):
        return ""
    with zipfile.ZipFile(file) as archive:
        metadata = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        text = archive.read(metadata[0]).decode(errors="replace") if metadata else ""
    return HeaderParser().parsestr(text).get("Requires-Python", "")
