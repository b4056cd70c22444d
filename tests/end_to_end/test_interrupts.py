"""Killed in the middle: the next run converges, and nothing that was started goes on."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from nexus_double import Faults, Sandbox
from support import SDIST, WHEEL, Command, ProjectDir, outcome, published, start, wait_for


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_between_the_files_the_next_run_uploads_the_rest(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command, number: signal.Signals
) -> None:
    sandbox.state.faults = Faults(upload_delay=2.0)
    with start(project, **sandbox.environ()) as process:
        wait_for(lambda: published(sandbox) == {WHEEL})
        process.send_signal(number)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out.endswith(
        "report    reports/summary.md\n"
        "error E901: interrupted\n"
        "  where: during publish\n"
        "  why:   a signal asked for it; programs that were started are stopped\n"
        "  next:  run the same command again: what is already published is skipped\n"
    ), out
    assert outcome(project)["status"] == "interrupted"

    sandbox.state.faults = Faults()
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 0
    assert published(sandbox) == {WHEEL, SDIST}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_in_the_build_nothing_goes_on_and_nothing_is_left(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command, number: signal.Signals
) -> None:
    pids = project.root / "pids"
    project.write(
        "backend.py",
        "import os, subprocess, time\n"
        "from flit_core.buildapi import *\n"
        "def build_sdist(*args, **settings):\n"
        "    child = subprocess.Popen(['sleep', '60'])\n"
        f"    open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}} ')\n"
        "    time.sleep(60)\n",
    )
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    backend = 'build-backend = "backend"\nbackend-path = ["."]'
    project.write("pyproject.toml", text.replace('build-backend = "flit_core.buildapi"', backend))
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    with start(project, **sandbox.environ()) as process:
        wait_for(lambda: pids.is_file() and pids.read_text().endswith(" "))
        started = [int(pid) for pid in pids.read_text().split()]
        process.send_signal(number)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 130, out
    assert "  where: during build\n" in out
    wait_for(lambda: not any(is_running(pid) for pid in started))
    assert list((project.root / "dist").glob("[!.]*")) == []
    assert project.git("worktree", "list").count("\n") == 0


def test_a_second_interrupt_kills_what_ignores_the_first(
    project: ProjectDir, sandbox: Sandbox
) -> None:
    pids = project.root / "pids"
    project.write(
        "backend.py",
        "import os, signal, time\n"
        "from flit_core.buildapi import *\n"
        "def build_sdist(*args, **settings):\n"
        "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"    open({str(pids)!r}, 'w').write(f'{{os.getpid()}} ')\n"
        "    time.sleep(60)\n",
    )
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    backend = 'build-backend = "backend"\nbackend-path = ["."]'
    project.write("pyproject.toml", text.replace('build-backend = "flit_core.buildapi"', backend))
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    with start(project, **sandbox.environ()) as process:
        wait_for(lambda: pids.is_file() and pids.read_text().endswith(" "))
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 130, out
    wait_for(lambda: not is_running(int(pids.read_text())))


def is_running(pid: int) -> bool:
    """Tell whether a process still runs; one that nobody has reaped does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_killed_outright_the_next_run_converges(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    sandbox.state.faults = Faults(upload_delay=1.0)
    with start(project, **sandbox.environ()) as process:
        wait_for(lambda: published(sandbox) == {WHEEL})
        os.kill(process.pid, signal.SIGKILL)
        process.wait(30)
    sandbox.state.faults = Faults()
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 0
    assert published(sandbox) == {WHEEL, SDIST}


def test_two_releases_at_once_publish_one_set_of_files(
    project: ProjectDir, sandbox: Sandbox, tmp_path: Path
) -> None:
    clone = ProjectDir(root=tmp_path / "clone", environ=project.environ)
    project.git("clone", "-q", str(project.root), str(clone.root))
    sandbox.state.faults = Faults(upload_delay=0.5)
    running = [start(one, **sandbox.environ()) for one in (project, clone)]
    outputs = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0], outputs
    assert published(sandbox) == {WHEEL, SDIST}
