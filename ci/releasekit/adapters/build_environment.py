"""Build environments: isolated, made by uv from the build requirements, and cached."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import uv
from filelock import FileLock

from releasekit.adapters.process import Finished, Log, run
from releasekit.adapters.rooms import open_room
from releasekit.core.errors import BuildRequirementsFailed

REQUIREMENT = re.compile(r"[\w.-]+(==| @ )")
"""A line of `uv pip freeze`; warnings may stand between them."""
CREDENTIALS = re.compile(r"(?<=://)[^/\s]+@")
"""What an address of a requirement may hold, and no message."""
INDEX_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL")
PIP_TO_UV = {"PIP_INDEX_URL": "UV_DEFAULT_INDEX", "PIP_EXTRA_INDEX_URL": "UV_INDEX"}
"""What a company's machine says to pip is said to uv too, unless uv has been told itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentOptions:
    """How to make the environments that builds run in."""

    environ: Mapping[str, str]
    cache: Path | None
    """Where build environments are kept; None keeps none (--fresh)."""
    constraints: Path | None
    log: Log


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildEnvironment:
    """An isolated environment and what is installed in it."""

    python: Path
    requirements: tuple[str, ...]


@contextlib.contextmanager
def open_build_environment(
    requires: set[str], source: Path, options: EnvironmentOptions
) -> Iterator[BuildEnvironment]:
    """Provide an environment with the requirements, from the cache where it is there whole."""
    if options.cache is None:
        with open_room("releasekit-build-env-") as room:
            yield _make_environment(room / "env", requires, source, options)
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


def _environment_key(requires: set[str], source: Path, options: EnvironmentOptions) -> str:
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
    path: Path, requires: set[str], source: Path, options: EnvironmentOptions
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


def _uv(arguments: Sequence[str], source: Path, options: EnvironmentOptions) -> Finished:
    # Run in the project, so that its own [tool.uv] decides on indexes as it does for uv itself.
    environ = {**_installer_environ(options.environ), "UV_NO_PROGRESS": "1", "NO_COLOR": "1"}
    return run((uv.find_uv_bin(), *arguments), cwd=source, environ=environ, log=options.log)


def _installer_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of uv, told what pip has been told where uv has not."""
    told = {name: value for name, value in environ.items() if name != "VIRTUAL_ENV"}
    if not any(environ.get(name) for name in INDEX_VARIABLES):
        told |= {ours: environ[pips] for pips, ours in PIP_TO_UV.items() if environ.get(pips)}
    return told
