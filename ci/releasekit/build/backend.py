"""Building: the sdist from a source tree, the wheel from that sdist, by the project's backend."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tarfile
import warnings
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import CalledProcessError
from typing import Literal

from build import BuildBackendException, BuildException, ProjectBuilder
from packaging.version import Version

from releasekit.build.environment import (
    BuildEnvironment,
    EnvironmentOptions,
    open_build_environment,
)
from releasekit.build.hooks import Hooks, open_hooks
from releasekit.build.sdist import repack_sdist, unpack_sdist
from releasekit.build.version_variables import is_version, tell_version
from releasekit.errors import BuildFailed, ReleasekitError
from releasekit.errors.failed import PROGRAM_KILLED
from releasekit.errors.limits import find_limit_in
from releasekit.errors.refused import BUILD_FAILED
from releasekit.process import capture, refuse_killed
from releasekit.tempdirs import open_named_tempdir, open_tempdir
from releasekit.uv.indexes import strip_credentials

RESULT = "output.json"
"""The file in which the script of pyproject-hooks 1.2 leaves what a hook returns."""
DistributionName = Literal["sdist", "wheel"]


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildOptions(EnvironmentOptions):
    """How to build."""

    epoch: int
    """SOURCE_DATE_EPOCH: seconds since the epoch for every file in the dists."""
    version: Version | None
    """The version of the release tag, for backends that would ask git; None lets them ask."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A dist that was built, and the build requirements as they were resolved, sorted."""

    path: Path
    requirements: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """The dists of a whole build."""

    sdist: Path
    wheel: Path
    requirements: tuple[str, ...]


def build_dists(source: Path, out: Path, options: BuildOptions) -> Built:
    """Build the sdist of a source tree and the wheel from that sdist.

    Raises BuildFailed and BUILD_REQUIREMENTS_FAILED.
    """
    with open_hooks() as hooks:
        sdist = _build_sdist(source, out, options, hooks)
        wheel = _build_wheel(sdist.path, out, options, hooks)
    requirements = sorted({*sdist.requirements, *wheel.requirements})
    return Built(sdist=sdist.path, wheel=wheel.path, requirements=tuple(requirements))


def build_sdist(source: Path, out: Path, options: BuildOptions) -> Made:
    """Build the sdist of a source tree.

    It is repacked, so that the same content is the same bytes whatever the umask, the user and the
    clock. Raises BuildFailed and BUILD_REQUIREMENTS_FAILED.
    """
    with open_hooks() as hooks:
        return _build_sdist(source, out, options, hooks)


def build_wheel(sdist: Path, out: Path, options: BuildOptions) -> Made:
    """Build the wheel of an sdist; raises BuildFailed and BUILD_REQUIREMENTS_FAILED."""
    with open_hooks() as hooks:
        return _build_wheel(sdist, out, options, hooks)


def _build_sdist(source: Path, out: Path, options: BuildOptions, hooks: Hooks) -> Made:
    with open_tempdir("releasekit-build-") as tempdir:
        made, environment = _build_one("sdist", source, tempdir / "sdist", options, hooks)
        sdist = out / made.name
        with _refuse_damaged(made):
            repack_sdist(made, sdist, options.epoch)
    return Made(path=sdist, requirements=environment.requirements)


def _build_wheel(sdist: Path, out: Path, options: BuildOptions, hooks: Hooks) -> Made:
    # Compilers write the paths of what they read into what they make.
    digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
    with open_named_tempdir("releasekit-wheel-", digest[:8]) as tempdir:
        with _refuse_damaged(sdist):
            unpacked = unpack_sdist(sdist, tempdir / "unpacked")
        made, environment = _build_one("wheel", unpacked, tempdir / "wheel", options, hooks)
        wheel = Path(shutil.move(made, out / made.name))
    return Made(path=wheel, requirements=environment.requirements)


@contextlib.contextmanager
def _refuse_damaged(sdist: Path) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError, zlib.error) as error:
        tail = f"{sdist.name} cannot be unpacked: {error}"
        raise BuildFailed(BUILD_FAILED, root=str(sdist), dist="sdist", log="", tail=tail) from error


