"""Projects side by side: processes that are forked when they are made.

Processes, because check-manifest changes the current directory, and because one Python uses one
core. Each does many projects, for which it imports what it needs once: with a new process for each
of 20 packages, two at once, they take 1.9 times the CPU seconds. They are forked before this
process has any thread (the embedded sandbox, the spinner): a lock that a thread holds at that
moment is never released in the fork.

ProcessPoolExecutor would do less: it hands calls out ahead of time, so that an interrupt does not
keep them from being begun, and all is lost when one process is killed.
"""

import contextlib
import io
import os
import select
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from pathlib import Path

from releasekit.errors import Status
from releasekit.process import explain_end
from releasekit.request import Request
from releasekit.run import Run
from releasekit.signals import SIGNALS, find_heeded, interrupt
from releasekit.terminal import Terminal
from releasekit.threads import start


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """What came of a request: its exit status, its lines for the terminal, and standard output.

    That is the document of the outcome, with --json. `killed` says how the process ended instead.
    """

    status: int
    lines: str = ""
    document: str = ""
    killed: str = ""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Worker:
    """A process that carries out one request after the other."""

    process: ForkProcess
    line: Connection


class Pool:
    """Carry out requests in processes that have this one's terminal.

    Where a process is killed, the others go on.
    """

    def __init__(self, count: int, terminal: Terminal) -> None:
        self.ended: dict[Path, Done] = {}
        self.workers: list[Worker] = []
        self._running: dict[Worker, Request] = {}
        self._interrupted_at: float | None = None
        try:
            # Signals wait until each process has its handler of them.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
            try:
                for _ in range(count):
                    self.workers.append(_start_worker(terminal, self.workers))
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
        except BaseException:
            self.close()
            raise

    @property
    def is_interrupted(self) -> bool:
        """Tell whether no request is begun any more."""
        return self._interrupted_at is not None

    def begin(self, request: Request) -> bool:
        """Have a free process carry a request out; tell whether there is one."""
        free = [worker for worker in self.workers if worker not in self._running]
        if not free or self.is_interrupted:
            return False
        self._running[free[0]] = request
        with contextlib.suppress(OSError):  # it was killed, as `wait` finds
            free[0].line.send(request)
        return True

    def wait(self) -> None:
        """Wait until a request has ended, or for a second."""
        ready = wait([worker.line for worker in self._running], timeout=1)
        for worker in [worker for worker in self._running if worker.line in ready]:
            try:
                done = worker.line.recv()
            except (EOFError, OSError):
                worker.process.join()
                self.workers.remove(worker)
                reason = explain_end(worker.process.exitcode or 0)
                done = Done(status=Status.FAILED, killed=reason)
            self.ended[self._running.pop(worker).root] = done
        # Python may drop an interrupt (see `signals`), and a build that hangs brings no event. 5 s
        # are more than programs have to end.
        if self._interrupted_at is not None and time.monotonic() > self._interrupted_at + 5:
            self.interrupt()

    def interrupt(self, *_: object) -> None:
        """Begin no request any more, and interrupt those under way; a handler of signals."""
        self._interrupted_at = time.monotonic()
        for worker in self.workers:
            worker.process.terminate()

    def close(self) -> None:
        """Interrupt what is under way, and end all processes."""
        self.interrupt()
        while self._running:
            self.wait()
        for worker in self.workers:
            worker.line.close()
            worker.process.join()


def _start_worker(terminal: Terminal, others: Sequence[Worker]) -> Worker:
    context = get_context("fork")
    ours, theirs = context.Pipe()
    of_parent = [ours, *(other.line for other in others)]
    process = context.Process(target=_work, args=(theirs, of_parent, terminal))
    process.start()
    theirs.close()
    return Worker(process=process, line=ours)


def _work(line: Connection, of_parent: Sequence[Connection], terminal: Terminal) -> None:
    """Carry out the requests that come, until the parent has no more, or is no more."""
    for end in of_parent:
        end.close()  # inherited: while it is open here, no other process sees that the parent ended
    work = _Work(terminal)
    start(lambda: _stop_with_parent(line))
    with contextlib.suppress(EOFError, OSError):
        while True:
            line.send(work.carry_out(line.recv()))


def _stop_with_parent(line: Connection) -> None:
    """Interrupt what is under way where the parent was killed: nobody else would stop it.

    Threads of a worker start after its fork.
    """
    parent = select.poll()
    parent.register(line, 0)  # no event but POLLHUP: the other end is closed
    parent.poll()
    os.kill(os.getpid(), signal.SIGTERM)


class _Work:
    """The work of a process. A signal interrupts what is under way; nothing is begun after it.

    A terminal, and many a CI, send theirs to all processes, and the parent passes on what it gets:
    the same signal within a second would take programs the time to end by themselves. Nothing cuts
    a report off.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._signalled_at: float | None = None
        self._run: Run | None = None
        for number in find_heeded():
            signal.signal(number, self._stop)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def carry_out(self, request: Request) -> Done:
        """Carry out a request, unless there was a signal."""
        status: int = Status.INTERRUPTED
        document, lines, run = io.StringIO(), self._terminal.record(), Run(request, self._terminal)
        with (
            contextlib.redirect_stdout(document),
            contextlib.redirect_stderr(lines),
            contextlib.suppress(KeyboardInterrupt),  # before it began
        ):
            try:
                self._run = run
                if self._signalled_at is None:
                    status = run.do()
            finally:
                self._run = None
        return Done(status=status, lines=lines.getvalue(), document=document.getvalue())

    def _stop(self, *_: object) -> None:
        now, before = time.monotonic(), self._signalled_at
        self._signalled_at = now
        is_echo = before is not None and now < before + 1
        if self._run and not self._run.is_over and not is_echo:
            interrupt()
