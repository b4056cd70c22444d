"""The password shows up nowhere: not in output, reports, files or the command lines of children."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nexus_double import Faults, Refuse, Sandbox
from support import ProjectDir, public_index


def watch_command_lines(secret: bytes, found: list[str], stop: threading.Event) -> None:
    """Read the command line of every process on the machine, over and over."""
    while not stop.is_set():
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                text = path.read_bytes()
            except OSError:
                continue
            if secret in text:
                found.append(text.decode(errors="replace"))


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param(Faults(), id="released"),
        pytest.param(Faults(uploads=(Refuse(400),)), id="refused"),
        pytest.param(Faults(offline=("pypi-hosted",)), id="failed"),
    ],
)
def test_the_password_is_nowhere_to_be_seen(
    project: ProjectDir, sandbox: Sandbox, faults: Faults, tmp_path: Path
) -> None:
    sandbox.state.faults = faults
    found: list[str] = []
    stop = threading.Event()
    watcher = threading.Thread(
        target=watch_command_lines, args=(sandbox.password.encode(), found, stop)
    )
    watcher.start()
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run(
        (sys.executable, "-m", "releasekit", "release", "-v"),
        cwd=project.root,
        env={**project.environ, **sandbox.environ(), "HOME": str(home), "TMPDIR": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    stop.set()
    watcher.join()
    assert found == []
    assert sandbox.password not in done.stdout + done.stderr
    written = [*project.root.rglob("*"), *home.rglob("*")]
    leaks = [p for p in written if p.is_file() and sandbox.password.encode() in p.read_bytes()]
    assert leaks == []


def test_the_build_backend_gets_no_credentials(project: ProjectDir, sandbox: Sandbox) -> None:
    project.write(
        "backend.py",
        "import os\nfrom flit_core.buildapi import *\n"
        "def get_requires_for_build_sdist(settings=None):\n"
        "    print(sorted(os.environ.items()))\n"
        "    return []\n",
    )
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    backend = 'build-backend = "backend"\nbackend-path = ["."]'
    text = text.replace('build-backend = "flit_core.buildapi"', backend)
    project.write("pyproject.toml", text + '\n[tool.flit.sdist]\ninclude = ["backend.py"]\n')
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    done = subprocess.run(
        (sys.executable, "-m", "releasekit", "build", "-v"),
        cwd=project.root,
        env={
            **project.environ,
            **public_index(),
            **sandbox.environ(),
            "RELEASEKIT_ADMIN_PASSWORD": "hunter2",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done
    assert "SOURCE_DATE_EPOCH" in done.stdout
    assert sandbox.password not in done.stdout
    assert "hunter2" not in done.stdout


def test_credentials_in_the_address_are_refused(project: ProjectDir) -> None:
    done = subprocess.run(
        (sys.executable, "-m", "releasekit", "release"),
        cwd=project.root,
        env={**project.environ, "RELEASEKIT_URL": "https://user:hunter2@nexus.example.com"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "hunter2" not in done.stdout + done.stderr
    assert (
        "  why:   RELEASEKIT_URL: credentials do not belong here; use TWINE_USERNAME and "
        "TWINE_PASSWORD\n"
    ) in done.stdout
