"""The one way in which the kit starts another program."""

from __future__ import annotations

import codecs
import contextlib
import io
import math
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from releasekit.errors import MissingProgram, ReleasekitError
from releasekit.errors.failed import PROGRAM_KILLED
from releasekit.errors.setup import MISSING_PROGRAM
from releasekit.signals import interrupts_deferred
from releasekit.threads import start

GRACE = 3.0
"""Seconds that a program has between SIGTERM and SIGKILL."""

GLANCE = 0.2
"""Seconds between two looks at a program that may take so many seconds."""
MEMORY_GLANCE = 0.02
"""Seconds between two looks at its memory: what unpacks to gigabytes takes 10 MB in that time."""
LOOK = 1.0
"""Seconds between two looks at whether a program that writes nothing is still there."""
FROM_OUTSIDE = {
    *(signal.SIGHUP, signal.SIGINT, signal.SIGKILL, signal.SIGTERM),
    *(signal.SIGXCPU, signal.SIGXFSZ),  # limits: ulimit -t, ulimit -f
}
"""Signals that no program sends to itself, as one that crashes does."""

Log = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """A program that has ended."""

    command: tuple[str, ...]
    status: int
    output: str
    """What it wrote: all of it from `run`, stdout alone from `capture`."""
    errors: str = ""
    """stderr from `capture`."""
    timed_out: bool = False
    """True if it was stopped, because it took longer than it may."""
    outgrown: bool = False
    """True if it was stopped, because it took more memory than it may."""

    def tail(self, lines: int = 15) -> str:
        """Return the last lines it wrote, where programs say what went wrong.

        The exception of a traceback goes first.
        """
        text = self.errors or self.output
        kept = lead_with_reason([line for line in text.splitlines() if line.strip()], lines)
        if self.status < 0:
            kept.append(explain_end(self.status))
        return "\n".join(kept) or f"{self.command[0]} ended with status {self.status}"


TRACEBACK = "Traceback (most recent call last):"


def lead_with_reason(written: Sequence[str], lines: int) -> list[str]:
    """Return the last lines, and the exception of a traceback at the end before that traceback."""
    begin = max((n for n, line in enumerate(written) if line == TRACEBACK), default=len(written))
    frames = ((n, line) for n, line in enumerate(written[begin + 1 :], begin + 1))
    reason = next((n for n, line in frames if not line.startswith(" ")), None)
    if reason is None or len(written) - reason > MESSAGE_LINES:
        return list(written[-lines:])
    said, before = written[reason:][:lines], written[:reason]
    return [*said, *before[max(0, len(before) - (lines - len(said))) :]]


MESSAGE_LINES = 60
"""Lines of an exception's message, and what a program may write after its traceback."""


def explain_end(status: int) -> str:
    """Return how a process ended, by its status: below 0 it is a signal's number."""
    if status >= 0:
        return f"it ended with status {status}"
    number = -status
    name = signal.Signals(number).name if number in list(signal.Signals) else f"signal {number}"
    hints: dict[int, str] = {
        signal.SIGKILL: "; where memory runs out, the system ends the largest process so",
        signal.SIGXCPU: "; its CPU time is limited (ulimit -t)",
        signal.SIGXFSZ: "; the size of files is limited (ulimit -f)",
    }
    return f"{name} ended it{hints.get(number, '')}"


def refuse_killed(finished: Finished, program: str, place: str) -> None:
    """Refuse to judge by a program that something ended from outside; raises PROGRAM_KILLED."""
    if -finished.status in FROM_OUTSIDE:
        raise ReleasekitError(
            PROGRAM_KILLED, program=program, place=place, reason=explain_end(finished.status)
        )


def refuse_ended(finished: Finished, cwd: Path) -> Finished:
    """Return what a program of ours did; raises PROGRAM_KILLED if it crashed, too."""
    if finished.status < 0:
        program = Path(finished.command[0]).name
        *said, end = finished.tail().splitlines()
        raise ReleasekitError(
            PROGRAM_KILLED, program=program, place=str(cwd), reason="\n".join((end, *said))
        )
    return finished


