"""Building: the sdist from a source tree, the wheel from that sdist, in cached environments."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import re
import shutil
import sys
import tarfile
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import CalledProcessError
from typing import Literal

import uv
from build import BuildBackendException, BuildException, ProjectBuilder
from filelock import FileLock

from releasekit.adapters.process import Finished, Log, run
from releasekit.core.errors import BuildFailed, BuildRequirementsFailed

REQUIREMENT = re.compile(r"[\w.-]+(==| @ )")
"""A line of `uv pip freeze`; warnings may stand between them."""
CREDENTIALS = re.compile(r"(?<=://)[^/\s]+@")
"""What an address of a requirement may hold, and no message."""
DistributionName = Literal["sdist", "wheel"]
INDEX_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL")
PIP_TO_UV = {"PIP_INDEX_URL": "UV_DEFAULT_INDEX", "PIP_EXTRA_INDEX_URL": "UV_INDEX"}
"""What a company's machine says to pip is said to uv too, unless uv has been told itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildOptions:
    """How to build."""

    environ: Mapping[str, str]
    cache: Path | None
    """Where build environments are kept; None keeps none (--fresh)."""
    constraints: Path | None
    epoch: int
    """SOURCE_DATE_EPOCH: seconds since the epoch for every file in the dists."""
    version: str | None
    """The version of the release tag, for backends that would ask git; None lets them ask."""
    log: Log


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildEnvironment:
    """An isolated environment and what is installed in it."""

    python: Path
    requirements: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """The dists of a build."""

    sdist: Path
    wheel: Path
    requirements: tuple[str, ...]


def build_dists(source: Path, out: Path, options: BuildOptions) -> Built:
    """Build the sdist of a source tree and the wheel from that sdist.

    The sdist is repacked, so that the same content is the same bytes whatever the umask, the user
    and the clock. Raises BuildFailed and BuildRequirementsFailed.
    """
    with tempfile.TemporaryDirectory(prefix="releasekit-build-") as folder:
        made, from_source = _build_one("sdist", source, Path(folder, "sdist"), options)
        sdist = out / made.name
        try:
            repack_sdist(made, sdist, options.epoch)
            unpacked = _unpack(sdist, Path(folder, "unpacked"))
        except (tarfile.TarError, EOFError, zlib.error) as error:
            tail = f"{made.name} cannot be unpacked: {error}"
            raise BuildFailed(root=str(source), dist="sdist", log="", tail=tail) from error
        made, from_sdist = _build_one("wheel", unpacked, Path(folder, "wheel"), options)
        wheel = Path(shutil.move(made, out / made.name))
    requirements = sorted({*from_source.requirements, *from_sdist.requirements})
    return Built(sdist=sdist, wheel=wheel, requirements=tuple(requirements))


def _build_one(
    dist: DistributionName, source: Path, out: Path, options: BuildOptions
) -> tuple[Path, BuildEnvironment]:
    tail = ""

    def call_hook(
        cmd: Sequence[str],
        cwd: str | None = None,
        extra_environ: Mapping[str, str] | None = None,
    ) -> None:
        nonlocal tail
        environ = {**_hook_environ(options, Path(cmd[0])), **(extra_environ or {})}
        finished = run(cmd, cwd=Path(cwd or source), environ=environ, log=options.log)
        if finished.status:
            tail = finished.tail()
            raise CalledProcessError(finished.status, list(cmd))

    try:
        requires = ProjectBuilder(source).build_system_requires
        with _open_environment(requires, source, options) as environment:
            builder = ProjectBuilder(source, str(environment.python), call_hook)
            more = builder.get_requires_for_build(dist)
            if not more - requires:
                return Path(builder.build(dist, out)), environment
        with _open_environment(requires | more, source, options) as environment:
            builder = ProjectBuilder(source, str(environment.python), call_hook)
            return Path(builder.build(dist, out)), environment
    except BuildBackendException as error:
        raise BuildFailed(root=str(source), dist=dist, log="", tail=tail or str(error)) from error
    except BuildException as error:
        raise BuildFailed(root=str(source), dist=dist, log="", tail=str(error)) from error


def _hook_environ(options: BuildOptions, python: Path) -> dict[str, str]:
    path = options.environ.get("PATH", "")
    environ = {
        **options.environ,
        "PATH": f"{python.parent}:{path}" if path else str(python.parent),
        "VIRTUAL_ENV": str(python.parent.parent),
        "SOURCE_DATE_EPOCH": str(options.epoch),
        "PYTHONHASHSEED": "0",
        "PYTHONNOUSERSITE": "1",
        "TZ": "UTC",
    }
    if options.version is not None:
        # setuptools-scm and hatch-vcs (which uses it): README, "SETUPTOOLS_SCM_PRETEND_VERSION".
        environ["SETUPTOOLS_SCM_PRETEND_VERSION"] = options.version
    return environ


