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

# The kit is not installed for them: what has no effects, and the fixtures, need these.
PURE_NEEDS = (
    *("packaging>=26", "pydantic>=2.10", "pytest>=9", "hypothesis>=6.130"),
    *("requests>=2.32.5", "truststore>=0.10.4", "trustme>=1.2.1", "tomli>=2.2", "uv>=0.9"),
)
PURE_TESTS = ("model", "checks", "report", "config")


def _need_test_tools(session: nox.Session) -> None:
    if importlib.util.find_spec("pytest") is None:
        session.error("the tests need their tools: pip install -e '.[test]'")


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
# Images often forbid to write it, and each of a thousand commands would compile the kit anew.
BYTECODE = {"PYTHONDONTWRITEBYTECODE": ""}


@nox.session(venv_backend="none")
def tests(session: nox.Session) -> None:
    """Run all tests; options of pytest stand after --."""
    _need_test_tools(session)
    _run(session, *PYTEST, *session.posargs, **BYTECODE)


@nox.session(venv_backend="none", default=False)
def faults(session: nox.Session) -> None:
    """Let each request of a release go wrong in each way; --write records what does not hold.

    Other options are pytest's: -k wheel-upload.
    """
    _need_test_tools(session)
    write = "--write" in session.posargs
    options = [option for option in session.posargs if option != "--write"]
    with tempfile.TemporaryDirectory() as results, _run_nexus() as nexus:
        told = {"FAULTS": "record" if write else "all", "FAULTS_NEXUS": nexus}
        matrix = ("--numprocesses=8", "-q", "tests/black_box/test_faults.py", *options)
        try:
            _run(session, "pytest", *matrix, FAULTS_RESULTS=results, **told, **BYTECODE)
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
    """Run all tests, which takes longer so, and show what they leave out."""
    _need_test_tools(session)
    _run(session, "coverage", "erase")
    _run(session, "coverage", "run", "-m", *PYTEST, *session.posargs, **BYTECODE)
    _run(session, "coverage", "combine", "--quiet")
    _run(session, "coverage", "report")


@nox.session(venv_backend="none")
def pythons(session: nox.Session) -> None:
    """Run the tests of what has no effects on every supported Python that this machine has."""
    _need_test_tools(session)
    folders = [f"tests/unit/{name}" for name in PURE_TESTS]
    packages = [f"--with={need}" for need in PURE_NEEDS]
    listed = session.run(sys.executable, "tests/pythons.py", silent=True, external=True)
    for version, _, found in (line.partition(" ") for line in str(listed).splitlines()):
        if not found:
            session.log(f"no Python {version} on this machine: its tests did not run")
            continue
        _run(
            session,
            *("uv", "run", "--no-project", "--isolated", f"--python={found}", *packages),
            *("env", "PYTHONPATH=ci", "python", "-m", "pytest", "-q", *folders),
            **BYTECODE,
        )


@nox.session(venv_backend="none", default=False)
def readme(session: nox.Session) -> None:
    """Write the README's tables anew from the code, and its pictures from real runs."""
    _need_test_tools(session)
    session.run(sys.executable, "tests/readme_tables.py", external=True)
    session.run(sys.executable, "tests/picture.py", external=True)
    session.run(sys.executable, "tests/jenkins/picture.py", external=True)
    _run(session, "pytest", "-q", "tests/gitlab/test_picture.py", WRITE_PICTURES="1")


@nox.session(venv_backend="none", default=False)
def bench(session: nox.Session) -> None:
    """Measure releases beside other tools; options stand after --, as --help or --all."""
    _need_test_tools(session)
    _run(session, "bench", *session.posargs, PYTHONPATH="tests", **BYTECODE)
