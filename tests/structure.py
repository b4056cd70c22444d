"""Measure the structure of the code against its limits: `nox -s structure`.

Everything is read from the source with `ast`; nothing of the package is imported.
"""

from __future__ import annotations

import ast
import re
import statistics
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from import_graph import Package, is_in

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

STATEMENTS = 8_500
"""Statements in `ci/`: the statement nodes of `ast`, docstrings and imports included.

By this count version 2 had 11,978. A later change may raise it, up to 11,500, and says why.
"""
LONGEST_FILE = 400
"""Lines of a file, comments and blank lines included."""
LONGER_FILES = {"ci/releasekit/sandbox.py": 500}
"""Section 7 of the design: the sandbox is one file, of so many lines at most."""
MEDIAN_FILE = (100, 200)
LONGEST_FUNCTION = 45
"""Lines of a function's body: without its signature, its decorators and its docstring."""
MEDIAN_FUNCTION = (5, 10)
EXCEPTIONS = 0
"""Modules that import commands, although they are neither a door nor a command."""
IMPORTS_BY_STRING = 0
GETATTR_COMMANDS = 0
"""Calls of `getattr` on a module of the kit, or on one named by a string, with a computed name."""
DEPENDENCIES = 23
"""Direct runtime dependencies; one for some versions of Python alone counts too."""

DOORS = ("__main__", "cli", "sessions")
"""The modules that may import commands."""
COMMANDS = ("commands",)
"""The modules that know the whole of a run."""
NOT_ON_THE_RELEASE_PATH = ("build.hooks",)
"""Programs of their own, which build environments run: PEP 517 names a backend by a string."""


@dataclass(frozen=True)
class Row:
    """A row of the table, with what keeps the target from being met."""

    title: str
    target: str
    measured: str
    holds: bool
    offenders: tuple[str, ...] = ()


def measure(root: Path) -> list[Row]:
    """Return the rows for a repository with `ci/`, `ci/releasekit/` and `pyproject.toml`."""
    paths = sorted((root / "ci").rglob("*.py"))
    texts = {str(path.relative_to(root)): path.read_text(encoding="utf-8") for path in paths}
    trees = {name: ast.parse(text) for name, text in texts.items()}
    package = Package(root / "ci" / "releasekit")
    return [
        _measure_statements(trees),
        *_measure_lengths("file", {name: len(text.splitlines()) for name, text in texts.items()}),
        *_measure_lengths("function", dict(_find_functions(trees))),
        _count("exceptions to the import rule", EXCEPTIONS, find_exceptions(package)),
        _count(
            "modules imported by a string on the release path",
            IMPORTS_BY_STRING,
            find_imports_by_string(package),
        ),
        _count("commands found by getattr", GETATTR_COMMANDS, find_getattr_commands(package)),
        _measure_dependencies(root / "pyproject.toml"),
    ]


def _measure_statements(trees: Mapping[str, ast.Module]) -> Row:
    number = sum(isinstance(n, ast.stmt) for tree in trees.values() for n in ast.walk(tree))
    return Row("statements in ci/", f"<= {STATEMENTS:,}", f"{number:,}", number <= STATEMENTS)


def _measure_lengths(kind: str, lengths: Mapping[str, int]) -> Iterator[Row]:
    """Yield the rows for the longest one, and for the median."""
    limit, (low, high) = {
        "file": (LONGEST_FILE, MEDIAN_FILE),
        "function": (LONGEST_FUNCTION, MEDIAN_FUNCTION),
    }[kind]
    longest = max((n for name, n in lengths.items() if name not in LONGER_FILES), default=0)
    over = sorted((n, name) for name, n in lengths.items() if n > LONGER_FILES.get(name, limit))
    offenders = tuple(f"{name}: {length} lines" for length, name in reversed(over))
    yield Row(f"longest {kind}", f"<= {limit}", str(longest), not over, offenders)
    median = statistics.median(lengths.values()) if lengths else 0
    yield Row(f"median {kind}", f"{low} to {high}", f"{median:g}", low <= median <= high)