@contextlib.contextmanager
def _open_environment(
    requires: set[str], source: Path, options: BuildOptions
) -> Iterator[BuildEnvironment]:
    """Provide an environment with the requirements, from the cache where it is there whole."""
    if options.cache is None:
        with tempfile.TemporaryDirectory(prefix="releasekit-build-env-") as folder:
            yield _make_environment(Path(folder, "env"), requires, source, options)
        return
    key = _environment_key(requires, source, options)
    path = options.cache / "build-envs" / key
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"):
        environment = _read_environment(path)
        if environment is None:
            shutil.rmtree(path, ignore_errors=True)
            environment = _make_environment(path, requires, source, options)
    yield environment


def _environment_key(requires: set[str], source: Path, options: BuildOptions) -> str:
    environ = _installer_environ(options.environ)
    facts = [
        sorted(requires),
        sys.version,
        str(Path(sys.executable).resolve()),
        {name: value for name, value in sorted(environ.items()) if name.startswith("UV_")},
        options.constraints.read_text(encoding="utf-8") if options.constraints else None,
        _read_uv_settings(source),
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:24]


def _read_uv_settings(source: Path) -> list[str]:
    """Return what the project tells uv: another index may have other files."""
    texts = []
    for name in ("uv.toml", "pyproject.toml"):
        with contextlib.suppress(OSError):
            text = (source / name).read_text(encoding="utf-8", errors="replace")
            texts += [text] if name == "uv.toml" or "[tool.uv" in text else []
    return texts


def _read_environment(path: Path) -> BuildEnvironment | None:
    """Return a cached environment; None where it is missing, half made or its Python is gone."""
    python = path / "bin" / "python"
    try:
        # The marker is written last: without it, the making was interrupted.
        requirements = json.loads((path / "complete.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    is_marker = isinstance(requirements, list) and all(isinstance(r, str) for r in requirements)
    if not is_marker or not python.exists():
        return None
    return BuildEnvironment(python=python, requirements=tuple(requirements))


def _make_environment(
    path: Path, requires: set[str], source: Path, options: BuildOptions
) -> BuildEnvironment:
    python = path / "bin" / "python"
    fresh = ["--no-cache"] if options.cache is None else []
    pins = ["--constraints", str(options.constraints)] if options.constraints else []
    steps = [["venv", "--no-project", "--python", sys.executable, str(path)]]
    if requires:
        steps.append(["pip", "install", "--python", str(python), *fresh, *pins, *sorted(requires)])
    steps.append(["pip", "freeze", "--python", str(python)])
    for arguments in steps:
        finished = _uv(arguments, source, options)
        if finished.status:
            names = CREDENTIALS.sub("", ", ".join(sorted(requires))) or "none"
            raise BuildRequirementsFailed(
                root=str(source), log="", requirements=names, tail=finished.tail()
            )
    requirements = tuple(line for line in finished.output.splitlines() if REQUIREMENT.match(line))
    (path / "complete.json").write_text(json.dumps(requirements), encoding="utf-8")
    return BuildEnvironment(python=python, requirements=requirements)


def _uv(arguments: Sequence[str], source: Path, options: BuildOptions) -> Finished:
    # Run in the project, so that its own [tool.uv] decides on indexes as it does for uv itself.
    environ = {**_installer_environ(options.environ), "UV_NO_PROGRESS": "1", "NO_COLOR": "1"}
    return run((uv.find_uv_bin(), *arguments), cwd=source, environ=environ, log=options.log)


def _installer_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of uv, told what pip has been told where uv has not."""
    told = {name: value for name, value in environ.items() if name != "VIRTUAL_ENV"}
    if not any(environ.get(name) for name in INDEX_VARIABLES):
        told |= {ours: environ[pips] for pips, ours in PIP_TO_UV.items() if environ.get(pips)}
    return told


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
            content = archive.extractfile(entry) if entry.isreg() else None
            repacked.addfile(_normalize(entry, epoch), content)


def _normalize(entry: tarfile.TarInfo, epoch: int) -> tarfile.TarInfo:
    plain = entry.replace(
        mtime=epoch,
        mode=0o755 if entry.isdir() or entry.mode & 0o100 else 0o644,
        uid=0,
        gid=0,
        uname="",
        gname="",
        deep=False,
    )
    # setuptools leaves fractions of a second in these; tarfile writes anew what names need.
    plain.pax_headers = {}
    return plain


def _unpack(sdist: Path, folder: Path) -> Path:
    """Unpack an sdist and return its top directory (PEP 625: one, named like the file)."""
    folder.mkdir()
    with tarfile.open(sdist) as archive:
        # The data filter refuses members that would land outside (PEP 706).
        archive.extractall(folder, filter="data")
    tops = [path for path in sorted(folder.iterdir()) if path.is_dir()]
    if not tops:
        raise tarfile.ReadError("it holds no directory")
    return tops[0]