def run(
    command: Sequence[str],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    log: Log | None = None,
    given: str = "",
    seconds: float | None = None,
    idle: float | None = None,
    memory: int | None = None,
    foreign: bool = False,
    guarded: bool = False,
) -> Finished:
    """Run a program to its end, whatever its status; `log` gets each line as it comes.

    It gets what is `given` as standard input (which no list of processes shows), a umask of 022 (so
    that files in dists have the same modes everywhere) and a session of its own: an interrupt stops
    it together with all its children, and so does the end of the `seconds` that it may take. On
    Linux so do `idle` seconds without any work of the processor, and more `memory` than that, in
    bytes, of the program itself: a limit of the system would hold for its children too, and
    compilers need more than a client. The standard input of
    one that is `guarded` stays open until it has ended (see `proof.guard`).
    Raises MissingProgram, and PROGRAM_KILLED unless the program is `foreign`: one that is tested
    may crash.
    """
    stdin = subprocess.PIPE if given or guarded else subprocess.DEVNULL
    with _start(command, cwd, environ, subprocess.STDOUT, stdin) as process:
        try:
            _give(process, given)
            if not guarded:
                _end_input(process)
            watch = _Watch(process, seconds, memory, idle)
            output = _read(process, log, watch)
        except BaseException:
            _stop(process)
            raise
    finished = Finished(
        command=tuple(command),
        status=process.returncode,
        output=output,
        timed_out=watch.timed_out,
        outgrown=watch.outgrown,
    )
    return finished if foreign or watch.stopped else refuse_ended(finished, cwd)


class Conversation:
    """A program that does one thing after another, as it is asked by lines of its input."""

    def __init__(self, command: Sequence[str], process: subprocess.Popen[bytes]) -> None:
        self._command = tuple(command)
        self._process = process
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._decoder = io.IncrementalNewlineDecoder(decoder, translate=True)
        self._unread = ""

    def ask(self, line: str, mark: str, log: Log) -> Finished:
        """Ask for one thing, and return what was written until the mark, and the status after it.

        A program that ends instead has the status that it ended with.
        """
        _give(self._process, f"{line}\n")
        lines = []
        while written := self._read_line():
            text, end, status = written.partition(mark)
            if text:  # the last line may have no end of its own
                lines.append(text)
                log(text.rstrip("\n"))
            if end:
                return Finished(command=self._command, status=int(status), output="".join(lines))
        status_at_end = self._process.wait() or 1
        return Finished(command=self._command, status=status_at_end, output="".join(lines))

    def _read_line(self) -> str:
        """Return the next line; no text is the end."""
        while "\n" not in self._unread:
            data = self._read()
            self._unread += self._decoder.decode(data, final=not data)
            if not data:
                break
        line, end, self._unread = self._unread.partition("\n")
        return line + end

    def _read(self) -> bytes:
        if self._process.stdout is None:
            return b""
        output, has_ended = self._process.stdout.fileno(), False
        # Where it was killed, what it had started may go on, and hold the other end.
        while not select.select([output], [], [], 0 if has_ended else LOOK)[0]:
            if has_ended:
                return b""
            has_ended = self._process.poll() is not None
        return os.read(output, io.DEFAULT_BUFFER_SIZE)


@contextlib.contextmanager
def open_conversation(
    command: Sequence[str], *, cwd: Path, environ: Mapping[str, str]
) -> Iterator[Conversation]:
    """Start a program to ask; it ends with the block, and all its children with it."""
    with _start(command, cwd, environ, subprocess.STDOUT, subprocess.PIPE) as process:
        try:
            yield Conversation(command, process)
        finally:
            _stop(process)


def capture(
    command: Sequence[str],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    errors: str = "replace",
    seconds: float | None = None,
) -> Finished:
    """Run a program like `run`, and keep stdout, an answer to parse, apart from stderr.

    Line ends stay as they are: a file name may hold a carriage return. What is not UTF-8 is decoded
    as `errors` says. After `seconds` it is stopped with all its children, also where it has ended
    and one of them holds its output open. Raises MissingProgram and PROGRAM_KILLED.
    """
    with _start(command, cwd, environ, subprocess.PIPE) as process:
        try:
            *parts, timed_out = _communicate(process, seconds)
            output, said = (part.decode("utf-8", errors) for part in parts)
        except BaseException:
            _stop(process)
            raise
    finished = Finished(
        command=tuple(command),
        status=process.returncode,
        output=output,
        errors=said,
        timed_out=timed_out,
    )
    return finished if timed_out else refuse_ended(finished, cwd)


