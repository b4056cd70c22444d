"""Where a project declares its metadata: file and line, for findings.

No TOML library tells positions, and a finding needs only the line of a table or a key; so lines
are looked at one by one, and multi-line strings are passed over.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

NAMES = (r"`([^`\s]+)`", r"'([^'\s]+)'", r"(?<![\w`'./])(\w+[-._][\w.-]*\w)")
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
            name = _name_field(section, key)
            if name is not None:
                fields.setdefault(name, Place(file=file, line=line))
    base = fields.get("") or Place(file=next((n for n in FILES if n in texts), "setup.py"))
    return Declared(base=base, fields=fields, texts=texts)


def _name_field(section: str, key: str) -> str | None:
    """Return the field that a table or key declares: "" where all of the metadata begins."""
    for table, names in (("project", {}), ("tool.poetry", POETRY)):
        name = key.partition(".")[0]
        if section == table:
            return names.get(name, name)
        if section.startswith(f"{table}.") and not key:
            return section.removeprefix(f"{table}.").partition(".")[0]
    if section in ("metadata", "setup()") or (section == "options" and key):
        return SETUPTOOLS.get(key.replace("-", "_"), key)
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
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
            if name == "setup":
                yield "setup()", "", node.lineno
                for keyword in node.keywords:
                    if keyword.arg:
                        yield "setup()", keyword.arg, keyword.lineno


FILES = {"pyproject.toml": _find_keys, "setup.cfg": _find_keys, "setup.py": _find_keywords}
"""How to find section, key and line in files that declare metadata, in the order they count."""
