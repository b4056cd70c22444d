"""Sdists and wheels: files with a name, a version and digests, and what git puts into them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.tags import Tag
from packaging.utils import (
    NormalizedName,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

if TYPE_CHECKING:
    from packaging.metadata import RawMetadata

# Bytes: "Pointer files must be less than 1024 bytes" (git-lfs, spec.md).
POINTER_LIMIT = 1024


class DistKind(Enum):
    """The two kinds of dist."""

    SDIST = "sdist"
    WHEEL = "wheel"


class NotADistError(ValueError):
    """A file name that neither the sdist nor the wheel specification allows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DistName:
    """What the file name of a dist says; only wheels have compatibility tags."""

    kind: DistKind
    name: NormalizedName
    version: Version
    tags: frozenset[Tag] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Dist:
    """A dist as bytes on disk; index pages of Nexus before 3.41 have nothing but its MD5."""

    path: Path
    named: DistName
    size: int
    sha256: str
    md5: str

    @property
    def filename(self) -> str:
        return self.path.name


def parse_filename(filename: str) -> DistName:
    """Return what a dist's file name says; raises NotADistError for any other file name."""
    try:
        if filename.endswith(".whl"):
            name, version, _, tags = parse_wheel_filename(filename)
            return DistName(kind=DistKind.WHEEL, name=name, version=version, tags=tags)
        name, version = parse_sdist_filename(filename)
        return DistName(kind=DistKind.SDIST, name=name, version=version)
    except ValueError as error:  # too many digits, too (sys.get_int_max_str_digits)
        raise NotADistError(str(error)) from error


def parse_metadata(text: bytes) -> tuple[RawMetadata, tuple[str, ...]]:
    """Return core metadata and what the specification says against it.

    As twine 7 reads it: License-File before metadata 2.4, which setuptools writes, is let pass.
    """
    header = re.split(rb"\r?\n\r?\n", text, maxsplit=1)[0]
    if len(set(re.findall(rb"(?m)^([!-9;-~]+):", header))) > 1000:
        return {}, ("more than 1000 different fields",)  # the parser's time grows by their square
    from packaging.errors import ExceptionGroup
    from packaging.metadata import Metadata, parse_email

    metadata, unknown = parse_email(text)
    if metadata.get("metadata_version") in ("1.0", "1.1", "1.2", "2.0", "2.1", "2.2", "2.3"):
        metadata.pop("license_files", None)
        unknown.pop("license-file", None)
    problems = [f"unknown or malformed field {name}" for name in unknown]
    try:
        Metadata.from_raw(metadata)
    except ExceptionGroup as group:
        problems += [str(error) for error in group.exceptions]
    except ValueError as error:  # a version of more than 4,300 digits
        problems.append(str(error))
    return metadata, tuple(sorted(problems))


def find_pointed(content: bytes) -> str | None:
    """Return the SHA-256 that a pointer of Git LFS names; None for other content."""
    # hawser was the name of Git LFS before.
    pointer = (
        rb"version https://(?:git-lfs|hawser)\.github\.com/spec/v1\r?\n(?:[a-z0-9.-]+ .*\n)*?"
        rb"oid sha256:([0-9a-f]{64})\r?\nsize \d+\r?\n(?:[a-z0-9.-]+ .*\n)*"
    )
    match = re.fullmatch(pointer, content) if len(content) < POINTER_LIMIT else None
    return match[1].decode() if match else None


def find_stand_in(content: bytes) -> str:
    """Return "pointer" or "encrypted" for the beginning of a file, "" for the file itself."""
    if content.startswith(b"\0GITCRYPT\0"):  # git-crypt (its commands.cpp)
        return "encrypted"
    return "pointer" if find_pointed(content) else ""
