"""The one way in which the kit starts another program."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import select
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from releasekit.errors import MissingProgram, ReleasekitError
from releasekit.errors.failed import PROGRAM_KILLED
from releasekit.errors.setup import MISSING_PROGRAM
from releasekit.signals import interrupts_deferred
from releasekit.watch import Watch, stop

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
    Linux so do `idle` seconds without any work of its processes, and more `memory` than that, in
    bytes, of the program itself: a limit of the system would hold for its children too, and
    compilers need more than a client. What a limited program leaves behind is stopped when it has
    ended. The standard input of one that is `guarded` stays open until then (see `proof.trial`).
    Raises MissingProgram, and PROGRAM_KILLED unless the program is `foreign`: one that is tested
    may crash.
    """
    stdin = subprocess.PIPE if given or guarded else subprocess.DEVNULL
    with _start(command, cwd, environ, subprocess.STDOUT, stdin) as process:
        try:
            _give(process, given)
            if not guarded:
                _end_input(process)
            watch = Watch(process, seconds, memory, idle)
            output = _read(process, log, watch)
        except BaseException:
            stop(process)
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
            stop(process)


def capture(
    command: Sequence[str],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    errors: str = "replace",
    seconds: float | None = None,
    idle: float | None = None,
) -> Finished:
    """Run a program like `run`, and keep stdout, an answer to parse, apart from stderr.

    Line ends stay as they are: a file name may hold a carriage return. What is not UTF-8 is decoded
    as `errors` says. Raises MissingProgram and PROGRAM_KILLED.
    """
    with _start(command, cwd, environ, subprocess.PIPE) as process:
        watch = Watch(process, seconds, None, idle)
        try:
            output, said = (part.decode("utf-8", errors) for part in process.communicate())
        except BaseException:
            stop(process)
            raise
        finally:
            watch.end()
    finished = Finished(
        command=tuple(command),
        status=process.returncode,
        output=output,
        errors=said,
        timed_out=watch.timed_out,
    )
    return finished if watch.stopped else refuse_ended(finished, cwd)


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
                stop(process)
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


def _read(process: subprocess.Popen[bytes], log: Log | None, watch: Watch) -> str:
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
