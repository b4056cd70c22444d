"""What the project's own files say: its name and version, its metadata, its last build."""

from __future__ import annotations

import configparser
import contextlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from releasekit.checks.backends import Packing, find_packing
from releasekit.checks.build_and_proof import parse_warnings
from releasekit.checks.declared import FILES, Declared, parse_declared
from releasekit.checks.facts import BackendWarning
from releasekit.model.versions import StatedVersion

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PYPROJECT = "pyproject.toml"
COUNTERS = frozenset(
    (
        *("setuptools-scm", "vcs-versioning", "hatch-vcs", "flit-scm", "pbr", "dunamai"),
        *("versioneer", "versioningit", "poetry-dynamic-versioning", "uv-dynamic-versioning"),
        *("setuptools-git-versioning", "setuptools-git-version", "setuptools-vcs-version"),
    )
)
"""Build requirements that make the version from the commits since the last tag."""
ASKS_GIT = re.compile(r"use_scm_version|setuptools_scm|versioneer|\bpbr\b|git\W+describe")
"""The same in setup.py and setup.cfg."""
LOG_LIMIT = 8 << 20
"""Characters of a build log that are searched."""


def read_declared(root: Path) -> Declared:
    """Return where the project at `root` declares its metadata."""
    texts = {}
    for name in FILES:
        with contextlib.suppress(OSError):
            texts[name] = (root / name).read_text(encoding="utf-8", errors="replace")
    return parse_declared(texts)


def read_packing(root: Path) -> Packing:
    """Return how files get into the sdist of the project at `root`."""
    return find_packing(_read_pyproject(root / "pyproject.toml"))


def read_backend_warnings(log: Path) -> tuple[BackendWarning, ...]:
    """Return the warnings in a build log; none where there is no log."""
    try:
        with log.open(encoding="utf-8", errors="replace") as file:
            return parse_warnings(file.read(LOG_LIMIT))
    except OSError:
        return ()


@dataclass(frozen=True, kw_only=True, slots=True)
class StaticMetadata:
    """What is written down; None where the build backend makes it."""

    name: NormalizedName | None
    version: Version | None


def read_static_metadata(root: Path) -> StaticMetadata:
    """Read [project] of pyproject.toml, Poetry's own table, and [metadata] of setup.cfg."""
    found: dict[str, Any] = dict(_read_setup_cfg(root / "setup.cfg"))
    document = _read_pyproject(root / "pyproject.toml")
    for table in (document.get("tool", {}).get("poetry"), document.get("project")):
        found |= table if isinstance(table, dict) else {}
    name, version = found.get("name"), found.get("version")
    return StaticMetadata(
        name=canonicalize_name(name) if isinstance(name, str) and name else None,
        version=_parse_version(version),
    )


def find_stated_version(root: Path) -> StatedVersion | None:
    """Return the version of a project, if it stands where it can be written anew.

    That is `version` in [project] (PEP 621), in [tool.poetry] and in [metadata] of setup.cfg,
    where the build backend reads it. None where the backend makes the version.
    """
    document = _read_pyproject(root / PYPROJECT)
    backend, names = _read_backend(document)
    file, text = PYPROJECT, _find_table(document, "project").get("version")
    keys: tuple[str, ...] = ("project", "version")
    if text is not None:
        pass  # what [project] says counts
    elif backend.startswith("poetry.") or "poetry-core" in names:
        if "poetry-dynamic-versioning" not in names:  # which replaces a placeholder
            keys, text = (
                ("tool", "poetry", "version"),
                _find_table(document, "tool", "poetry").get("version"),
            )
    elif (not backend or "setuptools" in names) and _does_setuptools_read_cfg(root, document):
        file, keys = "setup.cfg", ("metadata", "version")
        text = _read_setup_cfg(root / file).get("version")
    version = _parse_version(text)
    return StatedVersion(file=file, keys=keys, version=version) if version else None


def find_counter(root: Path) -> str:
    """Return the tool that makes the version of a project from the tags of git; "" for none."""
    document = _read_pyproject(root / PYPROJECT)
    _, names = _read_backend(document)
    if found := names & COUNTERS:
        return min(found)
    if _find_table(document, "tool", "pdm", "version").get("source") == "scm":
        return "pdm-backend"
    texts = [_read_text(root / name) for name in ("setup.py", "setup.cfg")]
    match = ASKS_GIT.search("\n".join(texts))
    if match is None:
        return ""
    return "setup.py" if match[0].startswith("git") else match[0]


def _read_pyproject(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def _read_backend(document: dict[str, Any]) -> tuple[str, set[str]]:
    """Return the build backend and the normalized names of the build requirements."""
    table = _find_table(document, "build-system")
    requires = table.get("requires")
    texts = map(str, requires if isinstance(requires, list) else ())
    names: set[str] = {canonicalize_name(re.split(r"[^\w.-]", text.strip())[0]) for text in texts}
    return str(table.get("build-backend", "")), names


def _find_table(document: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return a table of a file that anybody wrote; an empty one where there is none."""
    for name in names:
        found = document.get(name)
        document = found if isinstance(found, dict) else {}
    return document


def _does_setuptools_read_cfg(root: Path, document: dict[str, Any]) -> bool:
    """Tell whether setuptools takes the version from setup.cfg.

    What pyproject.toml and setup.py say counts before it, and pbr counts from it.
    """
    dynamic = _find_table(document, "tool", "setuptools", "dynamic")
    setup = parse_declared({"setup.py": _read_text(root / "setup.py")}).fields
    others = {"version", "use_scm_version", "pbr"} & setup.keys()
    return not ("version" in dynamic or others or "pbr" in _read_backend(document)[1])


def _read_text(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text("utf-8", "replace")
    return ""


def _read_setup_cfg(path: Path) -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(path, "utf-8")
    except (configparser.Error, ValueError):
        return {}
    return dict(parser["metadata"]) if parser.has_section("metadata") else {}


def _parse_version(text: object) -> Version | None:
    try:
        return Version(text) if isinstance(text, str) else None
    except ValueError:  # setup.cfg: "attr: package.__version__"
        return None
