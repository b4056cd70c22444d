"""`sandbox` keeps an index in the foreground, and says how to use it."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support import Command, ProjectDir


@contextmanager
def running(project: ProjectDir, *options: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        (sys.executable, "-m", "releasekit", "sandbox", *options),
        cwd=project.root,
        env=project.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_its_settings_lead_a_release_to_it(project: ProjectDir, releasekit: Command) -> None:
    with running(project, "--json") as process:
        assert process.stdout is not None
        settings = json.loads(process.stdout.readline())
        first = releasekit("release", project=project, **settings)
        again = releasekit("release", project=project, **settings)
    assert (first.status, again.status) == (0, 0)
    assert "plan      0 to upload, 2 already published" in again.out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_export_lines_and_ends_without_a_trace(
    project: ProjectDir, number: signal.Signals
) -> None:
    with running(project) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(8)]
        process.send_signal(number)
        rest, errors = process.communicate(timeout=10)
    assert process.returncode == 0
    assert (rest, errors) == ("sandbox   ended; nothing is left of it\n", "")
    assert re.fullmatch(
        r"sandbox   https://127\.0\.0\.1:\d+ \(hosted pypi-hosted, group pypi-group\)\n", lines[0]
    )
    assert lines[1] == "settings  for another terminal, until Ctrl-C ends this one:\n"
    names = [line.removeprefix("export ").partition("=")[0] for line in lines[2:]]
    assert names == [
        "RELEASEKIT_URL",
        "RELEASEKIT_HOSTED",
        "RELEASEKIT_GROUP",
        "RELEASEKIT_CA_BUNDLE",
        "TWINE_USERNAME",
        "TWINE_PASSWORD",
    ]
    bundle = lines[5].partition("=")[2].strip()
    assert not Path(bundle).exists()


def test_a_port_that_is_taken_is_named(project: ProjectDir, releasekit: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = releasekit("sandbox", "--port", str(port), project=project)
    assert ran.status == 3
    assert ran.out == (
        "error E341: the sandbox could not be started\n"
        f"  where: 127.0.0.1:{port}\n"
        "  why:   Address already in use\n"
        "  next:  choose another port with --port, or leave it out for a free one\n"
    )


@pytest.mark.parametrize("option", [(), ("--apply",)])
def test_there_is_nothing_to_provision_in_it(
    project: ProjectDir, releasekit: Command, option: tuple[str, ...]
) -> None:
    with running(project, "--json") as process:
        assert process.stdout is not None
        settings = json.loads(process.stdout.readline())
        ran = releasekit("provision", *option, project=project, **settings)
    assert ran.status == 2
    assert ran.out == (
        "error E221: this is a sandbox, and provision needs a Nexus\n"
        f"  where: {settings['RELEASEKIT_URL']}\n"
        "  why:   a sandbox takes uploads and serves them; it has no users, rights and rules to "
        "set up\n"
        "  next:  set url to the address of your Nexus (RELEASEKIT_URL is stronger than the "
        "project's);\n"
        "         releasekit nexus runs a Nexus on this machine to try it with\n"
    )


def test_snapshots_are_its_second_repository(project: ProjectDir, releasekit: Command) -> None:
    project.write("pyproject.toml", development(project))
    project.commit_all()
    settings = {**project.environ, "RELEASEKIT_SNAPSHOTS": "pypi-snapshots"}
    with running(ProjectDir(root=project.root, environ=settings), "--json") as process:
        assert process.stdout is not None
        settings = json.loads(process.stdout.readline())
        ran = [releasekit("release", project=project, **settings) for _ in range(2)]
    assert [one.status for one in ran] == [0, 0], ran
    assert "/repository/pypi-snapshots/" in ran[0].out
    assert "plan      0 to upload, 2 already published" in ran[1].out


def development(project: ProjectDir) -> str:
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    return text.replace('version = "1.2.3"', 'version = "1.3.dev1"')
