"""Clean environments, one per Python that a release is for, made while something else is done."""

from __future__ import annotations

import contextlib
import functools
import platform
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from packaging.specifiers import SpecifierSet

from releasekit.errors import ReleasekitError, failed
from releasekit.model.dists import Dist, NotADistError, parse_filename
from releasekit.tempdirs import open_tempdir
from releasekit.threads import begin
from releasekit.uv.indexes import clean_environ
from releasekit.uv.program import find_python, run_uv

if TYPE_CHECKING:
    from packaging.pylock import PackageWheel
    from packaging.tags import Tag

Wheel = TypeVar("Wheel", Dist, "PackageWheel")


@dataclass(frozen=True, kw_only=True, slots=True)
class Interpreter:
    """A Python of this machine; the version is as "3.11"."""

    version: str
    path: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CleanEnvironment:
    """An empty virtual environment, with a directory beside it where foreign code may work.

    The cache is what uv knows of this Python: nothing was downloaded yet.
    """

    path: Path
    python: Path
    cache: Path
    work: Path
    environ: Mapping[str, str] = field(repr=False)


RUNNING = Interpreter(version=".".join(platform.python_version_tuple()[:2]), path=sys.executable)


def is_allowed(python: str, interpreter: Interpreter) -> bool:
    """Tell whether a Requires-Python allows a Python, whatever its patch level may be."""
    with contextlib.suppress(ValueError):  # RK103; or too many digits
        allowed = SpecifierSet(python)
        if interpreter == RUNNING:
            return allowed.contains(platform.python_version(), prereleases=True)
        return any(allowed.contains(f"{interpreter.version}.{patch}") for patch in (0, 99))
    return True


@functools.cache
def _rank_tags(interpreter: Interpreter) -> Mapping[Tag, int]:
    """Return the tags of the wheels that a Python of this machine installs; 0 is the best one.

    They are a thousand.
    """
    from packaging.tags import compatible_tags, cpython_tags, platform_tags, sys_tags

    if interpreter == RUNNING:
        return {tag: rank for rank, tag in enumerate(sys_tags())}
    major, minor = map(int, interpreter.version.split("."))
    platforms, version = list(platform_tags()), (major, minor)
    compatible = compatible_tags(version, f"cp{major}{minor}", platforms)
    tags = (*cpython_tags(version, platforms=platforms), *compatible)
    return {tag: rank for rank, tag in enumerate(tags)}


def choose_wheel(wheels: Iterable[Wheel], interpreter: Interpreter) -> Wheel | None:
    """Return the wheel that an installer takes for a Python; None if there is none for it."""
    ranks, found = _rank_tags(interpreter), []
    for wheel in wheels:
        with contextlib.suppress(NotADistError):
            fitting = [ranks[tag] for tag in parse_filename(wheel.filename).tags if tag in ranks]
            found += [(min(fitting), wheel)] if fitting else []
    return min(found, key=lambda pair: pair[0])[1] if found else None


def make_environment(
    tempdir: Path, environ: Mapping[str, str], interpreter: Interpreter = RUNNING
) -> CleanEnvironment:
    """Make an empty environment in a directory; raises INSTALL_NOT_TESTED.

    uv looks at its Python here, which is most of the time of a small install, and keeps what it
    saw where it will keep what it downloads.
    """
    path, work, clean = tempdir / "env", tempdir / "work", clean_environ(environ)
    python, cache = path / "bin" / "python", tempdir / "cache"
    options = ("--no-config", "--quiet", "--cache-dir", str(cache))
    try:
        work.mkdir()
        if interpreter == RUNNING:
            from venv import EnvBuilder

            EnvBuilder(symlinks=True).create(path)  # faster than to start uv
            command: tuple[str, ...] = ("pip", "list", *options, "--python", str(python))
        else:
            command = ("venv", *options, "--no-project", "--python", interpreter.path, str(path))
        looked = run_uv(command, cwd=tempdir, environ=clean, offline=True)
    except OSError as error:  # a full disk; a uv that is not there, or that may not be started
        raise ReleasekitError(
            failed.INSTALL_NOT_TESTED, place=str(path), tail=str(error)
        ) from error
    if looked.status:
        raise ReleasekitError(failed.INSTALL_NOT_TESTED, place=str(path), tail=looked.tail())
    return CleanEnvironment(path=path, python=python, cache=cache, work=work, environ=clean)


def read_installed(environment: CleanEnvironment) -> tuple[Distribution, ...]:
    """Return all that is installed in the environment, as importlib.metadata sees it."""
    folders = environment.path.glob("lib/python*/site-packages")  # lib64 is a link to it
    return tuple(distributions(path=[str(folder) for folder in folders]))


class CleanEnvironments:
    """The Pythons of a run, and clean environments of them.

    These are made in the background, and end with the stack.
    """

    def __init__(self, environ: Mapping[str, str], stack: contextlib.ExitStack) -> None:
        self._environ, self._stack = environ, stack
        self._ready: dict[Interpreter, Future[CleanEnvironment]] = {}
        self._found: dict[str, Interpreter | None] = {RUNNING.version: RUNNING}

    def find(self, version: str) -> Interpreter | None:
        """Return the Python of a version, as "3.10"; None if this machine has none."""
        if version not in self._found:
            path = find_python(version, clean_environ(self._environ))
            self._found[version] = Interpreter(version=version, path=path) if path else None
        return self._found[version]

    def begin(self, interpreter: Interpreter = RUNNING) -> None:
        """Begin to make one, unless there is one that nobody has taken."""
        if interpreter not in self._ready:
            tempdir = self._stack.enter_context(open_tempdir("releasekit-env-"))
            future = begin(lambda: make_environment(tempdir, self._environ, interpreter))
            self._ready[interpreter] = future
            self._stack.callback(wait, [future])

    def take(self, interpreter: Interpreter) -> CleanEnvironment:
        """Return one that nobody has used, as soon as it is made; raises INSTALL_NOT_TESTED."""
        self.begin(interpreter)
        return self._ready.pop(interpreter).result()
