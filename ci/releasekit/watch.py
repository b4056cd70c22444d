"""How a program is stopped: for the time or the memory that it takes, or because nobody waits."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

from releasekit.threads import start

GRACE = 3.0
"""Seconds that a program has between SIGTERM and SIGKILL."""

GLANCE = 0.2
"""Seconds between two looks at a program that may take so many seconds."""
MEMORY_GLANCE = 0.02
"""Seconds between two looks at its memory: what unpacks to gigabytes takes 10 MB in that time."""


class Watch:
    """Stops a program that takes too long or too much memory, and what an ended one left behind.

    `process.run` says what the limits are.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        seconds: float | None,
        memory: int | None,
        idle: float | None,
    ) -> None:
        self._process, self._memory, self._idle = process, memory, idle
        self._until = time.monotonic() + seconds if seconds is not None else math.inf
        self._work: list[tuple[str, ...]] | None = None
        self._worked = self._next_look = time.monotonic()
        self._done = threading.Event()
        self.timed_out = self.outgrown = False
        if (seconds, memory, idle) != (None, None, None):
            start(self._look)

    @property
    def stopped(self) -> bool:
        """Tell whether the program was stopped, because it took too much."""
        return self.timed_out or self.outgrown

    def end(self) -> None:
        """Watch no longer: the program has ended, and all of its output was read."""
        self._done.set()

    def _look(self) -> None:
        pause = GLANCE if self._memory is None else MEMORY_GLANCE
        while True:
            # Where this process has no memory the program must not go on unwatched: uv hangs then.
            with contextlib.suppress(MemoryError, RuntimeError):
                if self._done.wait(pause):
                    return
                has_ended = self._process.poll() is not None and not self._done.wait(GLANCE)
                if has_ended or self._takes_too_much():
                    stop(self._process)
                    return

    def _takes_too_much(self) -> bool:
        memory = self._memory
        self.timed_out = time.monotonic() >= self._until or self._is_idle()
        self.outgrown = memory is not None and _read_memory(self._process.pid) > memory
        return self.stopped

    def _is_idle(self) -> bool:
        now = time.monotonic()
        if self._idle is None or now < self._next_look:
            return False
        self._next_look = now + self._idle / 10  # all processes of the machine are looked at
        work = _read_work(self._process.pid)
        if work is None or work != self._work:
            self._work, self._worked = work, now
        return now - self._worked >= self._idle


def _read_memory(pid: int) -> int:
    """Return the bytes of memory that a process has to itself; 0 where the system does not say."""
    with contextlib.suppress(OSError, ValueError):
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")  # proc(5)
        _, _, rest = status.partition("RssAnon:")
        return int(rest.split(maxsplit=1)[0]) << 10 if rest else 0
    return 0


def _read_work(session: int) -> list[tuple[str, ...]] | None:
    """Return what changes as a session's processes work; None if the system does not say.

    The ticks of the processor, and how often a process waited: what waits for a slow network wakes
    up for each packet, which takes far less than a tick.
    """
    work = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):  # it has ended
            _, _, fields = (process / "stat").read_text("utf-8", "replace").rpartition(") ")
            values = fields.split()  # from the 3rd of proc(5) on; 6 is the session
            if int(values[3]) == session:
                status = (process / "status").read_text("utf-8", "replace")
                _, _, waits = status.partition("\nvoluntary_ctxt_switches:")
                work.append((process.name, *values[11:13], waits.split(maxsplit=1)[0]))
    return work or None


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a program and all its children: they may end by themselves, for a few seconds."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
    finally:  # also when a second Ctrl-C ends the grace
        # What it started may have ignored the signal, and outlive it. (EPERM: macOS, all ended.)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
