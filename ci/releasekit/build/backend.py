"""Building: the sdist from a source tree, the wheel from that sdist; a command may repair it."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import re
import shlex
import shutil
import sys
import tarfile
import warnings
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import CalledProcessError
from typing import Literal

from build import BuildBackendException, BuildException, ProjectBuilder
from packaging.version import InvalidVersion, Version

from releasekit.build.environment import (
    BuildEnvironment,
    EnvironmentOptions,
    open_build_environment,
)
from releasekit.build.hooks import Hooks
from releasekit.errors import BuildFailed, ReleasekitError, failed, refused
from releasekit.errors.limits import refuse_limit
from releasekit.model.dists import NotADistError, parse_filename
from releasekit.process import Log, capture, refuse_killed, run
from releasekit.tempdirs import open_named_tempdir, open_tempdir
from releasekit.uv.indexes import strip_credentials

RESULT = "output.json"  # pyproject-hooks 1.2: its script leaves there what a hook returns
ENDED = "the build backend ended its process, with status 0, before it was done (os._exit?)"
DistributionName = Literal["sdist", "wheel"]
SCM_SECONDS = 600.0
"""How long setuptools-scm may ask git, which fetches what a partial clone lacks."""
# The variables by which backends take a version instead of asking git. Those without one
# (versioneer, versioningit, dunamai's) ask git, and find the release's tag.
SCM_VARIABLES = (
    "SETUPTOOLS_SCM_PRETEND_VERSION",  # setuptools-scm, hatch-vcs, scikit-build-core
    "VCS_VERSIONING_PRETEND_VERSION",  # vcs-versioning, the library below setuptools-scm 10
)
OTHER_VARIABLES = (
    "PDM_BUILD_SCM_VERSION",  # pdm-backend, metadata.md
    "PBR_VERSION",  # pbr, doc/source/user/packagers.rst
    "POETRY_DYNAMIC_VERSIONING_BYPASS",  # poetry-dynamic-versioning, README
    "UV_DYNAMIC_VERSIONING_BYPASS",  # uv-dynamic-versioning, README
)
# Variables of the user's by which these tools would pass ours over, or add to it.
OVERRIDES = re.compile(
    r"\w+_PRETEND_(VERSION|METADATA)(_FOR_\w+)?|POETRY_DYNAMIC_VERSIONING_OVERRIDE"
)


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


def build_sdist(source: Path, out: Path, options: BuildOptions, hooks: Hooks) -> Made:
    """Build the sdist of a source tree.

    It is repacked, so that the same content is the same bytes whatever the umask, the user and the
    clock. Raises BuildFailed and BUILD_REQUIREMENTS_FAILED.
    """
    with open_tempdir("releasekit-build-") as tempdir:
        made = _build("sdist", source, tempdir / "sdist", options, hooks)
        sdist = out / made.path.name
        with _refuse_damaged(made.path):
            repack_sdist(made.path, sdist, options.epoch)
    return Made(path=sdist, requirements=made.requirements)


def repack_sdist(made: Path, sdist: Path, epoch: int) -> None:
    """Write an sdist again so that its bytes follow from its content alone.

    Members sorted, one time, no owner, modes 755 or 644: what setuptools and pdm-backend leave to
    the machine. Raises TarError, EOFError or zlib.error for an archive that cannot be read.
    """
    with (
        tarfile.open(made) as archive,
        sdist.open("wb") as file,
        gzip.GzipFile("", "wb", fileobj=file, mtime=epoch) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as repacked,
    ):
        for entry in sorted(archive.getmembers(), key=lambda entry: entry.name):
            mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
            plain = entry.replace(
                mtime=epoch, mode=mode, uid=0, gid=0, uname="", gname="", deep=False
            )
            # setuptools leaves fractions of a second in these; tarfile writes anew what names need.
            plain.pax_headers = {}
            repacked.addfile(plain, archive.extractfile(entry) if entry.isreg() else None)


def build_wheel(sdist: Path, out: Path, options: BuildOptions, hooks: Hooks) -> Made:
    """Build the wheel of an sdist; raises BuildFailed and BUILD_REQUIREMENTS_FAILED."""
    # Compilers write the paths of what they read into what they make.
    digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
    with open_named_tempdir("releasekit-wheel-", digest[:8]) as tempdir:
        unpacked = tempdir / "unpacked"
        unpacked.mkdir()
        with _refuse_damaged(sdist), tarfile.open(sdist) as archive:
            # The data filter refuses members that would land outside (PEP 706).
            archive.extractall(unpacked, filter="data")
            # PEP 625: there is one, named like the file.
            folders = [path for path in sorted(unpacked.iterdir()) if path.is_dir()]
            if not folders:
                raise tarfile.ReadError("it holds no directory")
        made = _build("wheel", folders[0], tempdir / "wheel", options, hooks)
        wheel = Path(shutil.move(made.path, out / made.path.name))
    return Made(path=wheel, requirements=made.requirements)


@contextlib.contextmanager
def _refuse_damaged(sdist: Path) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError, zlib.error) as error:
        tail = f"{sdist.name} cannot be unpacked: {error}"
        raise BuildFailed(
            refused.BUILD_FAILED, root=str(sdist), dist="sdist", log="", tail=tail
        ) from error


def _build(
    dist: DistributionName, source: Path, out: Path, options: BuildOptions, hooks: Hooks
) -> Made:
    tail, last, scm_knows = "", "", False

    def call_hook(
        cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None
    ) -> None:
        nonlocal tail, last
        plain = _hook_environ(options, Path(cmd[0]), scm_knows=scm_knows)
        environ = {**plain, **(extra_environ or {})}
        finished = hooks.run(cmd, cwd=Path(cwd or source), environ=environ, log=options.log)
        refuse_killed(finished, f"the build backend ({cmd[2]})", str(options.root or source))
        last = finished.tail() if finished.output.strip() else ""
        if finished.status:
            refuse_limit(finished.output, str(options.root or source))
            tail = finished.tail()
            raise CalledProcessError(finished.status, list(cmd))

    try:
        with _log_warnings(options), contextlib.ExitStack() as stack:
            requires = ProjectBuilder(source).build_system_requires
            environment = stack.enter_context(open_build_environment(requires, source, options))
            builder = ProjectBuilder(source, str(environment.python), call_hook)
            more = builder.get_requires_for_build(dist)  # may write a file that git tracks
            if more - requires:
                stack.close()
                opened = open_build_environment(requires | more, source, options)
                environment = stack.enter_context(opened)
                builder = ProjectBuilder(source, str(environment.python), call_hook)
            scm_knows = _does_scm_know(dist, source, options, environment)
            path = Path(builder.build(dist, out))
            if not path.is_file():
                said = f"the build backend names {path.name}, and has made no such file"
                raise BuildException(said)
            return Made(path=path, requirements=environment.requirements)
    except (BuildBackendException, BuildException) as error:
        cause = error.exception if isinstance(error, BuildBackendException) else None
        # No fault of the backend's. (SystemError: this process has no memory, see find_limit.)
        if isinstance(cause, ReleasekitError | SystemError):
            raise cause from None
        if isinstance(cause, FileNotFoundError) and Path(cause.filename or "").name == RESULT:
            tail = f"{ENDED}\n{last}".rstrip()
        said = tail or str(error)
        raise BuildFailed(
            refused.BUILD_FAILED, root=str(source), dist=dist, log="", tail=said
        ) from error


@contextlib.contextmanager
def _log_warnings(options: BuildOptions) -> Iterator[None]:
    """Write a backend's warnings to the log: `build` gives them as warnings of this process.

    In the form that Python gives them, by which they are told from what distutils logs.
    """
    # Warnings of this process: those of a backend come as UserWarning (pyproject-hooks 1.3).
    of_libraries = (DeprecationWarning, PendingDeprecationWarning, ResourceWarning)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        finally:
            for warning in caught:
                place = f"{warning.filename}:{warning.lineno}"
                said = f"{place}: {warning.category.__name__}: {warning.message}"
                if not issubclass(warning.category, of_libraries):
                    for line in said.splitlines():
                        options.log(line)


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
    said = capture(
        (str(environment.python), "-I", "-m", "setuptools_scm"),
        cwd=source,
        environ=environ,
        seconds=SCM_SECONDS,
    )
    if said.timed_out:  # the answer decides what is built: to go on without it may build otherwise
        raise ReleasekitError(
            failed.PROGRAM_KILLED,
            program="setuptools_scm",
            place=str(source),
            reason=f"it gave no answer within {SCM_SECONDS:g} s",
        )
    lines = [line.strip() for line in said.output.split("\n") if line.strip()]
    with contextlib.suppress(IndexError, InvalidVersion):
        return not said.status and Version(lines[-1]) == options.version
    return False


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
    return pass_version(environ, options.version, scm_knows=scm_knows)


def pass_version(
    environ: Mapping[str, str], version: Version, *, scm_knows: bool = False
) -> dict[str, str]:
    """Return the environment of a build, with the version of the release tag and no other one.

    With `scm_knows`, setuptools-scm does not get what it knows from the tag: else its sdists
    lack the commit (setuptools-scm 10: scm_version.json, commit_id).
    """
    kept = {name: value for name, value in environ.items() if not OVERRIDES.fullmatch(name)}
    names = OTHER_VARIABLES if scm_knows else SCM_VARIABLES + OTHER_VARIABLES
    return {**kept, **dict.fromkeys(names, str(version))}


def repair_wheel(
    wheel: Path,
    command: str,
    *,
    root: Path,
    environ: Mapping[str, str],
    epoch: int,
    log: Log,
) -> Path:
    """Return what the command makes of a wheel, in place of it; a pure wheel stays as it is.

    The words {wheel} and {dest_dir} stand for paths, as in cibuildwheel's repair-wheel-command. It
    runs in `root`; `epoch` is its SOURCE_DATE_EPOCH. Raises REPAIR_FAILED and MissingProgram.
    """
    if wheel.name.endswith("-none-any.whl"):
        return wheel
    made = wheel.parent / "repaired"
    made.mkdir()
    source, target, words = str(wheel), str(made), shlex.split(command)
    words = [word.replace("{wheel}", source).replace("{dest_dir}", target) for word in words]
    # Tools that lie beside the kit are found.
    path = f"{Path(sys.executable).parent}:{environ.get('PATH', '')}"
    environ = {**environ, "PATH": path, "SOURCE_DATE_EPOCH": str(epoch)}
    finished = run(words, cwd=root, environ=environ, log=log)
    if tail := finished.tail() if finished.status else _find_fault(wheel, made):
        raise BuildFailed(
            refused.REPAIR_FAILED,
            wheel=wheel.name,
            command=command,
            root=str(root),
            log="",
            tail=tail,
        )
    (repaired,) = made.iterdir()
    wheel.unlink()
    return repaired.replace(wheel.parent / repaired.name)


def _find_fault(wheel: Path, made: Path) -> str:
    """Return why what was made is not one wheel of the same release; nothing if it is."""
    names = sorted(path.name for path in made.iterdir())
    if len(names) != 1:
        return f"it left {', '.join(names) or 'nothing'} in {{dest_dir}}, and not one wheel"
    before = parse_filename(wheel.name)
    try:
        after = parse_filename(names[0])
    except NotADistError as error:
        return str(error)
    same = (before.kind, before.name, before.version) == (after.kind, after.name, after.version)
    return "" if same else f"it made {names[0]}, which is no wheel of this release"


def read_requires(source: Path) -> set[str] | None:
    """Return what [build-system] requires, without a backend; None if it cannot be read."""
    try:
        return ProjectBuilder(source).build_system_requires
    except BuildException:
        return None
