"""The import rule, read from the code: section 6 of the design."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from import_graph import Package, find_reachable, is_in

REPOSITORY = Path(__file__).parents[1]
PACKAGE = Package(REPOSITORY / "ci" / "releasekit")
MODULES = PACKAGE.modules
TREES = PACKAGE.trees
IMPORTS = PACKAGE.imports
imports = PACKAGE.find_imports_at_run_time
below = PACKAGE.find_below

HOOK_SERVER = "releasekit.build.hooks.server"
"""A program of its own, which build environments run."""

PURE = ("checks", "errors", "model", "outcome", "redact", "report")
"""They have no effects, nor has what they import."""

COMMANDS = "releasekit.commands"
"""Only the doors and other commands import them, and only they know the context."""

DOORS = ("cli", "run", "sessions")

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


def ours(*names: str) -> tuple[str, ...]:
    return tuple(f"releasekit.{name}" for name in names)


def find_package(name: str) -> str:
    """Return the package of a module, or the module itself if it stands alone."""
    return ".".join(name.split(".")[:2])


def test_packages_have_no_circular_imports() -> None:
    edges: dict[str, set[str]] = {find_package(name): set() for name in MODULES}
    for name in MODULES:
        package = find_package(name)
        edges[package] |= {find_package(other) for other in imports(name) if other in MODULES}
        edges[package].discard(package)
    assert [package for package in edges if package in find_reachable(package, edges)] == []


def test_model_checks_and_reports_have_no_effects() -> None:
    runtime = {name: imports(name) for name in MODULES}
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


def test_only_doors_import_commands() -> None:
    users = {name for name in MODULES if any(is_in(found, COMMANDS) for found in imports(name))}
    assert {name for name in users if not is_in(name, COMMANDS, *ours(*DOORS))} == set()


def test_only_commands_know_the_context() -> None:
    context = "releasekit.context"
    users = {name for name in MODULES if context in imports(name)}
    assert {name for name in users if not is_in(name, COMMANDS, *ours(*DOORS))} == set()


@pytest.mark.parametrize("name", below(COMMANDS))
def test_commands_leave_effects_to_packages(name: str) -> None:
    effects = ("subprocess", "socket", "os", "requests", "urllib3")
    assert {found for found in imports(name) if is_in(found, *effects)} == set()


def test_servers_are_started_in_one_module_alone() -> None:
    servers = ("releasekit.sandbox", "releasekit_nexus")
    users = {name for name in MODULES if any(is_in(found, *servers) for found in imports(name))}
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


def test_only_one_module_finds_the_home() -> None:
    finders = {
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("expanduser", "home", "expandvars")
    }
    assert finders == {"releasekit.home"}
    assert {name for name, found in IMPORTS.items() if "platformdirs" in found} == set()


def test_only_the_http_client_connects() -> None:
    form = "urllib3.filepost"  # encodes, and connects to nothing
    clients = ("requests", "urllib3", "http.client", "urllib.request")
    users = {
        (name, other)
        for name in set(MODULES) - set(below("releasekit.http"))
        for other in IMPORTS[name]
        if is_in(other, *clients) and other != form
    }
    # The doctor looks at a TLS chain on a connection on which nothing is ever sent.
    assert users == {("releasekit.doctor.connection", "http.client")}


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
    # `run` writes the documents of --json; `sessions` refuses names before nox has a terminal.
    writers = {"releasekit.run", "releasekit.sessions"}
    assert printers - FIRST - writers == {"releasekit.terminal"}


def test_import_rule_sees_late_imports() -> None:
    assert "releasekit.credentials" in IMPORTS["releasekit.destination"]
    assert "releasekit.build.checkout" in IMPORTS["releasekit.commands.build"]


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
