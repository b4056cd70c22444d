"""The modules of a package and what they import, read from their source."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True)
class Package:
    """A package of Python modules in a directory; nothing of it is imported."""

    directory: Path

    @cached_property
    def modules(self) -> Mapping[str, Path]:
        """The file of each module, by its full name."""
        root = self.directory.parent
        return {
            ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
            for path in sorted(self.directory.rglob("*.py"))
        }

    @cached_property
    def trees(self) -> Mapping[str, ast.Module]:
        """The syntax tree of each module."""
        return {
            name: ast.parse(path.read_text(encoding="utf-8")) for name, path in self.modules.items()
        }

    @cached_property
    def imports(self) -> Mapping[str, set[str]]:
        """What each module imports, at its top or in a function."""
        return {
            name: set(self.find_imports(name, ast.walk(tree))) for name, tree in self.trees.items()
        }

    def find_imports(self, name: str, nodes: Iterable[ast.AST]) -> Iterator[str]:
        """Yield the modules that a module imports in these nodes."""
        is_package = self.modules[name].name == "__init__.py"
        package = name if is_package else name.rpartition(".")[0]
        for node in nodes:
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                parts = package.split(".")
                base = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
                module = ".".join(filter(None, (base, node.module)))
                names = (f"{module}.{alias.name}" for alias in node.names)
                yield from (full if full in self.modules else module for full in names)

    def find_imports_at_run_time(self, name: str) -> set[str]:
        """Return what a module imports when the program runs, not for type checkers alone."""
        nodes = set(ast.walk(self.trees[name])) - set(_find_typing_nodes(self.trees[name]))
        return set(self.find_imports(name, nodes))

    def find_below(self, *packages: str) -> list[str]:
        """Return the modules that are one of these packages, or in one."""
        return [name for name in self.modules if is_in(name, *packages)]


def is_in(name: str, *packages: str) -> bool:
    """Tell whether a module is one of these packages, or in one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def find_reachable(name: str, edges: Mapping[str, set[str]]) -> set[str]:
    """Return all that can be reached from a module along the edges."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = edges[waiting.pop()] - found
        found |= new
        waiting.extend(new)
    return found


def _find_typing_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield what stands below `if TYPE_CHECKING`, and is not imported when the program runs."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from ast.walk(node)
