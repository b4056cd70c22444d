"""Sdists and wheels on disk: their digests, and the metadata in them."""

from __future__ import annotations

import functools
import hashlib
import lzma
import tarfile
import zipfile
import zlib
from email.message import Message
from email.parser import Parser
from pathlib import Path

from releasekit.model.dists import Dist, DistKind, parse_filename

BLOCK = 1 << 20
METADATA_LIMIT = 10 << 20
"""Bytes of core metadata that are read; the largest real ones are some hundred kB."""

UNREADABLE = (
    *(OSError, EOFError, zipfile.BadZipFile, tarfile.TarError, zlib.error),
    lzma.LZMAError,
    RuntimeError,  # zipfile: encrypted; NotImplementedError: an unknown compression
)
"""What reading a damaged archive raises."""


def read_dist(path: Path) -> Dist:
    """Read a dist's name, size and digests, in one pass over its bytes.

    A file that this process has read is not read again while the file system says that nobody
    wrote to it; what is uploaded is hashed once more on its way. Raises NotADistError.
    """
    named, found = parse_filename(path.name), path.stat()
    state = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    size, sha256, md5 = _read_digests(path, state)
    return Dist(path=path, named=named, size=size, sha256=sha256, md5=md5)


@functools.lru_cache(maxsize=1024)
def _read_digests(path: Path, state: tuple[int, ...]) -> tuple[int, str, str]:  # noqa: ARG001
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            sha256.update(block)
            md5.update(block)
            size += len(block)
    return size, sha256.hexdigest(), md5.hexdigest()


def read_metadata(dist: Dist) -> bytes | None:
    """Return the core metadata of a dist: METADATA of a wheel, PKG-INFO of an sdist.

    None where it has none or where the archive cannot be read.
    """
    try:
        if dist.named.kind is DistKind.WHEEL:
            return _read_wheel_file(dist.path, "METADATA")
        return _read_sdist_metadata(dist.path)
    except UNREADABLE:
        return None


def read_wheel_headers(path: Path) -> Message:
    """Return what a wheel's file WHEEL says, if it has one; raises one of UNREADABLE."""
    content = _read_wheel_file(path, "WHEEL") or b""
    return Parser().parsestr(content.decode(errors="replace"))


def _read_wheel_file(path: Path, wanted: str) -> bytes | None:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            folder, _, file = name.partition("/")
            if file == wanted and folder.endswith(".dist-info"):
                with archive.open(name) as member:
                    return member.read(METADATA_LIMIT)
    return None


def _read_sdist_metadata(path: Path) -> bytes | None:
    # PEP 643 and the sdist specification: one PKG-INFO, in the top directory.
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if _is_top_pkg_info(name):
                    with archive.open(name) as member:
                        return member.read(METADATA_LIMIT)
        return None
    with tarfile.open(path) as archive:
        for entry in archive:
            if _is_top_pkg_info(entry.name) and (file := archive.extractfile(entry)):
                return file.read(METADATA_LIMIT)
    return None


def _is_top_pkg_info(name: str) -> bool:
    return name.count("/") == 1 and name.endswith("/PKG-INFO")