def _find_functions(trees: Mapping[str, ast.Module]) -> Iterator[tuple[str, int]]:
    """Yield each function, by file, line and name, with the lines of its body."""
    for file, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                body = node.body[1:] if ast.get_docstring(node, clean=False) else node.body
                lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
                yield f"{file}:{node.lineno} {node.name}", lines


def find_exceptions(package: Package) -> list[str]:
    """Return the imports of commands that the import rule does not allow."""
    root = package.directory.name
    commands = [f"{root}.{name}" for name in COMMANDS]
    allowed = [*commands, *(f"{root}.{name}" for name in DOORS)]
    return [
        f"{name} imports {found}"
        for name in package.modules
        if not is_in(name, *allowed)
        for found in sorted(package.find_imports_at_run_time(name))
        if is_in(found, *commands)
    ]


def find_imports_by_string(package: Package) -> list[str]:
    """Return the calls that import a module whose name is a string."""
    root = package.directory.name
    elsewhere = [f"{root}.{name}" for name in NOT_ON_THE_RELEASE_PATH]
    return [
        f"{name}, line {node.lineno}: {ast.unparse(node)}"
        for name, tree in package.trees.items()
        if not is_in(name, *elsewhere)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _is_import_by_string(node)
    ]


def find_getattr_commands(package: Package) -> list[str]:
    """Return the calls of `getattr` on such a module whose second argument is no literal."""
    return [
        f"{name}, line {node.lineno}: {ast.unparse(node)}"
        for name, tree in package.trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "getattr"
        and not isinstance(node.args[1], ast.Constant)
        and _is_module(node.args[0], package, name)
    ]


def _is_module(node: ast.AST, package: Package, name: str) -> bool:
    if isinstance(node, ast.Name):
        return node.id in _find_module_names(package, name)
    return _is_import_by_string(node)


def _is_import_by_string(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = ast.unparse(node.func).rpartition(".")[2]
    return called in ("import_module", "__import__", "run_module")


def _find_module_names(package: Package, name: str) -> set[str]:
    """Return the names that are bound to modules of the package, or to one named by a string."""
    names: set[str] = set()
    for node in ast.walk(package.trees[name]):
        if isinstance(node, ast.ImportFrom):
            found = zip(node.names, package.find_imports(name, [node]), strict=True)
            names |= {a.asname or a.name for a, full in found if full.endswith(f".{a.name}")}
        elif isinstance(node, ast.Assign) and _is_import_by_string(node.value):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def _measure_dependencies(pyproject: Path) -> Row:
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    found = (re.match(r"[\w.-]+", need) for need in project.get("dependencies", ()))
    number = len({match[0].lower() for match in found if match})
    title = "direct runtime dependencies"
    return Row(title, f"<= {DEPENDENCIES}", str(number), number <= DEPENDENCIES)


def _count(title: str, limit: int, found: list[str]) -> Row:
    holds = len(found) <= limit
    return Row(title, str(limit), str(len(found)), holds, () if holds else tuple(found))


def render(rows: list[Row]) -> str:
    """Return the table as Markdown, and below it what keeps each target from being met."""
    lines = ["| target | limit | measured | holds |", "|---|---|---|---|"]
    lines += [
        f"| {row.title} | {row.target} | {row.measured} | {'yes' if row.holds else 'no'} |"
        for row in rows
    ]
    for row in rows:
        if row.offenders:
            lines += ["", f"{row.title}:", *(f"- {offender}" for offender in row.offenders)]
    return "\n".join(lines)


def main(root: Path = Path(__file__).parents[1]) -> int:
    """Print the table; return 1 if a target is missed."""
    rows = measure(root)
    sys.stdout.write(f"{render(rows)}\n")
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
