"""The files of a lock: which wheel of a dependency is installed, and its bytes."""

from __future__ import annotations

import contextlib
import hmac
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from packaging.version import Version

from releasekit.archives import read_dist
from releasekit.errors import ReleasekitError
from releasekit.errors.failed import UNEXPECTED_ANSWER
from releasekit.http.client import Client
from releasekit.index.pages import refusal
from releasekit.model.dists import Dist, NotADistError
from releasekit.redact import hide_credentials
from releasekit.uv.sources import Source

if TYPE_CHECKING:  # most projects that are small have no dependencies: their import takes 0.03 s
    from packaging.pylock import PackageWheel

LARGEST = 8 << 30
"""Bytes of the largest wheel whose size no page tells."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dependency:
    """A dependency, and the wheel of it that is installed."""

    name: str
    version: str
    filename: str
    sha256: str
    url: str = ""
    """Where the index serves it; "" for one that was built here, or lies on this machine."""


def find_local(wheel: PackageWheel) -> str:
    """Return the path of a wheel on this machine, as find-links has them; "" for an address."""
    if wheel.path:
        return wheel.path
    parts = urlsplit(wheel.url or "")
    return unquote(parts.path) if parts.scheme == "file" else ""


class Store:
    """Dists of dependencies, kept by their digests: none is downloaded twice."""

    def __init__(self, folder: Path, client: Client, source: Source) -> None:
        self._folder = folder
        self._client = client
        self._source = source

    def fetch(self, wheel: PackageWheel, into: Path) -> Dist:
        """Put a wheel into a directory, and return it; raises what `get` raises."""
        target = into / wheel.filename
        if local := find_local(wheel):
            shutil.copyfile(local, target)
            return read_dist(target)
        return self.get(str(wheel.url), target, wheel.hashes, size=wheel.size)

    def get(
        self, url: str, target: Path, hashes: Mapping[str, str], *, size: int | None = None
    ) -> Dist:
        """Put a dist there, from the store or from the index, and return it.

        Raises UNEXPECTED_ANSWER for other bytes than the index announces, and what a download and
        `pages.refusal` raise.
        """
        kept = self._find(target.name, hashes)
        if kept and (dist := _read(kept)) and _has_digests(dist, hashes):
            shutil.copyfile(kept, target)
            return replace(dist, path=target)
        shown, login = hide_credentials(url), self._source.find_login(url)
        limit = size or LARGEST
        found = self._client.download(shown, credentials=login, path=target, limit=limit)
        if error := refusal(found.answer, login, url=shown, action="download"):
            raise error
        dist = _read(target) if found.sha256 else None
        if dist is None or not _has_digests(dist, hashes):
            said = "it sent other bytes than its page announces"
            raise ReleasekitError(UNEXPECTED_ANSWER, url=shown, answer=said)
        if kept:
            _keep(target, kept)
        return dist

    def _find(self, filename: str, hashes: Mapping[str, str]) -> Path | None:
        """Return where a dist is kept, by its best digest; None if the index tells none."""
        for algorithm in ("sha256", "md5"):
            if digest := hashes.get(algorithm):
                return self._folder / f"{algorithm}-{digest}" / filename
        return None


def _read(path: Path) -> Dist | None:
    with contextlib.suppress(OSError, NotADistError):
        return read_dist(path)
    return None


def _has_digests(dist: Dist, hashes: Mapping[str, str]) -> bool:
    ours = {"sha256": dist.sha256, "md5": dist.md5}
    return all(
        hmac.compare_digest(ours[name], digest) for name, digest in hashes.items() if name in ours
    )


def _keep(path: Path, kept: Path) -> None:
    """Keep a copy; two runs may do so at once. A cache that cannot be written keeps nothing."""
    with contextlib.suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        half = kept.with_name(f"{kept.name}.{os.getpid()}")
        shutil.copyfile(path, half)
        half.replace(kept)


def render_lock(dependencies: Sequence[Dependency], python: str) -> str:
    """Return the lock (PEP 751) of a release's dependencies for one Python, as TOML.

    The release itself is not in it. What was built here has no address.
    """
    import tomlkit
    from packaging.pylock import Package, Pylock

    packages = [
        Package(
            name=dependency.name,  # type: ignore[arg-type] # normalized by uv
            version=Version(dependency.version),
            wheels=[_lock_wheel(dependency)],
        )
        for dependency in dependencies
        if dependency.url
    ]
    lock = Pylock(
        lock_version=Version("1.0"),
        created_by="releasekit",
        packages=packages,
        tool={"releasekit": {"python": python}},
    )
    lock.validate()
    return tomlkit.dumps(lock.to_dict())


def _lock_wheel(dependency: Dependency) -> PackageWheel:
    from packaging.pylock import PackageWheel

    name = unquote(urlsplit(dependency.url).path.rpartition("/")[2])
    return PackageWheel(
        name=None if name == dependency.filename else dependency.filename,
        url=hide_credentials(dependency.url),
        hashes={"sha256": dependency.sha256},
    )
