"""The JVM: started, waited for, stopped, and never left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from releasekit.errors import ReleasekitError
from releasekit.errors.failed import NEXUS_NOT_STARTED
from releasekit.http.client import Client

HOST = "127.0.0.1"
READY_SECONDS = 600.0
"""Measured: 13 to 56 s, the latter with two starts at once on two cores."""
STOP_SECONDS = 15.0
"""Measured: 0.8 to 3.5 s."""
POLL_SECONDS = 0.1
TAIL_LINES = 25

# Waits for the end of its input, which comes when we end, however that happens (SIGKILL too); a CI
# that ends all of a job's processes must not end it first. The process group is the JVM's; the
# directory is removed only where one is named. (`-s`: dash knows no `kill -TERM --`.)
GUARD = """
trap '' HUP INT TERM
read -r _
kill -s TERM -- "-$1"
for _ in 1 2 3 4 5; do kill -s 0 -- "-$1" || break; sleep 1; done
kill -s KILL -- "-$1"
[ -z "$2" ] || { sleep 0.2; rm -rf -- "$2"; }
"""


@contextmanager
def reserve_port(port: int) -> Iterator[int]:
    """Keep a port on loopback for the JVM until the block ends; 0 takes a free one.

    The socket does not listen, so the JVM may bind the port while others are not given it.
    Raises NEXUS_NOT_STARTED.
    """
    with socket.socket() as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            keeper.bind((HOST, port))
        except OSError as error:
            raise ReleasekitError(
                NEXUS_NOT_STARTED,
                problem="the port is taken",
                place=f"{HOST}:{port}",
                reason=str(error.strerror),
                fix="choose another with --port, or leave it out for a free one",
            ) from error
        yield keeper.getsockname()[1]


@contextmanager
def run_jvm(
    application: Path, environ: Mapping[str, str], *, log: Path, leftover: Path | None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run Nexus until the block ends, in a session of its own: a Ctrl-C is ours to pass on.

    The start script becomes the JVM (docs/nexus-behaviour.md#start-and-stop): its pid and process
    group are the JVM's.
    `leftover` is a directory to remove should we be killed.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            (str(application / "bin" / "nexus"), "server"),
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        with _guard(process.pid, environ, leftover):
            try:
                yield process
            finally:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGTERM)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(STOP_SECONDS)
    finally:
        # Whatever it started; also at a second Ctrl-C. (EPERM: macOS, all have ended.)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def _guard(group: int, environ: Mapping[str, str], leftover: Path | None) -> Iterator[None]:
    guard = subprocess.Popen(
        ("/bin/sh", "-c", GUARD, "releasekit-guard", str(group), str(leftover or "")),
        env=dict(environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        # Killed before its input ends: the number of the group may be another's by then.
        guard.kill()
        guard.communicate()


def wait_ready(
    process: subprocess.Popen[bytes],
    url: str,
    *,
    client: Client,
    log: Path,
    seconds: float = READY_SECONDS,
) -> None:
    """Wait until Nexus takes writes.

    A 200 from status/writable is enough (docs/nexus-behaviour.md#start-and-stop).
    Raises NEXUS_NOT_STARTED, with the last lines of the log.
    """
    reason, deadline = f"it was not ready after {seconds:g} s", time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            reason = f"its JVM ended with status {process.returncode}"
            break
        with suppress(ReleasekitError):
            if client.get(f"{url}/service/rest/v1/status/writable", attempts=1).status == 200:
                return
        time.sleep(POLL_SECONDS)
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    tail = [line for line in lines if line.strip()][-TAIL_LINES:]
    raise ReleasekitError(
        NEXUS_NOT_STARTED,
        problem="Nexus did not start",
        place=url,
        reason="\n".join([reason, *tail]),
        fix="run this again; if it stays so, give the machine memory (0.6 GB free), or delete\n"
        "the directory nexus/ in the kit's cache, which is then made anew",
    )
