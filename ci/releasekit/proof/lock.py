"""The files of a lock: their bytes, their install without a network, and the lock itself."""

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

from packaging.utils import canonicalize_name
from packaging.version import Version

from releasekit.archives import read_dist
from releasekit.errors import ReleasekitError, failed
from releasekit.errors.limits import refuse_limit
from releasekit.http.client import Client
from releasekit.index.pages import refusal
from releasekit.model.dists import Dist, NotADistError
from releasekit.process import Log
from releasekit.proof.environment import CleanEnvironment, read_installed
from releasekit.redact import hide_credentials
from releasekit.uv.call import Source
from releasekit.uv.program import run_uv

if TYPE_CHECKING:  # most projects that are small have no dependencies: their import takes 0.03 s
    from packaging.pylock import PackageWheel

# How uv 0.13 says that a wheel is broken: its archive, its metadata, its name or its version.
WHEEL_FAULTS = (
    "The wheel is invalid",
    "does not match filename",
    "Invalid package version",
    "Invalid zip file structure",
    "Archive contains",
    "Bad CRC",
    "Bad uncompressed size",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Dependency:
    """A dependency, and the wheel of it that is installed.

    `url` is where the index serves the wheel; "" for one that was built here, or lies on this
    machine.
    """

    name: str
    version: str
    filename: str
    sha256: str
    url: str = ""


def find_local(wheel: PackageWheel) -> str:
    """Return the path of a wheel on this machine, as find-links has them; "" for an address."""
    parts = urlsplit(wheel.url or "")
    return wheel.path or (unquote(parts.path) if parts.scheme == "file" else "")


@dataclass(frozen=True, slots=True)
class Store:
    """Dists of dependencies, kept by their digests in a folder: none is downloaded twice."""

    folder: Path
    client: Client
    source: Source

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
        best = next((name for name in ("sha256", "md5") if hashes.get(name)), None)
        kept = self.folder / f"{best}-{hashes[best]}" / target.name if best else None
        if kept and (dist := _read_if_announced(kept, hashes)):
            shutil.copyfile(kept, target)
            return replace(dist, path=target)
        shown, login = hide_credentials(url), self.source.find_login(url)
        found = self.client.download(
            shown,
            credentials=login,
            path=target,
            limit=size or 8 << 30,  # bytes, where no page tells the size
        )
        if error := refusal(found, login, url=shown, action="download"):
            raise error
        dist = _read_if_announced(target, hashes) if found.sha256 else None
        if dist is None:
            raise ReleasekitError(
                failed.UNEXPECTED_ANSWER,
                url=shown,
                answer="it sent other bytes than its page announces",
            )
        if kept:
            with contextlib.suppress(OSError):  # a cache that cannot be written keeps nothing
                kept.parent.mkdir(parents=True, exist_ok=True)
                half = kept.with_name(f"{kept.name}.{os.getpid()}")  # two runs may do so at once
                shutil.copyfile(target, half)
                half.replace(kept)
        return dist


def _read_if_announced(path: Path, hashes: Mapping[str, str]) -> Dist | None:
    with contextlib.suppress(OSError, NotADistError):
        dist = read_dist(path)
        ours = {"sha256": dist.sha256, "md5": dist.md5}
        known = ours.keys() & hashes.keys()
        if all(hmac.compare_digest(ours[name], hashes[name]) for name in known):
            return dist
    return None


def install_offline(
    environment: CleanEnvironment,
    own: Dist,
    dependencies: Sequence[Dependency],
    folder: Path,
    *,
    log: Log,
) -> str:
    """Install a wheel and its dependencies from a directory; return why its wheel is broken, or "".

    uv has no network, no password and no certificate here. Raises INSTALL_NOT_TESTED, also for a
    dependency whose wheel is broken, and LIMIT_REACHED.
    """
    pins: list[tuple[str, str, str]] = [(own.named.name, str(own.named.version), own.sha256)]
    pins += [(one.name, one.version, one.sha256) for one in dependencies]
    requirements = folder / "requirements.txt"
    lines = (f"{name}=={version} --hash=sha256:{digest}\n" for name, version, digest in pins)
    requirements.write_text("".join(lines), encoding="utf-8")
    finished = run_uv(
        (
            *("pip", "install", "--no-config", "--no-build", "--require-hashes"),
            *("--offline", "--no-index", "--find-links", str(folder)),
            *("--cache-dir", str(environment.cache), "--python", str(environment.python)),
            *("-r", str(requirements)),
        ),
        cwd=folder,
        environ=environment.environ,
        log=log,
        offline=True,
    )
    if finished.status == 0:
        wanted = {(canonicalize_name(name), Version(version)) for name, version, _ in pins}
        found = ((dist.metadata["Name"], dist.version) for dist in read_installed(environment))
        installed = {(canonicalize_name(name), Version(version)) for name, version in found}
        if installed == wanted:
            return ""
        raise ReleasekitError(
            failed.INSTALL_NOT_TESTED,
            place=str(environment.path),
            tail=f"uv reports no error; installed is {sorted(installed)}, "
            f"wanted was {sorted(wanted)}",
        )
    refuse_limit(finished.output, str(environment.path))
    is_broken = any(sign in finished.output for sign in WHEEL_FAULTS)
    is_own = not any(one.filename in finished.output for one in dependencies)
    if is_broken and is_own and finished.status in (1, 2) and "(os error" not in finished.output:
        return finished.tail()
    raise ReleasekitError(failed.INSTALL_NOT_TESTED, place=str(folder), tail=finished.tail())


def render_lock(dependencies: Sequence[Dependency], python: str) -> str:
    """Return the lock (PEP 751) of a release's dependencies for one Python, as TOML.

    The release itself is not in it. What was built here has no address.
    """
    import tomlkit
    from packaging.pylock import Package, PackageWheel, Pylock

    packages = []
    for dependency in dependencies:
        if dependency.url:
            name = unquote(urlsplit(dependency.url).path.rpartition("/")[2])
            wheel = PackageWheel(
                name=None if name == dependency.filename else dependency.filename,
                url=hide_credentials(dependency.url),
                hashes={"sha256": dependency.sha256},
            )
            packages.append(
                Package(
                    name=dependency.name,  # type: ignore[arg-type] # normalized by uv
                    version=Version(dependency.version),
                    wheels=[wheel],
                )
            )
    lock = Pylock(
        lock_version=Version("1.0"),
        created_by="releasekit",
        packages=packages,
        tool={"releasekit": {"python": python}},
    )
    lock.validate()
    return tomlkit.dumps(lock.to_dict())
