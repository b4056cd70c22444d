"""The name and the version that a project's files declare, before anything is built."""

from __future__ import annotations

import configparser
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True, kw_only=True, slots=True)
class Declared:
    """What is written down; None where the build backend makes it."""

    name: NormalizedName | None
    version: Version | None


def read_declared(root: Path) -> Declared:
    """Read [project] of pyproject.toml, Poetry's own table, and [metadata] of setup.cfg."""
    found: dict[str, Any] = dict(_read_setup_cfg(root / "setup.cfg"))
    document = _read_pyproject(root / "pyproject.toml")
    for table in (document.get("tool", {}).get("poetry"), document.get("project")):
        found |= table if isinstance(table, dict) else {}
    name, version = found.get("name"), found.get("version")
    return Declared(
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
    except InvalidVersion:  # setup.cfg: "attr: package.__version__"
        return None
