"""What the other black-box tests rest on."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from black_box.tools import MakeProject, RunKit, Server

OURS = frozenset({"black_box"})
TESTS = {path.stem for path in Path(__file__).parents[1].iterdir() if path.suffix in ("", ".py")}


def test_a_release_leaves_exactly_what_was_built(
    make_project: MakeProject, run_kit: RunKit, double_index: Server
) -> None:
    project = make_project("fixtures")
    ran = run_kit("release", cwd=project.root, environ=double_index.environ)
    assert ran.status == 0, ran.text
    assert double_index.files("fixtures") == project.built()
    assert project.built().keys() == {project.wheel, project.sdist}
    assert ran.memory > 0


def test_a_command_is_killed_at_its_bound(make_project: MakeProject, run_kit: RunKit) -> None:
    ran = run_kit("sandbox", cwd=make_project().root, bound=3)
    assert ran.status is None


def test_nothing_here_imports_the_kit_or_other_tests() -> None:
    """They use the command line alone, and so survive a restructuring of the code."""
    names = {
        name
        for path in Path(__file__).parent.glob("*.py")
        for name in _find_imports(ast.parse(path.read_text(encoding="utf-8")))
    }
    foreign = {"releasekit", "releasekit_nexus", *TESTS} - OURS
    assert names & foreign == set()


def _find_imports(tree: ast.AST) -> Iterator[str]:
    """Yield the first part of each module that is imported, inside of functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module).partition(".")[0]