def _build_one(
    dist: DistributionName, source: Path, out: Path, options: BuildOptions, hooks: Hooks
) -> tuple[Path, BuildEnvironment]:
    tail, last, scm_knows = "", "", False

    def call_hook(
        cmd: Sequence[str],
        cwd: str | None = None,
        extra_environ: Mapping[str, str] | None = None,
    ) -> None:
        nonlocal tail, last
        plain = _hook_environ(options, Path(cmd[0]), scm_knows=scm_knows)
        environ = {**plain, **(extra_environ or {})}
        finished = hooks.run(cmd, cwd=Path(cwd or source), environ=environ, log=options.log)
        refuse_killed(finished, f"the build backend ({cmd[2]})", str(options.root or source))
        last = finished.tail() if finished.output.strip() else ""
        if finished.status:
            if limit := find_limit_in(finished.output, str(options.root or source)):
                raise limit
            tail = finished.tail()
            raise CalledProcessError(finished.status, list(cmd))

    try:
        with _log_warnings(options):
            requires = ProjectBuilder(source).build_system_requires
            with open_build_environment(requires, source, options) as environment:
                builder = ProjectBuilder(source, str(environment.python), call_hook)
                more = builder.get_requires_for_build(dist)  # may write a file that git tracks
                if not more - requires:
                    scm_knows = _does_scm_know(dist, source, options, environment)
                    return _find_made(builder.build(dist, out), dist, source), environment
            with open_build_environment(requires | more, source, options) as environment:
                scm_knows = _does_scm_know(dist, source, options, environment)
                builder = ProjectBuilder(source, str(environment.python), call_hook)
                return _find_made(builder.build(dist, out), dist, source), environment
    except BuildBackendException as error:
        # No fault of the backend's. (SystemError: this process has no memory, see find_limit.)
        if isinstance(error.exception, ReleasekitError | SystemError):
            raise error.exception from None
        raise BuildFailed(
            BUILD_FAILED, root=str(source), dist=dist, log="", tail=tail or _explain(error, last)
        ) from error
    except BuildException as error:
        raise BuildFailed(
            BUILD_FAILED, root=str(source), dist=dist, log="", tail=str(error)
        ) from error


ENDED = "the build backend ended its process, with status 0, before it was done (os._exit?)"


def _explain(error: BuildBackendException, last: str) -> str:
    """Return why a hook has no result although its process ended well; `last` is what it wrote."""
    missing = error.exception
    if isinstance(missing, FileNotFoundError) and Path(missing.filename or "").name == RESULT:
        return f"{ENDED}\n{last}".rstrip()
    return str(error)


def _find_made(path: str, dist: DistributionName, source: Path) -> Path:
    """Return the dist that a backend names, which has to be there."""
    if not Path(path).is_file():
        tail = f"the build backend names {Path(path).name}, and has made no such file"
        raise BuildFailed(BUILD_FAILED, root=str(source), dist=dist, log="", tail=tail)
    return Path(path)


OF_LIBRARIES = (DeprecationWarning, PendingDeprecationWarning, ResourceWarning)
"""Warnings of this process: those of a backend come as UserWarning (pyproject-hooks 1.3)."""


@contextlib.contextmanager
def _log_warnings(options: BuildOptions) -> Iterator[None]:
    """Write a backend's warnings to the log: `build` gives them as warnings of this process.

    In the form that Python gives them, by which they are told from what distutils logs.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        finally:
            for warning in caught:
                place = f"{warning.filename}:{warning.lineno}"
                said = f"{place}: {warning.category.__name__}: {warning.message}"
                if not issubclass(warning.category, OF_LIBRARIES):
                    for line in said.splitlines():
                        options.log(line)


SCM_SECONDS = 600.0
"""How long setuptools-scm may ask git, which fetches what a partial clone lacks."""


def _does_scm_know(
    dist: DistributionName, source: Path, options: BuildOptions, environment: BuildEnvironment
) -> bool:
    """Tell whether setuptools-scm finds the version of the tag itself.

    In a checkout, by its own answer; in an sdist, by what it has left there. hatch-vcs has settings
    of its own, which its command does not read. Raises PROGRAM_KILLED.
    """
    names = {requirement.partition("==")[0] for requirement in environment.requirements}
    if options.version is None or "setuptools-scm" not in names or "hatch-vcs" in names:
        return False
    if dist == "wheel":
        return any(source.glob("**/*.egg-info/scm_version.json"))
    environ = _hook_environ(options, environment.python, scm_knows=True)
    command = (str(environment.python), "-I", "-m", "setuptools_scm")
    said = capture(command, cwd=source, environ=environ, seconds=SCM_SECONDS)
    if said.timed_out:  # the answer decides what is built: to go on without it may build otherwise
        reason, place = f"it gave no answer within {SCM_SECONDS:g} s", str(source)
        raise ReleasekitError(PROGRAM_KILLED, program="setuptools_scm", place=place, reason=reason)
    return not said.status and is_version(said.output, options.version)


def _hook_environ(options: BuildOptions, python: Path, *, scm_knows: bool) -> dict[str, str]:
    path = options.environ.get("PATH", "")
    environ = {
        **strip_credentials(options.environ),
        "PATH": f"{python.parent}:{path}" if path else str(python.parent),
        "VIRTUAL_ENV": str(python.parent.parent),
        "SOURCE_DATE_EPOCH": str(options.epoch),
        "PYTHONDONTWRITEBYTECODE": "1",  # the environment has it; the tree holds the commit alone
        "PYTHONHASHSEED": "0",
        "PYTHONNOUSERSITE": "1",
        "PYTHONUTF8": "1",  # what a setup.py reads does not depend on the locale (PEP 540)
        "TZ": "UTC",
    }
    if options.version is None:
        return environ
    return tell_version(environ, options.version, scm_knows=scm_knows)


def read_requires(source: Path) -> set[str] | None:
    """Return what [build-system] requires, without a backend; None if it cannot be read."""
    try:
        return ProjectBuilder(source).build_system_requires
    except BuildException:
        return None
