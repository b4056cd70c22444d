"""Installing back: a clean environment, exactly the release, by hash, with uv."""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path
from venv import EnvBuilder

import uv
from packaging.tags import Tag, sys_tags

from releasekit.errors import ReleasekitError
from releasekit.errors.failed import INSTALL_NOT_TESTED
from releasekit.model.credentials import Credentials
from releasekit.model.dists import Dist
from releasekit.process import Finished, Log, run
from releasekit.uv.indexes import BuildIndex, index_environ

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


@dataclass(frozen=True, kw_only=True, slots=True)
class CleanEnvironment:
    """An empty virtual environment."""

    path: Path
    python: Path
    cache: Path
    """What uv knows of this Python. Nothing was downloaded yet."""
    environ: Mapping[str, str]


def clean_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without settings of pip and uv.

    A find-links or index setting of the user's would let an install succeed that the index alone
    cannot serve, and fake the proof.
    """
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith(("PIP_", "UV_", "VIRTUAL_ENV"))
    }


def is_installable(tags: frozenset[Tag]) -> bool:
    """Tell whether a wheel with these tags is for the Python and the platform of this process."""
    return not tags.isdisjoint(_find_tags())


@functools.cache
def _find_tags() -> frozenset[Tag]:
    return frozenset(sys_tags())  # a thousand, made anew by every call


def make_environment(tempdir: Path, environ: Mapping[str, str]) -> CleanEnvironment:
    """Make an empty environment in a directory; raises INSTALL_NOT_TESTED.

    uv looks at its Python here, which is most of the time of a small install, and keeps what it
    saw where it will keep what it downloads.
    """
    path, cache, clean = tempdir / "env", tempdir / "cache", clean_environ(environ)
    try:
        EnvBuilder(symlinks=sys.platform != "win32").create(path)
        python = path / ("Scripts" if sys.platform == "win32" else "bin") / "python"
        options = ("--no-config", "--quiet", "--cache-dir", str(cache), "--python", str(python))
        looked = run((uv.find_uv_bin(), "pip", "list", *options), cwd=tempdir, environ=clean)
    except OSError as error:  # a full disk; a uv that is not there, or that may not be started
        raise ReleasekitError(INSTALL_NOT_TESTED, place=str(path), tail=str(error)) from error
    if looked.status:
        raise ReleasekitError(INSTALL_NOT_TESTED, place=str(path), tail=looked.tail())
    return CleanEnvironment(path=path, python=python, cache=cache, environ=clean)


def install_by_hash(
    environment: CleanEnvironment,
    requirement: str,
    sha256: Sequence[str],
    *,
    url: str,
    credentials: Credentials,
    log: Log | None = None,
) -> Finished:
    """Install one requirement from the repository at `url` alone, only as a wheel of these digests.

    An sdist of the same version is never built: it would run beside the credentials, and stand for
    a wheel that was not installed.
    """
    requirements = environment.path / "requirements.txt"
    hashes = " ".join(f"--hash=sha256:{digest}" for digest in sha256)
    requirements.write_text(f"{requirement} {hashes}\n", encoding="utf-8")
    command = (uv.find_uv_bin(), "pip", "install", "--no-config", "--no-deps", "--no-build")
    places = ("--cache-dir", str(environment.cache), "--python", str(environment.python))
    return run(
        (*command, "--require-hashes", *places, "-r", str(requirements)),
        cwd=environment.path,
        environ={**environment.environ, **_index_environ(url, credentials)},
        log=log,
    )


def install_files(
    environment: CleanEnvironment, requirement: str, wheels: Sequence[Dist], folder: Path
) -> Finished:
    """Install one requirement from the wheels in a directory, by hash, without any index."""
    requirements = environment.path / "requirements.txt"
    hashes = " ".join(f"--hash=sha256:{wheel.sha256}" for wheel in wheels)
    requirements.write_text(f"{requirement} {hashes}\n", encoding="utf-8")
    command = (uv.find_uv_bin(), "pip", "install", "--no-config", "--no-deps", "--no-build")
    sources = ("--offline", "--no-index", "--find-links", str(folder), "--require-hashes")
    places = ("--cache-dir", str(environment.cache), "--python", str(environment.python))
    return run(
        (*command, *sources, *places, "-r", str(requirements)),
        cwd=environment.path,
        environ={**environment.environ, "UV_NO_PROGRESS": "1", "NO_COLOR": "1"},
    )


def blames_wheel(finished: Finished) -> bool:
    """Tell whether uv found the fault in the wheel itself; `install_files` had nothing else.

    A full disk, a signal or a crash of uv is a fault of the machine, whatever uv read by then.
    """
    said = any(sign in finished.output for sign in WHEEL_FAULTS)
    return finished.status in (1, 2) and said and "(os error" not in finished.output


def _index_environ(url: str, credentials: Credentials) -> dict[str, str]:
    index = BuildIndex(url=url, credentials=credentials)
    return {**index_environ(index), "UV_NO_PROGRESS": "1", "NO_COLOR": "1"}


def read_installed(environment: CleanEnvironment) -> tuple[Distribution, ...]:
    """Return all that is installed in the environment, as importlib.metadata sees it."""
    folders = environment.path.glob("lib/python*/site-packages")  # lib64 is a link to it
    return tuple(distributions(path=[str(folder) for folder in folders]))
