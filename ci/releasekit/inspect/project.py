"""What the project's own files say: its name and version, its metadata, its last build."""

import configparser
import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from releasekit.checks.build_and_proof import parse_warnings
from releasekit.checks.declared import (
    FILES,
    find_packing,
    find_table,
    parse_declared,
    read_build_system,
)
from releasekit.checks.model import ProjectFacts
from releasekit.model.project import StatedVersion
from releasekit.toml import tomllib

# Build requirements that make the version from the commits since the last tag.
COUNTERS = frozenset(
    (
        *("setuptools-scm", "vcs-versioning", "hatch-vcs", "flit-scm", "pbr", "dunamai"),
        *("versioneer", "versioningit", "poetry-dynamic-versioning", "uv-dynamic-versioning"),
        *("setuptools-git-versioning", "setuptools-git-version", "setuptools-vcs-version"),
    )
)


@dataclass(frozen=True, kw_only=True, slots=True)
class StaticMetadata:
    """What is written down; None where the build backend makes it."""

    name: NormalizedName | None
    version: Version | None


def read_project_facts(facts: ProjectFacts, root: Path, log: Path) -> ProjectFacts:
    """Return the facts with what a project's files declare, and what the log of its build warns of.

    There may be no log.
    """
    texts = {name: _read_text(root / name) for name in FILES if (root / name).is_file()}
    said = ""
    with contextlib.suppress(OSError), log.open(encoding="utf-8", errors="replace") as file:
        said = file.read(8 << 20)
    return replace(
        facts,
        declared=parse_declared(texts),
        packing=find_packing(_read_pyproject(root)),
        backend_warnings=parse_warnings(said),
    )


def read_static_metadata(root: Path) -> StaticMetadata:
    """Read [project] of pyproject.toml, Poetry's own table, and [metadata] of setup.cfg."""
    document = _read_pyproject(root)
    poetry, project = find_table(document, "tool", "poetry"), find_table(document, "project")
    found: dict[str, Any] = {**_read_setup_cfg(root), **poetry, **project}
    name = found.get("name")
    return StaticMetadata(
        name=canonicalize_name(name) if isinstance(name, str) and name else None,
        version=_parse_version(found.get("version")),
    )


def find_stated_version(root: Path) -> StatedVersion | None:
    """Return the version of a project, if it stands where it can be written anew.

    That is `version` in [project] (PEP 621), in [tool.poetry] and in [metadata] of setup.cfg,
    where the build backend reads it. None where the backend makes the version.
    """
    document = _read_pyproject(root)
    backend, names = read_build_system(document)
    file, text = "pyproject.toml", find_table(document, "project").get("version")
    keys: tuple[str, ...] = ("project", "version")
    if text is not None:
        pass  # what [project] says counts
    elif backend.startswith("poetry.") or "poetry-core" in names:
        if "poetry-dynamic-versioning" not in names:  # which replaces a placeholder
            keys = ("tool", "poetry", "version")
            text = find_table(document, "tool", "poetry").get("version")
    elif not backend or "setuptools" in names:
        # What pyproject.toml and setup.py say counts before setup.cfg, and pbr counts from it.
        dynamic = find_table(document, "tool", "setuptools", "dynamic")
        setup = parse_declared({"setup.py": _read_text(root / "setup.py")}).fields
        others = {"version", "use_scm_version", "pbr"} & setup.keys()
        if not ("version" in dynamic or others or "pbr" in names):
            file, keys = "setup.cfg", ("metadata", "version")
            text = _read_setup_cfg(root).get("version")
    version = _parse_version(text)
    return StatedVersion(file=file, keys=keys, version=version) if version else None


def find_counter(root: Path) -> str:
    """Return the tool that makes the version of a project from the tags of git; "" for none."""
    document = _read_pyproject(root)
    if found := read_build_system(document)[1] & COUNTERS:
        return min(found)
    if find_table(document, "tool", "pdm", "version").get("source") == "scm":
        return "pdm-backend"
    text = "\n".join(_read_text(root / name) for name in ("setup.py", "setup.cfg"))
    called = re.search(r"use_scm_version|setuptools_scm|versioneer|\bpbr\b|git\W+describe", text)
    name = called[0] if called else ""
    return "setup.py" if name.startswith("git") else name


def _read_pyproject(root: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def _read_text(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text("utf-8", "replace")
    return ""


def _read_setup_cfg(root: Path) -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(root / "setup.cfg", "utf-8")
    except (configparser.Error, ValueError):
        return {}
    return dict(parser["metadata"]) if parser.has_section("metadata") else {}


def _parse_version(text: object) -> Version | None:
    try:
        return Version(text) if isinstance(text, str) else None
    except ValueError:  # setup.cfg: "attr: package.__version__"
        return None
