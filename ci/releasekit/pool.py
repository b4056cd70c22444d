"""Projects side by side, each in a process that was forked when all that they need was loaded.

Processes, because check-manifest changes the current directory, and because one Python uses one
core. They are forked before this process has any thread (the embedded sandbox, the spinner): a lock
that a thread holds at that moment is never released in the fork.

A pool of concurrent.futures would do less: it hands requests out ahead of time, so that an
interrupt does not keep them from being begun, and all is lost when one process is killed.
"""

from __future__ import annotations

import contextlib
import gc
import io
import os
import select
import signal
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import TYPE_CHECKING

from releasekit.errors import ReleasekitError, Status
from releasekit.errors.failed import PROCESS_KILLED
from releasekit.process import explain_end
from releasekit.request import Request
from releasekit.run import Run
from releasekit.signals import SIGNALS, find_heeded, handled_by, interrupt
from releasekit.terminal import Terminal
from releasekit.threads import start

if TYPE_CHECKING:
    from releasekit.commands import Command

ECHO = 1.0
"""Seconds in which a signal is the one before, passed on."""
AGAIN = 5.0
"""Seconds after which a process that was told to stop is told again: Python may drop an interrupt
(see `signals`), and a build that hangs brings no event. More than programs have to end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """What came of a request: its exit status, and what it had to say."""

    status: int
    lines: str
    """For the terminal."""
    document: str
    """For standard output: the outcome, with --json."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Worker:
    """A process that carries out one request after the other."""

    process: ForkProcess
    line: Connection


@contextlib.contextmanager
def open_workers(count: int, command: Command, terminal: Terminal) -> Iterator[tuple[Worker, ...]]:
    """Provide so many processes; none of them outlives the block."""
    workers: list[Worker] = []
    try:
        with _signals_deferred():
            if command.preload:
                command.preload()
            gc.freeze()  # what is there stays: else each process copies it all to look through it
            for _ in range(count):
                workers.append(_start_worker(terminal, workers))
        yield tuple(workers)
    finally:
        for worker in workers:
            worker.process.terminate()
            worker.line.close()
        for worker in workers:
            worker.process.join()


@contextlib.contextmanager
def _signals_deferred() -> Iterator[None]:
    """Let signals wait until it is known who is to hear them.

    In an import they may get lost, too: importlib drops its locks in callbacks of weak references.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_worker(terminal: Terminal, others: Sequence[Worker]) -> Worker:
    context = get_context("fork")
    ours, theirs = context.Pipe()
    of_parent = [ours, *(other.line for other in others)]
    process = context.Process(target=_work, args=(theirs, of_parent, terminal))
    process.start()
    theirs.close()
    return Worker(process=process, line=ours)


def _work(line: Connection, of_parent: Sequence[Connection], terminal: Terminal) -> None:
    """Carry out what comes, until the parent has no more, or is no more."""
    for end in of_parent:
        end.close()  # inherited: while it is open here, no other process sees that the parent ended
    signals = _Signals()
    start(lambda: _stop_with_parent(line))
    with contextlib.suppress(EOFError, OSError):
        while True:
            line.send(_carry_out(line.recv(), terminal, signals))


def _stop_with_parent(line: Connection) -> None:
    """Interrupt what is under way where the parent was killed: nobody would stop it, or hear of it.

    Threads of a worker start after its fork.
    """
    parent = select.poll()
    parent.register(line, 0)  # no event but POLLHUP: the other end is closed
    parent.poll()
    os.kill(os.getpid(), signal.SIGTERM)


def _carry_out(request: Request, terminal: Terminal, signals: _Signals) -> Done:
    lines, document = terminal.record(), io.StringIO()
    run = Run(request, terminal)
    with contextlib.redirect_stdout(document), contextlib.redirect_stderr(lines):
        try:
            with signals.heard_by(run):
                status = run.do()
        except KeyboardInterrupt:  # before it began
            status = Status.INTERRUPTED
    return Done(status=status, lines=lines.getvalue(), document=document.getvalue())


class _Signals:
    """What a worker does with signals: what is under way is interrupted, and nothing begun after.

    A terminal, and many a CI, send theirs to all processes, and the parent passes on what it gets:
    the same again would take programs the time to end by themselves. Nothing cuts a report off.
    """

    def __init__(self) -> None:
        self._came: float | None = None
        self._run: Run | None = None
        for number in find_heeded():
            signal.signal(number, self._stop)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    @contextlib.contextmanager
    def heard_by(self, run: Run) -> Iterator[None]:
        """Raise KeyboardInterrupt in the block for a signal, also for one that came before."""
        self._run = run
        try:
            if self._came is not None:
                raise KeyboardInterrupt
            yield
        finally:
            self._run = None

    def _stop(self, *_: object) -> None:
        now = time.monotonic()
        is_echo = self._came is not None and now < self._came + ECHO
        self._came = now
        if self._run and not self._run.is_over and not is_echo:
            interrupt()


class SideBySide:
    """Requests under way in several processes; what came of each is told in the order named."""

    def __init__(
        self, requests: Sequence[Request], workers: Sequence[Worker], terminal: Terminal
    ) -> None:
        self._requests = requests
        self._workers = list(workers)
        self._terminal = terminal
        self._todo = deque(range(len(requests)))
        self._busy: dict[int, Worker] = {}
        self._ended: dict[int, Done | ReleasekitError] = {}
        self._stopped, self._told = False, 0.0

    def carry_out(self) -> Iterator[tuple[Request, Done | ReleasekitError]]:
        """Yield what came of each request, as soon as it and those before it have ended.

        After an interrupt those under way are told to stop, and none is begun: raises
        KeyboardInterrupt when all of them have ended.
        """
        with handled_by(self._stop):
            for number, request in enumerate(self._requests):
                while number not in self._ended:
                    self._hand_out()
                    if self._stopped and not self._busy:
                        raise KeyboardInterrupt
                    if not self._busy:  # all processes were killed
                        return
                    self._take_in()
                yield request, self._ended[number]

    def _hand_out(self) -> None:
        free = [worker for worker in self._workers if worker not in self._busy.values()]
        while free and self._todo and not self._stopped:
            number, worker = self._todo.popleft(), free.pop()
            self._busy[number] = worker
            with contextlib.suppress(OSError):  # it was killed: that is seen when it is read from
                worker.line.send(self._requests[number])
        names = ", ".join(self._requests[number].root.name for number in self._busy)
        self._terminal.work(f"{names} ({len(self._ended)} of {len(self._requests)} ended)")

    def _take_in(self) -> None:
        lines = [worker.line for worker in self._busy.values()]
        while not (ready := wait(lines, timeout=1)):
            # A signal that came just before the wait is heard now.
            if self._stopped and time.monotonic() > self._told + AGAIN:
                self._stop()
        for number, worker in list(self._busy.items()):
            if worker.line in ready:
                del self._busy[number]
                self._ended[number] = self._read_from(worker, self._requests[number])

    def _read_from(self, worker: Worker, request: Request) -> Done | ReleasekitError:
        try:
            done: Done = worker.line.recv()
        except (EOFError, OSError):
            self._workers.remove(worker)
            worker.process.join()
            return ReleasekitError(
                PROCESS_KILLED,
                root=str(request.root),
                reason=explain_end(worker.process.exitcode or 0),
            )
        return done

    def _stop(self, *_: object) -> None:
        self._stopped, self._told = True, time.monotonic()
        for worker in self._workers:
            worker.process.terminate()
