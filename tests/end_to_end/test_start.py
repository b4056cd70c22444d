"""What is imported when: help, lists and refusals wait for nothing that they do not need.

Times are measured by `nox -s bench`; here it is what would make them worse.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from support import ProjectDir, copy_project

RUN = """
import json, sys
sys.argv = ["releasekit", *json.loads(sys.argv[1])]
try:
    from releasekit.cli import main
    status = main()
except SystemExit as exit:
    status = exit.code
print("\\n" + json.dumps([status, sorted({name.partition(".")[0] for name in sys.modules})]))
"""
LIBRARIES = {
    *("build", "certifi", "check_manifest", "check_wheel_contents", "configupdater", "filelock"),
    *("installer", "keyring", "nox", "packaging", "platformdirs", "pydantic", "readme_renderer"),
    *("requests", "rich", "setuptools", "tomlkit", "trove_classifiers", "trustme"),
    *("truststore", "twine", "uv"),
}
SETTINGS = {"certifi", "packaging", "pydantic", "rich"}
"""What reads and judges the settings, and shows what came of it."""


def load(*arguments: str, root: Path, environ: Mapping[str, str]) -> tuple[int, set[str]]:
    """Run a command in a process of its own; return its status and the libraries it imported."""
    done = subprocess.run(
        (sys.executable, "-c", RUN, json.dumps(arguments)),
        cwd=root,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    status, modules = json.loads(done.stdout.splitlines()[-1])
    return status, LIBRARIES.intersection(modules)


@pytest.fixture
def environ(user_environ: dict[str, str]) -> dict[str, str]:
    return {**user_environ, "RELEASEKIT_URL": "https://nexus.example.com"}


@pytest.fixture
def untagged(tmp_path: Path, user_environ: dict[str, str]) -> ProjectDir:
    return copy_project("plain", tmp_path / "plain", user_environ, tag=None)


@pytest.mark.parametrize(
    "arguments", [("--help",), ("release", "--help"), ("check", "--no-such-option")], ids=" ".join
)
def test_help_and_a_wrong_option_need_no_library(
    tmp_path: Path, environ: dict[str, str], arguments: tuple[str, ...]
) -> None:
    assert load(*arguments, root=tmp_path, environ=environ)[1] == set()


def test_the_list_of_sessions_needs_nox_alone(tmp_path: Path, environ: dict[str, str]) -> None:
    """nox itself imports more: what its noxfile adds is counted."""
    script = (
        "import nox, sys; before = set(sys.modules); import releasekit.sessions;"
        "print(*sorted(set(sys.modules) - before))"
    )
    added = subprocess.check_output((sys.executable, "-c", script), env=environ, text=True)
    assert [name for name in added.split() if name.startswith("releasekit")] == [
        "releasekit",
        "releasekit.commands",
        "releasekit.commands.arguments",
        "releasekit.sessions",
    ]
    assert not LIBRARIES.intersection(added.split())


def test_wrong_settings_are_refused_without_what_works(
    untagged: ProjectDir, environ: dict[str, str]
) -> None:
    environ = {**environ, "RELEASEKIT_HOSTEDD": "x"}
    status, loaded = load("release", root=untagged.root, environ=environ)
    assert status == 2
    assert loaded <= SETTINGS


def test_a_commit_without_a_tag_is_refused_without_what_builds_and_publishes(
    untagged: ProjectDir, environ: dict[str, str]
) -> None:
    environ = {**environ, "TWINE_USERNAME": "publisher", "TWINE_PASSWORD": "secret"}
    status, loaded = load("release", root=untagged.root, environ=environ)
    assert status == 1
    assert loaded <= SETTINGS | {"configupdater", "platformdirs", "truststore"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("module", ["argparse", "releasekit.errors", "releasekit.projects"])
def test_an_interrupt_of_the_start_ends_with_its_message(
    project: ProjectDir, number: signal.Signals, module: str
) -> None:
    """Most of the start are imports, and -X importtime writes when one has ended."""
    command = (sys.executable, "-X", "importtime", "-m", "releasekit", "release")
    with subprocess.Popen(
        command,
        cwd=project.root,
        env=project.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        lines = []
        for line in process.stdout:
            if line.startswith("import time:"):
                if line.rstrip().endswith(f" {module}"):
                    process.send_signal(number)
            else:
                lines.append(line)
    assert process.returncode == 130
    assert "error E901: interrupted\n" in lines
    assert not any("Traceback" in line for line in lines)
