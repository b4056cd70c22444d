"""Build backends: by which key of theirs a file gets into the sdist, and which leave files out."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from packaging.utils import canonicalize_name


@dataclass(frozen=True, kw_only=True, slots=True)
class Backend:
    """What a build backend reads."""

    include: str
    """How a file gets into the sdist, after "include them"."""
    lists: tuple[tuple[str, str], ...] = ()
    """Pairs of a key and its table: a file has to be named in the first that the project has."""
    excludes: tuple[str, ...] = ()
    """Keys with patterns of files that are left out on purpose, with dots between the tables."""
    modules: tuple[str, ...] = ()
    """How `build-backend` begins."""
    packages: tuple[str, ...] = ()
    """What [build-system] requires for it: a backend of the project's own may wrap it."""


SETUPTOOLS = Backend(
    include="in MANIFEST.in",
    modules=("setuptools", "pbr", "scikit_build_core.setuptools", "jupyter_packaging"),
    packages=("setuptools",),
)
BACKENDS = (
    Backend(
        # Without a list it packs all but what .gitignore names.
        include="by `artifacts` in [tool.hatch.build.targets.sdist]",
        lists=(
            ("only-include", "hatch.build.targets.sdist"),
            ("include", "hatch.build.targets.sdist"),
            ("only-include", "hatch.build"),
            ("include", "hatch.build"),
        ),
        excludes=("hatch.build.exclude", "hatch.build.targets.sdist.exclude"),
        modules=("hatchling",),
        packages=("hatchling",),
    ),
    Backend(
        include="by `include` in [tool.flit.sdist]",
        excludes=("flit.sdist.exclude",),
        modules=("flit",),
        packages=("flit-core", "flit"),
    ),
    Backend(
        include='by `include = [{ path = "…", format = "sdist" }]` in [tool.poetry]',
        excludes=("poetry.exclude",),
        modules=("poetry",),
        packages=("poetry-core", "poetry"),
    ),
    Backend(
        include="by `source-includes` in [tool.pdm.build]",
        excludes=("pdm.build.excludes", "pdm.excludes"),
        modules=("pdm",),
        packages=("pdm-backend", "pdm-pep517"),
    ),
    Backend(
        include="by `source-include` in [tool.uv.build-backend]",
        excludes=("uv.build-backend.source-exclude",),
        modules=("uv",),
        packages=("uv-build", "uv"),
    ),
    SETUPTOOLS,  # before scikit-build-core, which can wrap it
    Backend(
        include="by `sdist.include` in [tool.scikit-build]",
        excludes=("scikit-build.sdist.exclude",),
        modules=("scikit_build_core",),
        packages=("scikit-build-core",),
    ),
    Backend(
        include="by removing `export-ignore` from .gitattributes (meson dist packs what git has)",
        modules=("mesonpy",),
        packages=("meson-python",),
    ),
    Backend(
        include='by `include = [{ path = "…", format = "sdist" }]` in [tool.maturin]',
        excludes=("maturin.exclude",),
        modules=("maturin",),
        packages=("maturin",),
    ),
)
"""What their documentation says (hatchling 1.27, flit-core 3.12, poetry-core 2.1, pdm-backend 2.4,
uv_build 0.8, scikit-build-core 0.11, meson-python 0.18, maturin 1.8)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Packing:
    """How files get into the sdist of a project."""

    include: str = SETUPTOOLS.include
    reads_manifest: bool = True
    """Whether MANIFEST.in counts."""
    left_out: tuple[str, ...] = field(default=(), repr=False)
    """Patterns of files that the project leaves out on purpose, by a key of its backend."""


def find_packing(pyproject: Mapping[str, Any]) -> Packing:
    """Return how files get into the sdist, by the [build-system] of a pyproject.toml."""
    name, required = read_build_system(pyproject)
    name = name or "setuptools.build_meta"  # PEP 517's default
    is_own = find_table(pyproject, "build-system").get("backend-path")
    by_name = (
        one
        for one in BACKENDS
        if any(f"{name}.".startswith((f"{m}.", f"{m}:", f"{m}_")) for m in one.modules)
    )
    by_package = (one for one in BACKENDS if required.intersection(one.packages))
    backend = next(itertools.chain(() if is_own else by_name, by_package), None)
    if backend is None:
        said = f"as the documentation of {name} says"
        return Packing(include=said, reads_manifest=False)
    lists = (
        f"by `{key}` in [tool.{table}]"
        for key, table in backend.lists
        if _read_patterns(pyproject, f"{table}.{key}")
    )
    excludes = (_read_patterns(pyproject, key) for key in backend.excludes)
    return Packing(
        include=next(lists, backend.include),
        reads_manifest=backend is SETUPTOOLS,
        left_out=tuple(itertools.chain.from_iterable(excludes)),
    )


def find_table(document: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Return a table of a file that anybody wrote; an empty one where there is none."""
    for name in names:
        found = document.get(name)
        document = found if isinstance(found, dict) else {}
    return document


def read_build_system(pyproject: Mapping[str, Any]) -> tuple[str, set[str]]:
    """Return the build backend, "" for none, and the normalized names of build requirements."""
    table = find_table(pyproject, "build-system")
    requires = table.get("requires")
    texts = map(str, requires if isinstance(requires, list) else ())
    names: set[str] = {canonicalize_name(re.split(r"[^\w.-]", text.strip())[0]) for text in texts}
    return str(table.get("build-backend") or ""), names


def _read_patterns(pyproject: Mapping[str, Any], key: str) -> list[str]:
    *tables, last = key.split(".")
    value = find_table(pyproject, "tool", *tables).get(last)
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str)]
