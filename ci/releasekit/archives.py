"""Sdists and wheels on disk: their digests, and the metadata in them."""

import functools
import hashlib
import lzma
import re
import tarfile
import zipfile
import zlib
from email.message import Message
from email.parser import Parser
from pathlib import Path

from releasekit.model.dists import Dist, DistKind, parse_filename

BLOCK = 1 << 20
# What reading a damaged archive raises.
UNREADABLE = (
    *(OSError, EOFError, zipfile.BadZipFile, tarfile.TarError, zlib.error),
    lzma.LZMAError,
    RuntimeError,  # zipfile: encrypted; NotImplementedError: an unknown compression
)


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
    # PEP 643 and the sdist specification: one PKG-INFO, in the top directory.
    is_wheel = dist.named.kind is DistKind.WHEEL
    try:
        return _read_member(dist.path, ".dist-info/METADATA" if is_wheel else "/PKG-INFO")
    except UNREADABLE:
        return None


def read_wheel_headers(path: Path) -> Message:
    """Return what a wheel's file WHEEL says, if it has one; raises one of UNREADABLE."""
    content = _read_member(path, ".dist-info/WHEEL") or b""
    return Parser().parsestr(content.decode(errors="replace"))


def _read_member(path: Path, end: str) -> bytes | None:
    """Return the file with a name that ends so, in a directory at the top; None if there is none.

    10 MiB of it at most: the largest real metadata are some hundred kB.
    """
    wanted, limit = re.compile(f"[^/]*{re.escape(end)}"), 10 << 20
    if path.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(path) as archive:
            for name in filter(wanted.fullmatch, archive.namelist()):
                with archive.open(name) as member:
                    return member.read(limit)
        return None
    with tarfile.open(path) as sdist:
        for entry in sdist:
            if wanted.fullmatch(entry.name) and (file := sdist.extractfile(entry)):
                return file.read(limit)
    return None
