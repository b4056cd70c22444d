"""What the files of a project declare: its metadata, by file and line, and what goes into sdists.

No TOML library tells positions, and a finding needs only the line of a table or a key; so lines
are looked at one by one, and multi-line strings are passed over.
"""

import ast
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from packaging.utils import canonicalize_name

# How a text names a key: in backticks, in quotes, with a dot or a dash or an underscore in it.
NAMES = (r"`([^`\s]+)`", r"'([^'\s]+)'", r"(?<![\w`'./])(\w+[-._][\w.-]*\w)")
# How the tables begin that build backends read; other tables have keys of the same names.
OF_BACKENDS = (
    *("project", "build-system", "tool.setuptools", "tool.distutils", "tool.poetry", "tool.pdm"),
    *("tool.flit", "tool.hatch", "metadata", "options", "global", "bdist", "sdist", "setup()"),
)

POETRY_FIELDS = {"homepage": "urls", "repository": "urls", "documentation": "urls"}
# Keys of setup.cfg and keywords of setup(), by the names that pyproject.toml has for them.
SETUPTOOLS_FIELDS = {
    "url": "urls",
    "project_urls": "urls",
    "download_url": "urls",
    "long_description": "readme",
    "long_description_content_type": "readme",
    "author": "authors",
    "author_email": "authors",
    "maintainer": "maintainers",
    "maintainer_email": "maintainers",
    "license_expression": "license",
    "license_files": "license-files",
    "license_file": "license-files",
    "python_requires": "requires-python",
    "install_requires": "dependencies",
    "extras_require": "optional-dependencies",
    "entry_points": "scripts",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A file of the project, a dist, or DIST/MEMBER; and a line in it where that can be had."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, kw_only=True, slots=True)
class Declared:
    """Where the fields of a project's metadata stand, by the names of pyproject.toml.

    All of it begins at the base, which is None where no project is at hand. The texts are those of
    the files, by name.
    """

    base: Place | None
    fields: Mapping[str, Place] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)

    def find(self, *names: str, near: str = "") -> Place | None:
        """Return the place of the first field that is declared, else where the metadata begins.

        `near` is a text to look for from the field's line on.
        """
        place = next((self.fields[name] for name in names if name in self.fields), self.base)
        if place is None or place.line is None or not near:
            return place
        lines = self.texts[place.file].splitlines()[place.line - 1 :]
        below = (number for number, line in enumerate(lines, place.line) if near in line)
        return Place(file=place.file, line=next(below, place.line))

    def spell_addition(self, project: str, keyword: str, value: str, poetry: str = "") -> str:
        """Return how a field is added where this project declares its metadata.

        `project` is a line of [project]; `keyword` and `value` are for setuptools; `poetry` is for
        [tool.poetry], where it has another line and table.
        """
        file = self.base.file if self.base else ""
        if file == "setup.py":
            return f'add {keyword}="{value}" to setup()'
        if file == "setup.cfg":
            table = "options" if keyword == "python_requires" else "metadata"
            return f"add {keyword} = {value} to [{table}] of setup.cfg"
        keys = _find_keys(self.texts.get("pyproject.toml", ""))
        tables = {section for section, key, _ in keys if not key}
        if "tool.poetry" in tables and "project" not in tables:
            return f"add {poetry or f'{project} to [tool.poetry]'}"
        return f"add {project} to [project]"

    def find_named(self, text: str) -> Place | None:
        """Return where the first key stands that a text names; None if no file has one of them.

        Names are such as `project.license`, 'description-file' and bdist_wheel.universal.
        """
        for word in (word for pattern in NAMES for word in re.findall(pattern, text)):
            name = f".{word}.".replace("_", "-")
            for file, find_keys in FILES.items():
                for section, key, line in find_keys(self.texts.get(file, "")):
                    is_named = name in f".{section}.{key}.".replace("_", "-")
                    if is_named and ("." in word or section.startswith(OF_BACKENDS)):
                        return Place(file=file, line=line)
        return None


NOWHERE = Declared(base=None)


