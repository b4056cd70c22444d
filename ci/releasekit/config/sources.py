"""The settings of a project: its files, then the environment."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from releasekit.config.parse import find_table, parse_settings, read_environment
from releasekit.config.settings import Settings
from releasekit.errors import InvalidConfiguration
from releasekit.errors.usage import INVALID_CONFIGURATION

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def read_settings(root: Path, environ: Mapping[str, str]) -> Settings:
    """Read the settings of the project and the environment; raises InvalidConfiguration."""
    pyproject = _read_toml(root / "pyproject.toml") or {}
    own = _read_toml(root / "releasekit.toml")
    table = find_table(root, pyproject, own)
    settings = parse_settings([table, read_environment(environ)])
    constraints = settings.build_constraints
    if constraints and not (root / constraints).is_file():
        problem = f"build-constraints: there is no file {root / constraints}"
        raise InvalidConfiguration(
            INVALID_CONFIGURATION, source=table.name, places="1 place", problems=problem
        )
    return settings


def read_name(root: Path) -> str | None:
    """Return the normalized name that a project states for all to read; None if it does not."""
    try:
        table = (_read_toml(root / "pyproject.toml") or {}).get("project")
    except (InvalidConfiguration, OSError):
        return None  # told when the project's turn comes
    name = table.get("name") if isinstance(table, dict) else None
    return canonicalize_name(name) if isinstance(name, str) else None


def read_needs(root: Path) -> frozenset[str]:
    """Return the normalized names of the requirements that pyproject.toml states, extras included.

    What a backend computes is not known before the build.
    """
    try:
        pyproject = _read_toml(root / "pyproject.toml") or {}
    except (InvalidConfiguration, OSError):
        return frozenset()  # told when the project's turn comes
    found: set[str] = set()
    for texts in _list_requirements(pyproject):
        for text in texts if isinstance(texts, list) else ():
            with contextlib.suppress(InvalidRequirement, TypeError):
                found.add(canonicalize_name(Requirement(text).name))
        found |= {canonicalize_name(name) for name in texts} if isinstance(texts, dict) else set()
    return frozenset(found)


def _list_requirements(pyproject: Mapping[str, Any]) -> Iterator[object]:
    """Yield lists of requirements (PEP 621, PEP 518), and Poetry's tables of them."""
    for path in (
        ("build-system", "requires"),
        ("project", "dependencies"),
        ("tool", "poetry", "dependencies"),
    ):
        yield _find(pyproject, *path)
    extras = _find(pyproject, "project", "optional-dependencies")
    yield from extras.values() if isinstance(extras, dict) else ()


def _find(table: object, *path: str) -> object:
    for key in path:
        table = table.get(key) if isinstance(table, Mapping) else None
    return table


def _read_toml(path: Path) -> Mapping[str, Any] | None:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidConfiguration(
            INVALID_CONFIGURATION, source=str(path), places="1 place", problems=str(error)
        ) from error
