"""Values that the parts of the double hand to each other."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

WritePolicy = Literal["allow", "allow_once", "deny"]
Kind = Literal["hosted", "proxy", "group"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Blob:
    """Bytes on disk; the file's name is a number, never a name that a client sent."""

    file: Path
    serial: int
    size: int
    md5: str
    sha1: str
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredFile:
    """A file in a hosted repository, or one that a proxy has fetched.

    `path` starts with `packages/`; `modified` is in seconds since the epoch.
    """

    path: str
    project: str
    version: str
    filename: str
    requires_python: str
    media_type: str
    blob: Blob
    modified: float
    etag: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """One line of a project page; `serial` is 0 for links that came from an upstream."""

    path: str
    filename: str
    fragment: str
    requires_python: str
    serial: int = 0
    address: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """An index page as it is served; `modified` is in seconds since the epoch."""

    body: bytes
    modified: float
    etag: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """The one publisher, and whether anybody may read."""

    username: str
    password: str = field(repr=False)
    anonymous: bool


class Refusal(Exception):
    """A request that is answered with the error page; no message means the standard phrase."""

    def __init__(self, status: int, message: str | None = None) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message


def normalize_name(name: str) -> str:
    """Normalize a project name after PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def parse_project(path: str) -> str:
    """Read the project name from the path of its page, in the spelling of the request."""
    return path.split("/")[2]
