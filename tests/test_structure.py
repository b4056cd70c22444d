"""What `nox -s structure` measures, on small trees."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import structure

Write = Callable[[str, str], None]
PYPROJECT = '[project]\ndependencies = ["nox>=1", "tomli; python_version < \'3.11\'", "Nox"]\n'


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, text: str) -> None:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    write("pyproject.toml", PYPROJECT)
    write("ci/releasekit/__init__.py", "")
    return write


def find_row(root: Path, title: str) -> structure.Row:
    return next(row for row in structure.measure(root) if row.title == title)


def test_statements_are_counted_with_docstrings_and_imports(tmp_path: Path, write: Write) -> None:
    write("ci/releasekit/a.py", '"""A."""\nimport os\n\n\ndef f():\n    if os:\n        pass\n')
    row = find_row(tmp_path, "statements in ci/")
    assert (row.measured, row.holds) == ("5", True)


def test_a_long_file_is_named(tmp_path: Path, write: Write) -> None:
    write("ci/releasekit/long.py", "\n" * 401)
    write("ci/releasekit_nexus/short.py", "\n" * 400)
    row = find_row(tmp_path, "longest file")
    assert not row.holds
    assert row.measured == "401"
    assert row.offenders == ("ci/releasekit/long.py: 401 lines",)


@pytest.mark.parametrize(("lines", "holds"), [(500, True), (501, False)])
def test_the_sandbox_may_be_longer(tmp_path: Path, write: Write, lines: int, holds: bool) -> None:
    write("ci/releasekit/sandbox.py", "\n" * lines)
    assert find_row(tmp_path, "longest file").holds is holds


def test_a_long_function_is_named_with_the_lines_of_its_body(tmp_path: Path, write: Write) -> None:
    signature = '@cache\ndef {name}(\n    a,\n):\n    """Say."""\n'
    long = signature.format(name="long") + "    a\n" * 46
    write("ci/releasekit/a.py", long + signature.format(name="short") + "    a\n" * 45)
    row = find_row(tmp_path, "longest function")
    assert not row.holds
    assert row.offenders == ("ci/releasekit/a.py:2 long: 46 lines",)
    assert find_row(tmp_path, "median function").measured == "45.5"


def test_a_function_that_is_only_a_docstring_has_no_lines(tmp_path: Path, write: Write) -> None:
    write("ci/releasekit/a.py", 'def f():\n    """Say."""\n')
    assert find_row(tmp_path, "longest function").measured == "0"


@pytest.mark.parametrize(
    ("file", "holds"),
    [
        pytest.param("model/dist.py", False, id="another module"),
        pytest.param("cli.py", True, id="a door"),
        pytest.param("commands/check.py", True, id="a command"),
    ],
)
def test_only_doors_and_commands_import_commands(
    file: str, holds: bool, tmp_path: Path, write: Write
) -> None:
    write("ci/releasekit/commands/build.py", "")
    write(f"ci/releasekit/{file}", "def f():\n    from releasekit.commands import build\n")
    row = find_row(tmp_path, "exceptions to the import rule")
    assert row.holds is holds
    named = ("releasekit.model.dist imports releasekit.commands.build",)
    assert row.offenders == (() if holds else named)


@pytest.mark.parametrize(
    ("file", "code", "offenders"),
    [
        pytest.param(
            "a.py",
            "from importlib import import_module\nimport_module('json')\n",
            ("releasekit.a, line 2: import_module('json')",),
            id="import_module",
        ),
        pytest.param(
            "a.py",
            "__import__('json')\n",
            ("releasekit.a, line 1: __import__('json')",),
            id="dunder",
        ),
        pytest.param("a.py", "import json\n", (), id="import"),
        pytest.param("build/hooks/server.py", "__import__('json')\n", (), id="another program"),
    ],
)
def test_an_import_by_string_is_named(
    file: str, code: str, offenders: tuple[str, ...], tmp_path: Path, write: Write
) -> None:
    write(f"ci/releasekit/{file}", code)
    row = find_row(tmp_path, "modules imported by a string on the release path")
    assert (row.offenders, row.holds) == (offenders, not offenders)


@pytest.mark.parametrize(
    ("code", "found"),
    [
        pytest.param("import json\ngetattr(json, name)\n", 0, id="library"),
        pytest.param("from releasekit import verbs\ngetattr(verbs, name)\n", 1, id="own module"),
        pytest.param("m = importlib.import_module(n)\ngetattr(m, name)\n", 1, id="assigned"),
        pytest.param("getattr(importlib.import_module(n), name)\n", 1, id="at once"),
        pytest.param("from releasekit import verbs\ngetattr(verbs, 'x')\n", 0, id="literal"),
        pytest.param("from releasekit.verbs import x\ngetattr(x, name)\n", 0, id="object"),
    ],
)
def test_commands_found_by_getattr_are_counted(
    code: str, found: int, tmp_path: Path, write: Write
) -> None:
    write("ci/releasekit/verbs.py", "x = 1\n")
    write("ci/releasekit/a.py", code)
    assert find_row(tmp_path, "commands found by getattr").measured == str(found)


def test_dependencies_are_counted_by_name(tmp_path: Path, write: Write) -> None:
    assert find_row(tmp_path, "direct runtime dependencies").measured == "2"


def test_a_missed_target_ends_with_1_and_names_the_offender(
    tmp_path: Path, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    body = "    a = 1\n" * 7
    write("ci/releasekit/a.py", f"def f():\n{body}" * 40)
    write("ci/releasekit/__init__.py", "\n" * 80)
    assert structure.main(tmp_path) == 0
    write("ci/releasekit/b.py", "__import__('json')\n" + "\n" * 150)
    assert structure.main(tmp_path) == 1
    printed = capsys.readouterr().out
    row = "| modules imported by a string on the release path | 0 | 1 | no |\n"
    assert row in printed
    assert "- releasekit.b, line 1: __import__('json')\n" in printed
