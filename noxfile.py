# /// script
# dependencies = ["nox", "releasekit"]
# ///
"""The kit's own release sessions, and those that develop it: `nox -l` lists both.

A bare `nox` lints and tests. All of it runs in the environment that holds nox.
"""

from __future__ import annotations

import contextlib
import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nox

import releasekit.sessions  # noqa: F401 - the kit's sessions, as in any project

nox.options.sessions = ["lint", "tests", "pythons"]

# Written by `nox -s lock`. pip and uv can read it; it has no address of an index.
LOCK = "requirements-dev.lock"
# The kit is not installed for them: what has no effects, and the fixtures, need these.
PURE_NEEDS = (
    *("packaging", "pydantic", "pytest", "hypothesis"),
    *("requests", "truststore", "trustme", "tomli", "uv"),
)
PURE_TESTS = ("model", "checks", "report", "config")


def _need_test_tools(session: nox.Session) -> None:
    if importlib.util.find_spec("pytest") is None:
        session.error(f"the tests need their tools: pip install -r {LOCK}")


def _run(session: nox.Session, module: str, *arguments: str, **variables: str) -> None:
    """Run a tool of the environment that holds nox, which need not be activated."""
    session.run(sys.executable, "-m", module, *arguments, external=True, env=variables)


@nox.session(venv_backend="none")
def lint(session: nox.Session) -> None:
    """Format, lint and type-check code, tests and this file."""
    _need_test_tools(session)
    _run(session, "ruff", "format", "--check", "--quiet", ".")
    _run(session, "ruff", "check", "--quiet", ".")
    _run(session, "mypy")


# One process waits for the real Nexus most of the time, the others for builds and installs.
PYTEST = ("pytest", "--numprocesses=4")
# Images often forbid bytecode, and each of a thousand commands would compile the kit anew.
# Tests name files with umlauts, for which a locale may have no letters.
PYTHON = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONUTF8": "1"}


@nox.session(venv_backend="none")
def tests(session: nox.Session) -> None:
    """Run the tests; options of pytest stand after --.

    Without --thorough, a few variants of the slowest tests stand for all.
    """
    _need_test_tools(session)
    _run(session, *PYTEST, *session.posargs, **PYTHON)


@nox.session(venv_backend="none", default=False)
def faults(session: nox.Session) -> None:
    """Let each request of a release fail with each fault; --write records what does not hold.

    Other options are pytest's: -k wheel-upload.
    """
    _need_test_tools(session)
    write = "--write" in session.posargs
    options = [option for option in session.posargs if option != "--write"]
    with tempfile.TemporaryDirectory() as results, _run_nexus() as nexus:
        variables = {"FAULTS": "record" if write else "all", "FAULTS_NEXUS": nexus}
        matrix = ("--numprocesses=8", "-q", "tests/black_box/test_faults.py", *options)
        try:
            _run(session, "pytest", *matrix, FAULTS_RESULTS=results, **variables, **PYTHON)
        finally:
            report = ["tests/black_box/fault_report.py", results, *(["--write"] if write else [])]
            session.run(sys.executable, *report, external=True)


@contextlib.contextmanager
def _run_nexus() -> Iterator[str]:
    """Run a real Nexus beside the tests, and provide its settings as JSON."""
    kit = str(Path(sys.executable).with_name("releasekit"))
    with subprocess.Popen((kit, "nexus", "--json"), stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline() if process.stdout else ""
        finally:
            process.terminate()


@nox.session(venv_backend="none", default=False)
def coverage(session: nox.Session) -> None:
    """Run all tests, which takes longer so, and show what they leave out.

    Fewer tests, as of a directory after --, need not reach the threshold in pyproject.toml.
    """
    _need_test_tools(session)
    _run(session, "coverage", "erase")
    _run(session, "coverage", "run", "-m", *PYTEST, *session.posargs, **PYTHON)
    _run(session, "coverage", "combine", "--quiet")
    _run(session, "coverage", "report", *(["--fail-under=0"] if session.posargs else []))


@nox.session(venv_backend="none")
def pythons(session: nox.Session) -> None:
    """Run the tests of what has no effects on every supported Python that this machine has."""
    _need_test_tools(session)
    folders = [f"tests/unit/{name}" for name in PURE_TESTS]
    listed = session.run(sys.executable, "tests/pythons.py", silent=True, external=True)
    for version, _, found in (line.partition(" ") for line in str(listed).splitlines()):
        if not found:
            session.log(f"no Python {version} on this machine: its tests did not run")
            continue
        if version == ".".join(map(str, sys.version_info[:2])):
            continue  # the session tests has run them
        with tempfile.TemporaryDirectory() as environment:
            python = f"{environment}/bin/python"
            _run(session, "uv", "venv", "--quiet", f"--python={found}", environment)
            install = ("uv", "pip", "install", "--quiet", f"--python={python}")
            _run(session, *install, f"--constraints={LOCK}", *PURE_NEEDS)
            tests = (python, "-m", "pytest", "-q", *folders)
            session.run(*tests, external=True, env={"PYTHONPATH": "ci", **PYTHON})


@nox.session(venv_backend="none", default=False)
def lock(session: nox.Session) -> None:
    """Write the lock of what runs, tests and lints the kit; --upgrade takes newer versions."""
    what = ("pyproject.toml", "--extra=nexus", "--group=test")
    how = ("--universal", "--python-version=3.10", "--generate-hashes", "--quiet")
    named = f"--custom-compile-command=nox -s {session.name}"
    compiled = ("uv", "pip", "compile", *what, *how, named, f"--output-file={LOCK}")
    _run(session, *compiled, *session.posargs)


@nox.session(venv_backend="none", default=False)
def structure(session: nox.Session) -> None:
    """Measure sizes, lengths and imports of the code against the limits in tests/structure.py."""
    session.run(sys.executable, "tests/structure.py", external=True)


@nox.session(venv_backend="none", default=False)
def docs(session: nox.Session) -> None:
    """Write the tables in docs/ from the code, and the pictures from real runs."""
    _need_test_tools(session)
    session.run(sys.executable, "tests/docs_tables.py", external=True)
    session.run(sys.executable, "tests/picture.py", external=True)
    session.run(sys.executable, "tests/jenkins/picture.py", external=True)
    _run(session, "pytest", "-q", "tests/gitlab/test_picture.py", WRITE_PICTURES="1")


@nox.session(venv_backend="none", default=False)
def corpus(session: nox.Session) -> None:
    """Release public projects to a real Nexus, and compare with uv; options stand after --."""
    _need_test_tools(session)
    _run(session, "corpus", *session.posargs, PYTHONPATH="tests", **PYTHON)


@nox.session(venv_backend="none", default=False)
def bench(session: nox.Session) -> None:
    """Measure releases beside other tools; options stand after --, as --help or --all."""
    _need_test_tools(session)
    _run(session, "bench", *session.posargs, PYTHONPATH="tests", **PYTHON)
