"""Annotations are evaluated where no future import keeps them as text: when a function is made."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

from import_graph import Package

PACKAGE = Package(Path(__file__).parents[1] / "ci" / "releasekit")
FUTURE = "from __future__ import annotations"
PROGRAMS = ("__main__", "noxfile", "hooks.server")


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, path in PACKAGE.modules.items()
        if FUTURE not in path.read_text(encoding="utf-8") and not name.endswith(PROGRAMS)
    ],
)
def test_annotations_name_what_is_there_when_the_program_runs(name: str) -> None:
    """A function in a function is made when that is called, which an import does not try."""
    names = vars(importlib.import_module(name))
    for node in ast.walk(PACKAGE.trees[name]):
        if isinstance(node, ast.arg):
            annotation = node.annotation
        elif isinstance(node, ast.FunctionDef):
            annotation = node.returns
        else:
            continue
        if annotation:
            eval(compile(ast.Expression(annotation), name, "eval"), dict(names))
