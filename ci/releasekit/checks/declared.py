"""Where a project declares its metadata: file and line, for findings.

No TOML library tells positions, and a finding needs only the line of a table or a key; so lines
are looked at one by one, and multi-line strings are passed over.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

SECTION = re.compile(r"\s*\[+\s*([^\]]+?)\s*\]+\s*(?:[#;].*)?$")
KEY = re.compile(r"""\s{0,3}(["']?)([\w.-]+)\1\s*[=:]""")
FENCES = ('"""', "'''")

NAMES = tuple(
    map(re.compile, (r"`([^`\s]+)`", r"'([^'\s]+)'", r"(?<![\w`'./])(\w+[-._][\w.-]*\w)"))
)
"""How a text names a key: in backticks, in quotes, with a dot or a dash or an underscore in it."""
OF_BACKENDS = (
    *("project", "build-system", "tool.setuptools", "tool.distutils", "tool.poetry", "tool.pdm"),
    *("tool.flit", "tool.hatch", "metadata", "options", "global", "bdist", "sdist", "setup()"),
)
"""How the tables begin that build backends read; other tables have keys of the same names."""

POETRY = {"homepage": "urls", "repository": "urls", "documentation": "urls"}
SETUPTOOLS = {
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
"""Keys of setup.cfg and keywords of setup(), by the names that pyproject.toml has for them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A file, and a line in it where that can be had, counted from 1."""

    file: str
    """A file of the project, a dist, or a member of a dist as DIST/MEMBER."""
    line: int | None = None

    def __str__(self) -> str:
        """Render as editors and compilers do."""
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, kw_only=True, slots=True)
class Declared:
    """Where the fields of a project's metadata stand, by the names of pyproject.toml."""

    base: Place | None
    """Where the metadata begins; None where no project is at hand."""
    fields: Mapping[str, Place] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The files, by name."""

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
        for word in (word for pattern in NAMES for word in pattern.findall(text)):
            for file, find_keys in KEYS.items():
                for section, key, line in find_keys(self.texts.get(file, "")):
                    if _is_named(word, section, key):
                        return Place(file=file, line=line)
        return None


def _is_named(word: str, section: str, key: str) -> bool:
    name, path = (text.replace("_", "-") for text in (word, f".{section}.{key}."))
    return f".{name}." in path and ("." in word or section.startswith(OF_BACKENDS))


NOWHERE = Declared(base=None)


def parse_declared(texts: Mapping[str, str]) -> Declared:
    """Return where pyproject.toml, setup.cfg and setup.py, as far as given, declare metadata."""
    fields: dict[str, Place] = {}
    for name, find_fields in READERS.items():
        for declared, line in find_fields(texts.get(name, "")):
            fields.setdefault(declared, Place(file=name, line=line))
    base = fields.get("") or Place(file=next((n for n in READERS if n in texts), "setup.py"))
    return Declared(base=base, fields=fields, texts=texts)


def _find_in_pyproject(text: str) -> Iterator[tuple[str, int]]:
    for section, key, line in _find_keys(text):
        for table, names in (("project", {}), ("tool.poetry", POETRY)):
            if (section, key) == (table, ""):
                yield "", line
            elif section == table:
                name = key.partition(".")[0]
                yield names.get(name, name), line
            elif section.startswith(f"{table}.") and not key:
                yield section.removeprefix(f"{table}.").partition(".")[0], line
        if (section, key) == ("build-system", ""):
            yield section, line


def _find_in_setup_cfg(text: str) -> Iterator[tuple[str, int]]:
    for section, key, line in _find_keys(text):
        if section in ("metadata", "options"):
            name = key.replace("-", "_")
            if key or section == "metadata":
                yield SETUPTOOLS.get(name, key), line
        elif section == "options.entry_points" and not key:
            yield "scripts", line


def _find_keys(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield section, key and line of every table (with an empty key) and every key."""
    section, fence = "", ""
    for number, line in enumerate(text.splitlines(), start=1):
        if fence:
            fence = "" if fence in line else fence
            continue
        if match := SECTION.match(line):
            section = match[1].replace('"', "").replace(" ", "")
            yield section, "", number
        elif match := KEY.match(line):
            yield section, match[2], number
        fence = next((fence for fence in FENCES if line.count(fence) == 1), "")


def _find_in_setup_py(text: str) -> Iterator[tuple[str, int]]:
    for _, keyword, line in _find_keywords(text):
        yield SETUPTOOLS.get(keyword, keyword), line


def _find_keywords(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield a section, keyword and line of every call of setup() and each of its keywords."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):  # ValueError: a null byte
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) == "setup":
            yield "setup()", "", node.lineno
            for keyword in node.keywords:
                if keyword.arg:
                    yield "setup()", keyword.arg, keyword.lineno


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


READERS = {
    "pyproject.toml": _find_in_pyproject,
    "setup.cfg": _find_in_setup_cfg,
    "setup.py": _find_in_setup_py,
}
"""The files in the order in which they count."""
KEYS = {"pyproject.toml": _find_keys, "setup.cfg": _find_keys, "setup.py": _find_keywords}
"""Functions that yield section, key and line."""
