"""`sandbox` keeps an index in the foreground, and says how to use it."""

from __future__ import annotations

import json
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
        lines = [process.stdout.readline() for _ in range(9)]
        process.send_signal(number)
        rest, errors = process.communicate(timeout=10)
    assert process.returncode == 0
    assert (rest, errors) == ("sandbox   ended; nothing is left of it\n", "")
    assert lines[0].startswith("sandbox   https://127.0.0.1:")
    assert lines[1] == "settings  for another terminal, until Ctrl-C ends this one:\n"
    names = [line.removeprefix("export ").partition("=")[0] for line in lines[2:]]
    assert names == [
        "RELEASEKIT_URL",
        "RELEASEKIT_HOSTED",
        "RELEASEKIT_PROXY",
        "RELEASEKIT_GROUP",
        "RELEASEKIT_CA_BUNDLE",
        "TWINE_USERNAME",
        "TWINE_PASSWORD",
    ]
    bundle = lines[6].partition("=")[2].strip()
    assert not Path(bundle).exists()


def test_its_proxy_serves_a_directory(
    project: ProjectDir, releasekit: Command, tmp_path: Path
) -> None:
    releasekit("build", project=project)
    served = {**project.environ, "RELEASEKIT_PROXY_REMOTE": str(project.root / "dist")}
    with running(ProjectDir(root=project.root, environ=served), "--json") as process:
        assert process.stdout is not None
        settings = json.loads(process.stdout.readline())
        target = tmp_path / "target"
        done = subprocess.run(
            (sys.executable, "-m", "pip", "install", "-q", "--target", str(target), "plain"),
            env={
                **{k: v for k, v in project.environ.items() if not k.startswith("PIP_")},
                "PIP_INDEX_URL": f"{settings['RELEASEKIT_URL']}/repository/pypi-group/simple/",
                "PIP_CERT": settings["RELEASEKIT_CA_BUNDLE"],
                "REQUESTS_CA_BUNDLE": settings["RELEASEKIT_CA_BUNDLE"],
                "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            },
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done
    assert (target / "plain.py").is_file()


def test_a_port_that_is_taken_is_named(project: ProjectDir, releasekit: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = releasekit("sandbox", "--port", str(port), project=project)
    assert ran.status == 3
    assert ran.out == (
        "error: the sandbox could not be started\n"
        f"  where: 127.0.0.1:{port}\n"
        "  why:   Address already in use\n"
        "  next:  choose another port with --port, or leave it out for a free one\n"
    )


def test_a_nexus_proxy_serves_no_directory(project: ProjectDir, releasekit: Command) -> None:
    ran = releasekit("nexus", project=project, RELEASEKIT_PROXY_REMOTE="wheels")
    assert ran.status == 3
    assert ran.out == (
        "error: a Nexus proxy serves no directory\n"
        f"  where: proxy-remote: {project.root}/wheels\n"
        "  why:   it fetches from an index over http or https\n"
        "  next:  give proxy-remote the address of an index, or use releasekit sandbox\n"
    )
