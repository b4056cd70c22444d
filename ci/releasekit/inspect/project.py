"""What the project's own files say: its name and version, its metadata, its last build."""

from __future__ import annotations

import configparser
import contextlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from releasekit.checks.backends import Packing, find_packing
from releasekit.checks.declared import READERS, Declared, parse_declared
from releasekit.checks.facts import BackendWarning
from releasekit.checks.origins import parse_warnings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LOG_LIMIT = 8 << 20
"""Characters of a build log that are searched."""


def read_declared(root: Path) -> Declared:
    """Return where the project at `root` declares its metadata."""
    texts = {}
    for name in READERS:
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


def read_static_version(root: Path) -> Version | None:
    """Return `version` of [project], which a backend may not change (PEP 621); None without one.

    Other tables may hold a number that a plugin of the backend replaces.
    """
    table = _read_pyproject(root / "pyproject.toml").get("project")
    return _parse_version(table.get("version")) if isinstance(table, dict) else None


def _read_pyproject(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}


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
