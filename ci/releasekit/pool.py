"""Projects side by side: an executor whose processes are forked when it is made.

Processes, because check-manifest changes the current directory, and because one Python uses one
core. Each does many projects, for which it imports what it needs once: with a new process for each
of 20 packages, two at once, they take 1.9 times the CPU seconds. They are forked before this
process has any thread (the embedded sandbox, the spinner): a lock that a thread holds at that
moment is never released in the fork.

ProcessPoolExecutor would do less: it hands calls out ahead of time, so that an interrupt does not
keep them from being begun, and all is lost when one process is killed.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

from releasekit.errors import Status
from releasekit.process import explain_end
from releasekit.request import Request
from releasekit.run import Run
from releasekit.signals import SIGNALS, find_heeded, interrupt
from releasekit.terminal import Terminal
from releasekit.threads import start

ECHO = 1.0
"""Seconds in which a signal is the one before, passed on."""
AGAIN = 5.0
"""Seconds after which a process that was told to stop is told again: Python may drop an interrupt
(see `signals`), and a build that hangs brings no event. More than programs have to end."""
Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Worker:
    """A process that does one call after the other."""

    process: ForkProcess
    line: Connection


class ForkedExecutor(Executor):
    """Call functions in processes that have this one's terminal, in the order of `submit`.

    An interrupt keeps calls from being begun: their futures are cancelled. A call whose process
    ends has a BrokenExecutor for an exception, with the reason; the other processes go on.
    """

    def __init__(self, count: int, terminal: Terminal) -> None:
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._workers: list[Worker] = []
        self._threads: list[threading.Thread] = []
        self._interrupted_at: float | None = None
        try:
            with _signals_deferred():
                for _ in range(count):
                    self._workers.append(_start_worker(terminal, self._workers))
            self._alive = set(self._workers)
            self._threads += [start(partial(self._serve, worker)) for worker in self._workers]
        except BaseException:
            self.shutdown()
            raise

    @property
    def is_interrupted(self) -> bool:
        """Tell whether calls that were not begun are cancelled."""
        return self._interrupted_at is not None

    def submit(
        self,
        fn: Callable[Parameters, Result],
        /,
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Future[Result]:
        """Have a function called as soon as a process is free; it is pickled, as its result is."""
        future: Future[Result] = Future()
        self._calls.put((future, partial(fn, *args, **kwargs)))
        return future

    def interrupt(self, *_: object) -> None:
        """Begin no call any more, and interrupt those under way; a handler of signals."""
        self._interrupted_at = time.monotonic()  # no lock: this thread may hold it
        for worker in self._workers:
            worker.process.terminate()

    def interrupt_again(self) -> None:
        """Interrupt once more what was interrupted long ago, and has not ended."""
        if self._interrupted_at is not None and time.monotonic() > self._interrupted_at + AGAIN:
            self.interrupt()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002
        """Interrupt what is under way, and end all processes, whatever the arguments."""
        self.interrupt()
        for _ in self._workers:
            self._calls.put(None)
        for thread in self._threads:
            while thread.is_alive():
                thread.join(1)
                self.interrupt_again()
        for worker in self._workers:
            worker.line.close()
            worker.process.join()

    def _serve(self, worker: Worker) -> None:
        """Hand calls to a process; each is begun only when the process is free."""
        for future, call in iter(self._calls.get, None):
            if self.is_interrupted or not self._alive:
                future.cancel()
            elif future.set_running_or_notify_cancel():
                try:
                    worker.line.send(call)
                    future.set_result(worker.line.recv())
                except (EOFError, OSError):
                    worker.process.join()
                    self._alive.discard(worker)
                    reason = explain_end(worker.process.exitcode or 0)
                    future.set_exception(BrokenExecutor(reason))
                    if self._alive:  # else this thread cancels what no process is left for
                        return


@contextlib.contextmanager
def _signals_deferred() -> Iterator[None]:
    """Let signals wait until it is known who is to hear them."""
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
    """Do the calls that come, until the parent has no more, or is no more."""
    for end in of_parent:
        end.close()  # inherited: while it is open here, no other process sees that the parent ended
    _TERMINAL.set(terminal)
    _SIGNALS.set(_Signals())
    start(lambda: _stop_with_parent(line))
    with contextlib.suppress(EOFError, OSError):
        while True:
            line.send(line.recv()())


def _stop_with_parent(line: Connection) -> None:
    """Interrupt what is under way where the parent was killed: nobody would stop it, or hear of it.

    Threads of a worker start after its fork.
    """
    parent = select.poll()
    parent.register(line, 0)  # no event but POLLHUP: the other end is closed
    parent.poll()
    os.kill(os.getpid(), signal.SIGTERM)


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """What came of a request: its exit status, and what it had to say."""

    status: int
    lines: str
    """For the terminal."""
    document: str
    """For standard output: the outcome, with --json."""


def carry_out(request: Request) -> Done:
    """Carry out a request in a process of an executor."""
    terminal, document = _TERMINAL.get(), io.StringIO()
    lines, run = terminal.record(), Run(request, terminal)
    with contextlib.redirect_stdout(document), contextlib.redirect_stderr(lines):
        try:
            with _SIGNALS.get().heard_by(run):
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


_TERMINAL: ContextVar[Terminal] = ContextVar("terminal")
_SIGNALS: ContextVar[_Signals] = ContextVar("signals")
"""Of a worker's process."""
