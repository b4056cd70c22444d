"""Dists: sdists and wheels as files with a name, a version and digests."""

from __future__ import annotations

import functools
import hashlib
import re
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.tags import Tag
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    NormalizedName,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

if TYPE_CHECKING:
    from packaging.metadata import RawMetadata

BLOCK = 1 << 20
METADATA_LIMIT = 10 << 20
"""Bytes of core metadata that are read; the largest real ones are some hundred kB."""
FIELD = re.compile(rb"^([!-9;-~]+):", re.MULTILINE)
HEADER_END = re.compile(rb"\r?\n\r?\n")
FIELDS_LIMIT = 1000
"""Different names at the beginning of lines; the parser's time grows by their square."""

UNREADABLE = (
    *(OSError, EOFError, zipfile.BadZipFile, tarfile.TarError, zlib.error),
    RuntimeError,  # zipfile: encrypted; NotImplementedError: an unknown compression
)
"""What reading a damaged archive raises."""

BEFORE_LICENSE_FILE = ("1.0", "1.1", "1.2", "2.0", "2.1", "2.2", "2.3")


class DistKind(Enum):
    """The two kinds of dist."""

    SDIST = "sdist"
    WHEEL = "wheel"


class NotADistError(ValueError):
    """A file name that neither the sdist nor the wheel specification allows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DistName:
    """What the file name of a dist says."""

    kind: DistKind
    name: NormalizedName
    version: Version
    tags: frozenset[Tag] = frozenset()
    """Compatibility tags of a wheel."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dist:
    """A dist as bytes on disk."""

    path: Path
    named: DistName
    size: int
    sha256: str
    md5: str
    """Only compared with the index pages of Nexus before 3.41, which carry nothing else."""

    @property
    def filename(self) -> str:
        """Return the file name, as an index lists it."""
        return self.path.name


def parse_filename(filename: str) -> DistName:
    """Return what a dist's file name says.

    Raises NotADistError for any other file name.
    """
    try:
        if filename.endswith(".whl"):
            name, version, _, tags = parse_wheel_filename(filename)
            return DistName(kind=DistKind.WHEEL, name=name, version=version, tags=tags)
        name, version = parse_sdist_filename(filename)
        return DistName(kind=DistKind.SDIST, name=name, version=version)
    except (InvalidWheelFilename, InvalidSdistFilename) as error:
        raise NotADistError(str(error)) from error


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
            return _read_wheel_metadata(dist.path)
        return _read_sdist_metadata(dist.path)
    except UNREADABLE:
        return None


def _read_wheel_metadata(path: Path) -> bytes | None:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            folder, _, file = name.partition("/")
            if file == "METADATA" and folder.endswith(".dist-info"):
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


def parse_metadata(text: bytes) -> tuple[RawMetadata, tuple[str, ...]]:
    """Return core metadata and what the specification says against it.

    As twine 7 reads it: License-File before metadata 2.4, which setuptools writes, is let pass.
    """
    header = HEADER_END.split(text, maxsplit=1)[0]
    if len(set(FIELD.findall(header))) > FIELDS_LIMIT:
        return {}, (f"more than {FIELDS_LIMIT} different fields",)
    from packaging.errors import ExceptionGroup
    from packaging.metadata import Metadata, parse_email

    metadata, unknown = parse_email(text)
    if metadata.get("metadata_version") in BEFORE_LICENSE_FILE:
        metadata.pop("license_files", None)
        unknown.pop("license-file", None)
    problems = [f"unknown or malformed field {name}" for name in unknown]
    try:
        Metadata.from_raw(metadata)
    except ExceptionGroup as group:
        problems += [str(error) for error in group.exceptions]
    return metadata, tuple(sorted(problems))
