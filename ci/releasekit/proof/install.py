"""Installing offline, from files, by hash: a failure is the package's or the machine's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import Version

from releasekit.errors import ReleasekitError, find_limit_in
from releasekit.errors.failed import INSTALL_NOT_TESTED
from releasekit.model.dists import Dist
from releasekit.process import Log
from releasekit.proof.environment import CleanEnvironment, read_installed
from releasekit.proof.lock import Dependency
from releasekit.uv.program import run_uv

WHEEL_FAULTS = (
    "The wheel is invalid",
    "does not match filename",
    "Invalid package version",
    "Invalid zip file structure",
    "Archive contains",
    "Bad CRC",
    "Bad uncompressed size",
)
"""How uv 0.13 says that a wheel is broken: its archive, its metadata, its name or its version."""


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
    command = ("pip", "install", "--no-config", "--no-build", "--require-hashes")
    sources = ("--offline", "--no-index", "--find-links", str(folder))
    places = ("--cache-dir", str(environment.cache), "--python", str(environment.python))
    finished = run_uv(
        (*command, *sources, *places, "-r", str(requirements)),
        cwd=folder,
        environ=environment.environ,
        log=log,
        offline=True,
    )
    if finished.status == 0:
        _refuse_others(environment, pins)
        return ""
    if limit := find_limit_in(finished.output, str(environment.path)):
        raise limit
    is_broken = any(sign in finished.output for sign in WHEEL_FAULTS)
    is_own = not any(one.filename in finished.output for one in dependencies)
    if is_broken and is_own and finished.status in (1, 2) and "(os error" not in finished.output:
        return finished.tail()
    raise ReleasekitError(INSTALL_NOT_TESTED, place=str(folder), tail=finished.tail())


def _refuse_others(environment: CleanEnvironment, pins: Sequence[tuple[str, str, str]]) -> None:
    """Raise INSTALL_NOT_TESTED unless exactly what was asked for is installed."""
    wanted = {(canonicalize_name(name), Version(version)) for name, version, _ in pins}
    installed = {
        (canonicalize_name(dist.metadata["Name"]), Version(dist.version))
        for dist in read_installed(environment)
    }
    if installed != wanted:
        said = f"uv reports no error; installed is {sorted(installed)}, wanted was {sorted(wanted)}"
        raise ReleasekitError(INSTALL_NOT_TESTED, place=str(environment.path), tail=said)
