"""The import rule, read from the code: the design's section 5, line by line."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
PACKAGE = REPOSITORY / "ci" / "releasekit"
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}

FILTER = "releasekit.redact"
"""All may use it: it is as pure as the core."""

HOOK_SERVER = "releasekit.adapters.hooks.server"
"""A program of its own, which build environments run."""

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
"""Modules of the standard library that the core has no use for."""

ADAPTERS_THAT_ALL_MAY_USE = (
    "releasekit.adapters.http",
    "releasekit.adapters.network",
    "releasekit.adapters.process",
    "releasekit.adapters.rooms",
)
ADAPTER_TO_ADAPTER = {
    # `refusal` reads what an answer means; reading and uploading meet the same answers.
    ("releasekit.adapters.upload", "releasekit.adapters.index"),
    # What any answer tells beside its content.
    ("releasekit.adapters.index", "releasekit.adapters.greeting"),
    ("releasekit.adapters.probe", "releasekit.adapters.greeting"),
    # What stands on the REST client.
    ("releasekit.adapters.nexus_things", "releasekit.adapters.nexus_rest"),
    # A build is its hooks, the environment that they run in, and the sdist that goes between them.
    ("releasekit.adapters.build", "releasekit.adapters.build_environment"),
    ("releasekit.adapters.build", "releasekit.adapters.hooks"),
    ("releasekit.adapters.build", "releasekit.adapters.sdist"),
    # What installs build requirements is told what pip and uv are told.
    ("releasekit.adapters.build_environment", "releasekit.adapters.installer_settings"),
    ("releasekit.adapters.build_environment", "releasekit.adapters.uv_call"),
    ("releasekit.adapters.uv_call", "releasekit.adapters.netrc"),
    ("releasekit.adapters.build_environment", "releasekit.adapters.environment_cache"),
    ("releasekit.adapters.environment_cache", "releasekit.adapters.files"),
    ("releasekit.adapters.workspace", "releasekit.adapters.files"),
    ("releasekit.adapters.installer_settings", "releasekit.adapters.pip_conf"),
    # TLS by meaning: connections stand on the trust, which stands on what certificates say.
    ("releasekit.adapters.network", "releasekit.adapters.tls"),
    ("releasekit.adapters.network", "releasekit.adapters.children"),
    ("releasekit.adapters.children", "releasekit.adapters.tls"),
    ("releasekit.adapters.tls", "releasekit.adapters.bundle"),
    ("releasekit.adapters.tls", "releasekit.adapters.client_cert"),
    ("releasekit.adapters.client_cert", "releasekit.adapters.bundle"),
    ("releasekit.adapters.client_cert", "releasekit.adapters.certificates"),
    ("releasekit.adapters.bundle", "releasekit.adapters.certificates"),
    ("releasekit.adapters.checkout", "releasekit.adapters.git"),
    ("releasekit.adapters.probe", "releasekit.adapters.bundle"),
    ("releasekit.adapters.probe", "releasekit.adapters.certificates"),
    ("releasekit.adapters.probe", "releasekit.adapters.tls"),
}


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


def ours(name: str) -> set[str]:
    return {found for found in IMPORTS[name] if is_in(found, "releasekit")}


def theirs(name: str) -> set[str]:
    return IMPORTS[name] - ours(name)


@pytest.mark.parametrize("name", below("releasekit.core", FILTER))
def test_core_is_pure(name: str) -> None:
    assert all(is_in(found, "releasekit.core", FILTER) for found in ours(name))
    others = {found for found in theirs(name) if found.split(".")[0] not in sys.stdlib_module_names}
    assert all(is_in(found, "packaging", "pydantic") for found in others)
    assert not [found for found in theirs(name) if is_in(found, *EFFECTS)]


@pytest.mark.parametrize("name", below("releasekit.adapters"))
def test_adapter_talks_to_one_thing(name: str) -> None:
    strangers = {
        found
        for found in ours(name)
        if not is_in(found, "releasekit.core", FILTER, *ADAPTERS_THAT_ALL_MAY_USE)
        and (name, found) not in ADAPTER_TO_ADAPTER
        and not is_in(found, ".".join(name.split(".")[:3]))  # one thing, in several modules
    }
    assert strangers == set()


def test_every_exception_to_the_rule_is_in_use() -> None:
    assert {
        pair for pair in ADAPTER_TO_ADAPTER if pair[1] in IMPORTS[pair[0]]
    } == ADAPTER_TO_ADAPTER


@pytest.mark.parametrize("name", below("releasekit.steps", "releasekit.pipeline"))
def test_steps_take_effects_from_adapters_alone(name: str) -> None:
    allowed = ("releasekit.core", "releasekit.adapters", "releasekit.steps", FILTER)
    assert all(is_in(found, *allowed) for found in ours(name))
    outside = {
        found for found in theirs(name) if found.split(".")[0] not in sys.stdlib_module_names
    }
    assert all(is_in(found, "packaging", "pydantic") for found in outside)
    assert not [found for found in theirs(name) if is_in(found, "subprocess", "socket", "os")]


@pytest.mark.parametrize("name", below("releasekit.tasks", "releasekit.admin"))
def test_tasks_take_effects_from_adapters_alone(name: str) -> None:
    allowed = ("releasekit.core", "releasekit.adapters", "releasekit.tasks", FILTER)
    assert all(is_in(found, *allowed) for found in ours(name))
    outside = {
        found for found in theirs(name) if found.split(".")[0] not in sys.stdlib_module_names
    }
    assert all(is_in(found, "packaging", "pydantic") for found in outside)
    assert not [found for found in theirs(name) if is_in(found, "subprocess", "socket", "os")]


@pytest.mark.parametrize("name", below("releasekit.servers"))
def test_servers_stand_alone(name: str) -> None:
    assert all(is_in(found, "releasekit.servers") for found in ours(name))


def test_servers_are_started_in_one_module_alone() -> None:
    users = set()
    for name in set(MODULES) - set(below("releasekit.servers")):
        nodes = set(ast.walk(TREES[name])) - set(find_typing_nodes(TREES[name]))
        if any(is_in(found, "releasekit.servers") for found in find_imports(name, nodes)):
            users.add(name)
    assert users == {"releasekit.serve"}


def test_only_the_sessions_import_nox() -> None:
    users = {name for name in MODULES if any(is_in(found, "nox") for found in IMPORTS[name])}
    assert users == {"releasekit.sessions"}


DOORS = {"releasekit.__main__", "releasekit.cli", "releasekit.foreign"}
"""What is run before a command is known: it keeps the project's modules out."""


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
    assert readers <= DOORS


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
    assert printers - DOORS - {"releasekit.run"} == {"releasekit.terminal"}


def test_import_rule_sees_relative_and_late_imports() -> None:
    assert "releasekit.servers.sandbox.blobs" in IMPORTS["releasekit.servers.sandbox"]
    assert "releasekit.adapters.credentials" in IMPORTS["releasekit.prepare"]
    assert "releasekit.adapters.checkout" in IMPORTS["releasekit.steps.build"]


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
