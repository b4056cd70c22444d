"""The import rule, read from the code: section 6 of the design."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
PACKAGE = REPOSITORY / "ci" / "releasekit"
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}

HOOK_SERVER = "releasekit.build.hooks.server"
"""A program of its own, which build environments run."""

PURE = ("checks", "errors", "events", "model", "outcome", "redact", "report")
"""They have no effects, nor has what they import."""

COMMANDS = ("admin", "pipeline", "prepare", "run", "steps", "tasks")
"""They know the whole of a run. Only the doors and each other import them."""

DOORS = ("__main__", "cli", "foreign", "pool", "projects", "request", "serve", "sessions")

EFFECTS = {
    *("asyncio", "ctypes", "multiprocessing", "os", "random", "secrets", "select", "signal"),
    *(
        "socket",
        "socketserver",
        "subprocess",
        "sys",
        "tempfile",
        "threading",
        "time",
        "urllib.request",
    ),
}
"""Modules of the standard library that have effects."""


def find_imports(name: str, nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the modules that a module imports in these nodes."""
    package = name if MODULES[name].name == "__init__.py" else name.rpartition(".")[0]
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            base = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            names = (f"{module}.{alias.name}" for alias in node.names)
            yield from (full if full in MODULES else module for full in names)


def find_typing_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield what stands below `if TYPE_CHECKING`, and is not imported when the program runs."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from ast.walk(node)


IMPORTS = {name: set(find_imports(name, ast.walk(tree))) for name, tree in TREES.items()}
"""What each module imports, at its top or in a function."""


def below(*packages: str) -> list[str]:
    return [name for name in MODULES if is_in(name, *packages)]


def is_in(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def ours(*names: str) -> tuple[str, ...]:
    return tuple(f"releasekit.{name}" for name in names)


def find_package(name: str) -> str:
    """Return the package of a module, or the module itself if it stands alone."""
    return ".".join(name.split(".")[:2])


def find_imports_at_run_time(name: str) -> set[str]:
    nodes = set(ast.walk(TREES[name])) - set(find_typing_nodes(TREES[name]))
    return set(find_imports(name, nodes))


def find_reachable(name: str, edges: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = edges[waiting.pop()] - found
        found |= new
        waiting.extend(new)
    return found


def test_packages_have_no_circular_imports() -> None:
    edges: dict[str, set[str]] = {find_package(name): set() for name in MODULES}
    for name, found in IMPORTS.items():
        package = find_package(name)
        edges[package] |= {find_package(other) for other in found if other in MODULES} - {package}
    assert [package for package in edges if package in find_reachable(package, edges)] == []


def test_model_checks_and_reports_have_no_effects() -> None:
    runtime = {name: find_imports_at_run_time(name) for name in MODULES}
    edges = {
        name: {other for other in found if other in MODULES} for name, found in runtime.items()
    }
    pure = set(below(*ours(*PURE)))
    pure |= {other for name in pure for other in find_reachable(name, edges)}
    outside = {(name, other) for name in pure for other in runtime[name] if other not in MODULES}
    effects = {
        (name, other)
        for name, other in outside
        if is_in(other, *EFFECTS) or not is_known_library(other)
    }
    assert effects == set()


def is_known_library(name: str) -> bool:
    top = name.split(".")[0]
    return top in sys.stdlib_module_names or top in ("packaging", "pydantic", "releasekit")


def test_only_doors_and_commands_import_commands() -> None:
    commands = ours(*COMMANDS)
    users = {name for name in MODULES if any(is_in(found, *commands) for found in IMPORTS[name])}
    assert {name for name in users if not is_in(name, *commands, *ours(*DOORS))} == set()


@pytest.mark.parametrize("name", below(*ours(*COMMANDS)))
def test_commands_leave_effects_to_packages(name: str) -> None:
    effects = ("subprocess", "socket", "os", "requests", "urllib3")
    assert {found for found in IMPORTS[name] if is_in(found, *effects)} == set()


def test_servers_are_started_in_one_module_alone() -> None:
    servers = ("releasekit.sandbox", "releasekit_nexus")
    users = {
        name
        for name in MODULES
        if any(is_in(found, *servers) for found in find_imports_at_run_time(name))
    }
    assert users == {"releasekit.serve"}


def test_only_the_sessions_import_nox() -> None:
    users = {name for name in MODULES if any(is_in(found, "nox") for found in IMPORTS[name])}
    assert users == {"releasekit.sessions"}


# What is run before a command is known: it keeps the project's modules out.
FIRST = {"releasekit.__main__", "releasekit.cli", "releasekit.foreign"}


def test_only_the_command_line_reads_the_environment() -> None:
    readers = {
        name
        for name, tree in TREES.items()
        if name != HOOK_SERVER
        for node in ast.walk(tree)
        if (
            (isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv"))
            and isinstance(node.value, ast.Name)
            and node.value.id == "os"
        )
        or (isinstance(node, ast.ImportFrom) and node.module == "os")
    }
    assert readers <= FIRST


def test_only_the_command_line_and_the_terminal_print() -> None:
    printers = {
        name
        for name, tree in TREES.items()
        if name != HOOK_SERVER
        for node in ast.walk(tree)
        if (isinstance(node, ast.Name) and node.id == "print")
        or (
            isinstance(node, ast.Attribute)
            and node.attr in ("stdout", "stderr")
            and isinstance(node.value, ast.Name)
            and node.value.id == "sys"
        )
        or (isinstance(node, ast.ImportFrom) and is_in(node.module or "", "rich"))
    }
    # `run` writes the documents of --json: the command line's other half.
    assert printers - FIRST - {"releasekit.run"} == {"releasekit.terminal"}


def test_import_rule_sees_late_imports() -> None:
    assert "releasekit.credentials" in IMPORTS["releasekit.prepare"]
    assert "releasekit.build.checkout" in IMPORTS["releasekit.steps.build"]


# Built from parts: this file is searched too.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("pypi", "python", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("maven", "org"),
        ("maven", "apache", "org"),
        ("rubygems", "org"),
        ("crates", "io"),
        ("anaconda", "org"),
        ("docker", "io"),
    )
]


def test_no_file_names_the_host_of_a_public_registry() -> None:
    listed = subprocess.run(
        ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"),
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
    )
    files = [REPOSITORY / name for name in listed.stdout.decode().split("\0") if name]
    pattern = re.compile("|".join(map(re.escape, REGISTRIES)), re.IGNORECASE)
    named = {
        f"{path.relative_to(REPOSITORY)}: {match[0]}"
        for path in files
        if path.is_file()
        for match in pattern.finditer(path.read_text(encoding="utf-8", errors="replace"))
    }
    assert named == set()
