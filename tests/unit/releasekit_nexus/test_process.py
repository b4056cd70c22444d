"""The JVM's process, with small programs in its place: started, waited for, never left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from raising import raises_error
from releasekit.errors.failed import NEXUS_NOT_STARTED
from releasekit.http.client import Client
from releasekit.tls.trust import open_trust
from releasekit_nexus.launch import reserve_port, run_jvm, wait_ready
from unit.releasekit_nexus.conftest import wait_until

MakeApplication = Callable[[str], Path]
ENVIRON = {"PATH": os.environ["PATH"]}
WITH_A_CHILD = "sleep 60 & echo started; exec sleep 60"


@pytest.fixture
def make_application(tmp_path: Path) -> MakeApplication:
    def make(script: str) -> Path:
        program = tmp_path / "application" / "bin" / "nexus"
        program.parent.mkdir(parents=True)
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
        return tmp_path / "application"

    return make


@pytest.fixture
def client() -> Iterator[Client]:
    with closing(Client(trust=open_trust({}, None, None), environ={}, timeout=5)) as opened:
        yield opened


def find_group(group: int) -> list[int]:
    """Find the processes of a group that still run; zombies do not."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, member = path.read_text().rpartition(")")[2].split()[:3]
            if int(member) == group and state != "Z":
                found.append(int(path.parent.name))
    return found


def find_guard(group: int) -> int:
    """Find the process that watches over a group in case we are killed."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if path.read_bytes().split(b"\0")[3:5] == [b"releasekit-guard", b"%d" % group]:
                return int(path.parent.name)
    raise AssertionError("there is no guard")


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_it_is_stopped_with_its_children_however_the_block_ends(
    make_application: MakeApplication, tmp_path: Path, error: type[BaseException]
) -> None:
    log = tmp_path / "log"
    application = make_application(WITH_A_CHILD)
    with (
        pytest.raises(error),
        run_jvm(application, ENVIRON, log=log, leftover=tmp_path) as process,
    ):
        assert wait_until(lambda: "started" in log.read_text())
        assert len(find_group(process.pid)) == 2
        raise error
    assert wait_until(lambda: find_group(process.pid) == [])
    assert process.returncode == -signal.SIGTERM
    assert tmp_path.is_dir()


RUNNER = """
import sys, time
from pathlib import Path
from releasekit_nexus.launch import run_jvm
home = Path(sys.argv[1])
leftover = home / "leftover" if sys.argv[2] == "temporary" else None
environ = {"PATH": "/bin:/usr/bin"}
with run_jvm(home / "application", environ, log=home / "log", leftover=leftover) as process:
    print(process.pid, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("kind", ["temporary", "given"])
def test_it_never_outlives_us(
    make_application: MakeApplication, tmp_path: Path, number: signal.Signals, kind: str
) -> None:
    make_application(WITH_A_CHILD)
    (tmp_path / "leftover").mkdir()
    with subprocess.Popen(
        (sys.executable, "-c", RUNNER, str(tmp_path), kind),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as runner:
        try:
            assert runner.stdout is not None
            group = int(runner.stdout.readline())
            assert len(find_group(group)) >= 1
            time.sleep(0.2)
            # A CI that cancels a job asks all of its processes to end.
            os.kill(find_guard(group), signal.SIGTERM)
            runner.send_signal(number)
            runner.wait(10)
        finally:
            runner.kill()
    assert wait_until(lambda: find_group(group) == [])
    # Ctrl-C unwinds the block, whose owner removes the directory; the others leave no owner.
    gone = kind == "temporary" and number != signal.SIGINT
    assert wait_until(lambda: (tmp_path / "leftover").is_dir() != gone)


def test_an_end_before_it_is_ready_shows_the_log(
    make_application: MakeApplication, tmp_path: Path, client: Client
) -> None:
    log = tmp_path / "log"
    application = make_application("seq 1 40; exit 3")
    with (
        raises_error(NEXUS_NOT_STARTED) as caught,
        run_jvm(application, ENVIRON, log=log, leftover=None) as process,
    ):
        wait_ready(process, "http://127.0.0.1:9", client=client, log=log)
    tail = "\n".join(str(number) for number in range(16, 41))
    assert caught.value.answers()["where"] == "http://127.0.0.1:9"
    assert caught.value.answers()["why"] == f"its JVM ended with status 3\n{tail}"


def test_the_wait_has_an_end(
    make_application: MakeApplication, tmp_path: Path, client: Client
) -> None:
    log = tmp_path / "log"
    application = make_application("echo thinking; exec sleep 60")
    with (
        raises_error(NEXUS_NOT_STARTED) as caught,
        run_jvm(application, ENVIRON, log=log, leftover=None) as process,
    ):
        wait_ready(process, "http://127.0.0.1:9", client=client, log=log, seconds=0.5)
    assert caught.value.answers()["why"] == "it was not ready after 0.5 s\nthinking"
    assert process.returncode == -signal.SIGTERM


def test_a_port_is_kept_for_the_jvm_and_for_nobody_else() -> None:
    with reserve_port(0) as port, socket.socket() as jvm:
        jvm.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        jvm.bind(("127.0.0.1", port))
        jvm.listen()
        with raises_error(NEXUS_NOT_STARTED) as caught, reserve_port(port):
            pass
    assert caught.value.answers()["where"] == f"127.0.0.1:{port}"
    with reserve_port(port) as again:
        assert again == port