def _communicate(
    process: subprocess.Popen[bytes], seconds: float | None
) -> tuple[bytes, bytes, bool]:
    """Return all that a program wrote, and whether it was stopped, because it took too long."""
    try:
        return *process.communicate(timeout=seconds), False
    except subprocess.TimeoutExpired:
        _stop(process)
        return *process.communicate(), True


def _give(process: subprocess.Popen[bytes], text: str) -> None:
    if process.stdin:
        with contextlib.suppress(BrokenPipeError):  # it may not want to read it
            process.stdin.write(text.encode())
            process.stdin.flush()


def _end_input(process: subprocess.Popen[bytes]) -> None:
    if process.stdin:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()


def _start(
    command: Sequence[str],
    cwd: Path,
    environ: Mapping[str, str],
    stderr: int,
    stdin: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    process: subprocess.Popen[bytes] | None = None
    try:
        # Popen forgets what it has started where it is interrupted, and nobody would stop that.
        with _interrupts_let_through(), interrupts_deferred():
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env=dict(environ),
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=stderr,
                umask=0o022,
                start_new_session=True,
            )
    except FileNotFoundError as error:
        program = Path(command[0]).name
        raise MissingProgram(
            MISSING_PROGRAM,
            program=program,
            reason=str(error),
        ) from error
    except KeyboardInterrupt:
        if process:
            with process:
                _stop(process)
        raise
    return process


@contextlib.contextmanager
def _interrupts_let_through() -> Iterator[None]:
    """Let interrupts through, also in a thread that takes none: a program inherits that."""
    interrupts = (signal.SIGINT, signal.SIGTERM)
    before = signal.pthread_sigmask(signal.SIG_UNBLOCK, interrupts)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Watch:
    """Stops a program that takes too long or too much memory, and what an ended one left behind."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        seconds: float | None,
        memory: int | None,
        idle: float | None,
    ) -> None:
        self._process, self._memory, self._idle = process, memory, idle
        self._until = time.monotonic() + seconds if seconds is not None else math.inf
        self._work, self._worked = 0.0, time.monotonic()
        self._done = threading.Event()
        self.timed_out = self.outgrown = False
        if (seconds, memory, idle) != (None, None, None):
            start(self._look)

    @property
    def stopped(self) -> bool:
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
                if not has_ended:
                    self.timed_out = time.monotonic() >= self._until or self._is_idle()
                    memory = self._memory
                    self.outgrown = memory is not None and _read_memory(self._process.pid) > memory
                if self.stopped or has_ended:
                    _stop(self._process)
                    return

    def _is_idle(self) -> bool:
        if self._idle is None:
            return False
        now, before = time.monotonic(), self._work
        self._work = _read_work(self._process.pid, now)
        if self._work != before:
            self._worked = now
        return now - self._worked >= self._idle


def _read_memory(pid: int) -> int:
    """Return the bytes of memory that a process has to itself; 0 where the system does not say."""
    with contextlib.suppress(OSError, ValueError):
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")  # proc(5)
        _, _, rest = status.partition("RssAnon:")
        return int(rest.split(maxsplit=1)[0]) << 10 if rest else 0
    return 0


def _read_work(pid: int, otherwise: float) -> float:
    """Return the ticks that the processor worked for a process; `otherwise` if no system says."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        _, _, fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(") ")
        user, system = fields.split()[11:13]  # the 14th and 15th of proc(5)
        return int(user) + int(system)
    return otherwise


def _read(process: subprocess.Popen[bytes], log: Log | None, watch: _Watch) -> str:
    """Return what a program writes until its end."""
    lines = []
    stdout = process.stdout or io.BytesIO()
    try:
        with io.TextIOWrapper(stdout, encoding="utf-8", errors="replace") as text:
            for line in text:
                lines.append(line)
                if log:
                    log(line.rstrip("\n"))
        process.wait()
    finally:
        watch.end()
    return "".join(lines)


def _stop(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
    finally:  # also when a second Ctrl-C ends the grace
        # What it started may have ignored the signal, and outlive it. (EPERM: macOS, all ended.)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
