"""What a proxy repository asks: a directory of dists or the address of an index."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class NotThere(Exception):
    """The upstream does not have it, or says so."""


class Failed(Exception):
    """The upstream answered with a failure of its own."""


class Unreachable(Exception):
    """No answer came from the upstream."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoteLink:
    """One link of an upstream's project page; `address` is what fetches the file."""

    filename: str
    fragment: str
    requires_python: str
    address: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoteIndex:
    """An upstream's project page; `modified` is in seconds since the epoch."""

    links: tuple[RemoteLink, ...]
    modified: float
    etag: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoteRoot:
    """An upstream's list of projects, in its order; `modified` is in seconds since the epoch."""

    names: tuple[str, ...] = ()
    modified: float = 0.0
    etag: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoteFile:
    """A file on its way from an upstream."""

    chunks: Iterable[bytes]
    modified: float
    etag: str | None = None


class Upstream(Protocol):
    """Raises NotThere, Failed or Unreachable."""

    def fetch_root(self, known: RemoteRoot | None) -> RemoteRoot:
        """Fetch the list of projects; the known one is given back when it is still right."""

    def fetch_index(self, name: str, known: RemoteIndex | None) -> RemoteIndex:
        """Fetch a project page; the known one is given back when it is still right."""

    def fetch_file(self, link: RemoteLink) -> AbstractContextManager[RemoteFile]:
        """Fetch a file."""


class NoUpstream:
    """Nothing: every project is unknown."""

    def fetch_root(self, known: RemoteRoot | None) -> RemoteRoot:
        """List no names."""
        return known or RemoteRoot(modified=time.time())

    def fetch_index(self, name: str, known: RemoteIndex | None) -> RemoteIndex:
        """Know no project."""
        raise NotThere(name, known)

    def fetch_file(self, link: RemoteLink) -> AbstractContextManager[RemoteFile]:
        """Have no file."""
        raise NotThere(link)


def find_upstream(remote: str | Path | None, *, ca: Path | None, timeout: float) -> Upstream:
    """Choose the upstream for the `remote` argument of a sandbox."""
    if remote is None:
        return NoUpstream()
    if isinstance(remote, str) and remote.startswith(("http://", "https://")):
        from .http_upstream import HttpUpstream

        return HttpUpstream(url=remote, ca=ca, timeout=timeout)
    from .directory_upstream import DirectoryUpstream

    return DirectoryUpstream(Path(remote))
