"""What a wheel lets people import, how an import fails, and smoke tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from raising import raises_error
from releasekit.errors.failed import LIMIT_REACHED, PROGRAM_KILLED
from releasekit.proof.environment import CleanEnvironment, make_environment
from releasekit.proof.trial import find_extras, find_imports, import_all, run_smoke_tests
from releasekit.tempdirs import open_tempdir

FILES = {
    "a package": (["demo/__init__.py", "demo/sub/__init__.py", "demo/x.py"], ("demo",)),
    "a module": (["demo.py", "demo-1.0.dist-info/RECORD"], ("demo",)),
    "two of them": (["b.py", "a/__init__.py"], ("a", "b")),
    "an extension module": (["fast.cpython-311-x86_64-linux-gnu.so"], ("fast",)),
    "an extension module, abi3": (["pkg/_c.abi3.so", "pkg/__init__.py"], ("pkg",)),
    "a library is no module": (["libfoo.so", "libs/libbar.so.1"], ()),
    "packages of a namespace": (["acme/a/__init__.py", "acme/b/__init__.py"], ("acme.a", "acme.b")),
    "a deep namespace": (["acme/x/y/__init__.py", "acme/x/y/z.py"], ("acme.x.y",)),
    "modules of a namespace": (["acme/tool.py"], ("acme",)),
    "a package with compiled __init__": (
        ["demo/__init__.cpython-311-x86_64-linux-gnu.so", "demo/x.py"],
        ("demo",),
    ),
    "scripts and data": (["../../../bin/demo", "share-me/x.py", "data/x.txt"], ()),
    "type stubs alone": (["demo-stubs/__init__.pyi"], ()),
    "bytecode": (["demo/__init__.py", "demo/__pycache__/x.cpython-311.pyc"], ("demo",)),
}


@pytest.mark.parametrize(("files", "names"), list(FILES.values()), ids=list(FILES))
def test_names_come_from_the_files(files: list[str], names: tuple[str, ...]) -> None:
    assert find_imports(files) == names


EXTRAS = {
    "for an extra": (["blackd:main [d]"], {"d"}),
    "for two extras": (["blackd:main [d, Jupyter_Lab]"], {"d", "jupyter-lab"}),
    "below it": (["blackd.server.app:main[d]"], {"d"}),
    "a module alone": (["blackd [d]"], {"d"}),
    "all of them": (["blackd:main [d]", "blackd:other [e]"], {"d", "e"}),
    "one for everybody": (["blackd:main [d]", "blackd:other"], set()),
    "no extras": (["blackd:main"], set()),
    "empty brackets": (["blackd:main []"], set()),
    "of another package": (["blackdoc:main [d]"], set()),
    "above it": (["black:main [d]"], set()),
    "no entry points": ([], set()),
    "nonsense": (["blackd main [d"], set()),
}


@pytest.mark.parametrize(("values", "extras"), list(EXTRAS.values()), ids=list(EXTRAS))
def test_entry_points_name_the_extras_of_a_package(values: list[str], extras: set[str]) -> None:
    points = [EntryPoint(name="x", value=value, group="g") for value in values]
    assert find_extras("blackd", points) == extras


@pytest.fixture
def environment(environ: dict[str, str]) -> Iterator[CleanEnvironment]:
    with open_tempdir("releasekit-env-") as tempdir:
        yield make_environment(tempdir, environ)


def write(environment: CleanEnvironment, **modules: str) -> None:
    (folder,) = environment.path.glob("lib/python*/site-packages")
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)


def test_what_can_be_imported_is(environment: CleanEnvironment) -> None:
    lines: list[str] = []
    write(environment, a="print('a says hello')", b="import a")
    assert import_all(environment, ["a", "b"], seconds=60, log=lines.append) == ()
    assert lines == ["a says hello"]


PRINTED = {
    "no end of line": "print('hello', end='')",
    "no end of line on standard error": "import sys; sys.stderr.write('hello')",
    "not flushed": "import sys; sys.stdout.write('hello')",
    "output replaced": "import io, sys; sys.stdout = io.StringIO(); print('hello')",
    "output closed": "import sys; sys.stdout.close()",
    "no output": "import sys; sys.stdout = sys.stderr = None",
}


@pytest.mark.parametrize("text", PRINTED.values(), ids=list(PRINTED))
def test_what_a_package_prints_changes_no_verdict(environment: CleanEnvironment, text: str) -> None:
    lines: list[str] = []
    write(environment, a=text, bad=f"{text}\n1/0", z=text)
    (failure,) = import_all(environment, ["a", "bad", "z"], seconds=60, log=lines.append)
    assert (failure.subject, failure.reason) == ("bad", "ZeroDivisionError: division by zero")
    assert not re.search("releasekit-[0-9a-f]{16}", "\n".join(lines))


REASONS = {
    "import nothing_of_that_name": "ModuleNotFoundError: No module named 'nothing_of_that_name'",
    "1/0": "ZeroDivisionError: division by zero",
    "import sys; sys.exit('not here')": "SystemExit: not here",
    "import os; os._exit(0)": "Python ended: it ended with status 0",
    "import os; os._exit(4)": "Python ended: it ended with status 4",
    "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)": "Python ended: SIGSEGV ended it",
    "raise KeyboardInterrupt": "KeyboardInterrupt:",
    "raise ValueError('two\\nlines')": "ValueError: two lines",
    "raise ValueError('\\ud800')": "ValueError: \\ud800",
    "while True: pass": "it takes longer than 2 s",
}


@pytest.mark.parametrize(("text", "reason"), REASONS.items(), ids=list(REASONS))
def test_what_cannot_be_imported_is_named_with_its_reason(
    environment: CleanEnvironment, text: str, reason: str
) -> None:
    write(environment, good="", bad=text)
    failures = import_all(environment, ["good", "bad"], seconds=2, log=print)
    assert [(failure.subject, failure.reason) for failure in failures] == [("bad", reason)]


def test_each_failure_is_found(environment: CleanEnvironment) -> None:
    write(environment, a="1/0", b="", c="1/0")
    failures = import_all(environment, ["a", "b", "c"], seconds=60, log=print)
    assert [failure.subject for failure in failures] == ["a", "c"]


def test_an_import_that_is_killed_says_nothing_of_the_package(
    environment: CleanEnvironment,
) -> None:
    write(environment, a="import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with raises_error(PROGRAM_KILLED):
        import_all(environment, ["a"], seconds=60, log=print)


def test_memory_that_runs_out_says_nothing_of_the_package(environment: CleanEnvironment) -> None:
    write(environment, a="raise MemoryError")
    with raises_error(LIMIT_REACHED):
        import_all(environment, ["a"], seconds=60, log=print)


def test_an_import_is_outside_the_checkout(
    environment: CleanEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "only_here.py").touch()
    monkeypatch.chdir(tmp_path)
    (failure,) = import_all(environment, ["only_here"], seconds=60, log=print)
    assert failure.reason == "ModuleNotFoundError: No module named 'only_here'"


SMOKE = {
    "python -c 'import sys'": "",
    'python -c "print(1); raise SystemExit(3)"': "it ended with status 3: 1",
    "python -c 'import time; time.sleep(60)'": "it takes longer than 2 s",
    "no-such-program --version": "there is no program no-such-program in the environment or on "
    "PATH",
    "python -c 'import os, signal; os.kill(os.getpid(), signal.SIGABRT)'": "SIGABRT ended it",
    "echo $HOME | true": "",
}


@pytest.mark.parametrize(("command", "reason"), SMOKE.items(), ids=list(SMOKE))
def test_a_smoke_test_passes_or_says_why_not(
    environment: CleanEnvironment, command: str, reason: str
) -> None:
    found = run_smoke_tests(environment, [command], seconds=2, log=print)
    assert [failure.reason for failure in found] == ([reason] if reason else [])


def test_smoke_tests_use_the_environment_and_no_shell(environment: CleanEnvironment) -> None:
    lines: list[str] = []
    write(environment, good="")
    commands = ["python -m good", "python -c 'import os; print(os.getcwd())'", "echo $HOME"]
    assert run_smoke_tests(environment, commands, seconds=60, log=lines.append) == ()
    assert lines[2:] == [str(environment.work), "$ echo $HOME", "$HOME"]


def test_what_is_missing_is_not_what_is_wrong(environment: CleanEnvironment) -> None:
    own = "class Needs(ImportError): pass\nraise Needs('install acme[d]')"
    write(environment, a="import nothing_of_that_name", b=own, c="1/0")
    failures = import_all(environment, ["a", "b", "c"], seconds=60, log=lambda line: None)
    assert {one.subject: one.missing for one in failures} == {"a": True, "b": True, "c": False}
    assert failures[1].reason == "Needs: install acme[d]"