def parse_declared(texts: Mapping[str, str]) -> Declared:
    """Return where pyproject.toml, setup.cfg and setup.py, as far as given, declare metadata."""
    fields: dict[str, Place] = {}
    for file, find_keys in FILES.items():
        for section, key, line in find_keys(texts.get(file, "")):
            if (name := _name_field(section, key)) is not None:
                fields.setdefault(name, Place(file=file, line=line))
    base = fields.get("") or Place(file=next((n for n in FILES if n in texts), "setup.py"))
    return Declared(base=base, fields=fields, texts=texts)


def _name_field(section: str, key: str) -> str | None:
    """Return the field that a table or key declares: "" where all of the metadata begins."""
    for table, names in (("project", {}), ("tool.poetry", POETRY_FIELDS)):
        name = key.partition(".")[0]
        if section == table:
            return names.get(name, name)
        if section.startswith(f"{table}.") and not key:
            return section.removeprefix(f"{table}.").partition(".")[0]
    if section in ("metadata", "setup()") or (section == "options" and key):
        return SETUPTOOLS_FIELDS.get(key.replace("-", "_"), key)
    tables = {"build-system": "build-system", "options.entry_points": "scripts"}
    return None if key else tables.get(section)


def _find_keys(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield section, key and line of every table (with an empty key) and every key."""
    section, fence = "", ""
    for number, line in enumerate(text.splitlines(), start=1):
        if fence:
            fence = "" if fence in line else fence
            continue
        if match := re.match(r"\s*\[+\s*([^\]]+?)\s*\]+\s*(?:[#;].*)?$", line):
            section = match[1].replace('"', "").replace(" ", "")
            yield section, "", number
        elif match := re.match(r"""\s{0,3}(["']?)([\w.-]+)\1\s*[=:]""", line):
            yield section, match[2], number
        fence = next((fence for fence in ('"""', "'''") if line.count(fence) == 1), "")


def _find_keywords(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield a section, keyword and line of every call of setup() and each of its keywords."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):  # ValueError: a null byte
        return
    for node in ast.walk(tree):
        # setup() or setuptools.setup()
        if isinstance(node, ast.Call) and "setup" in (
            getattr(node.func, "id", None),
            getattr(node.func, "attr", None),
        ):
            yield "setup()", "", node.lineno
            for keyword in node.keywords:
                if keyword.arg:
                    yield "setup()", keyword.arg, keyword.lineno


# How to find section, key and line in files that declare metadata, in the order they count.
FILES = {"pyproject.toml": _find_keys, "setup.cfg": _find_keys, "setup.py": _find_keywords}


@dataclass(frozen=True, kw_only=True, slots=True)
class Backend:
    """What a build backend reads, and how it is known.

    `include` says how a file gets into the sdist, after "include them". A file has to be named in
    the first of the `lists`, pairs of a key and its table, that the project has. By the keys in
    `excludes` files are left out on purpose. The name in `build-backend` begins with one of the
    `modules`; where a backend of the project's own wraps it, [build-system] requires one of the
    `packages`.
    """

    include: str
    lists: tuple[tuple[str, str], ...] = ()
    excludes: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


SETUPTOOLS_BACKEND = Backend(
    include="in MANIFEST.in",
    modules=("setuptools", "pbr", "scikit_build_core.setuptools", "jupyter_packaging"),
    packages=("setuptools",),
)
# What their documentation says (hatchling 1.27, flit-core 3.12, poetry-core 2.1, pdm-backend 2.4,
# uv_build 0.8, scikit-build-core 0.11, meson-python 0.18, maturin 1.8).
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
    SETUPTOOLS_BACKEND,  # before scikit-build-core, which can wrap it
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Packing:
    """How files get into the sdist of a project: whether MANIFEST.in counts, and what is left out.

    Left out on purpose is what fits the patterns in a key of the backend.
    """

    include: str = SETUPTOOLS_BACKEND.include
    reads_manifest: bool = True
    left_out: tuple[str, ...] = field(default=(), repr=False)


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
        return Packing(include=f"as the documentation of {name} says", reads_manifest=False)
    lists = (
        f"by `{key}` in [tool.{table}]"
        for key, table in backend.lists
        if _read_patterns(pyproject, f"{table}.{key}")
    )
    return Packing(
        include=next(lists, backend.include),
        reads_manifest=backend is SETUPTOOLS_BACKEND,
        left_out=tuple(one for key in backend.excludes for one in _read_patterns(pyproject, key)),
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
