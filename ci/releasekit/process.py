"""The one way in which the kit starts another program, and stops it."""

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

from releasekit.errors import MissingProgram, ReleasekitError, failed, setup
from releasekit.signals import SIGNALS, interrupts_deferred
from releasekit.threads import start

GRACE = 3.0  # seconds that a program has between SIGTERM and SIGKILL
GLANCE = 0.2  # seconds between two looks at a program that is watched
# Signals that no program sends to itself, as one that crashes does.
FROM_OUTSIDE = {
    *(signal.SIGHUP, signal.SIGINT, signal.SIGKILL, signal.SIGTERM),
    *(signal.SIGXCPU, signal.SIGXFSZ),  # limits: ulimit -t, ulimit -f
}

Log = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """A program that has ended, perhaps because it took longer or more memory than it may.

    The output is all that it wrote from `run`, and stdout alone from `capture`, which has `errors`
    for stderr.
    """

    command: tuple[str, ...]
    status: int
    output: str
    errors: str = ""
    timed_out: bool = False
    outgrown: bool = False

    def tail(self, lines: int = 15) -> str:
        """Return the last lines it wrote, where programs say what went wrong.

        The exception of a traceback goes first.
        """
        written = [line for line in (self.errors or self.output).splitlines() if line.strip()]
        start = "Traceback (most recent call last):"
        traceback = max(
            (n for n, line in enumerate(written) if line == start), default=len(written)
        )
        after = range(traceback + 1, len(written))
        reason = next((n for n in after if not written[n].startswith(" ")), len(written))
        if len(written) - reason > 60:  # more than an exception's message, and a few words after it
            reason = len(written)
        said, before = written[reason:][:lines], written[:reason]
        kept = [*said, *before[max(0, len(before) - (lines - len(said))) :]]
        if self.status < 0:
            kept.append(explain_end(self.status))
        return "\n".join(kept) or f"{self.command[0]} ended with status {self.status}"


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
            failed.PROGRAM_KILLED, program=program, place=place, reason=explain_end(finished.status)
        )


def refuse_ended(finished: Finished, cwd: Path) -> Finished:
    """Return what a program of ours did; raises PROGRAM_KILLED if it crashed, too."""
    if finished.status < 0:
        *said, end = finished.tail().splitlines()
        raise ReleasekitError(
            failed.PROGRAM_KILLED,
            program=Path(finished.command[0]).name,
            place=str(cwd),
            reason="\n".join((end, *said)),
        )
    return finished


def run(
    command: Sequence[str],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    log: Log | None = None,
    stdin: str = "",
    seconds: float | None = None,
    idle: float | None = None,
    memory: int | None = None,
    foreign: bool = False,
    guarded: bool = False,
) -> Finished:
    """Run a program to its end, whatever its status; `log` gets each line as it comes.

    It gets the text `stdin` (which no list of processes shows), a umask of 022 (so that files in
    dists have the same modes everywhere) and a session of its own: an interrupt stops it together
    with all its children, and so does the end of the `seconds` that it may take. On Linux so do
    `idle` seconds without any work of its processes, and more `memory` than that, in bytes, of the
    program itself: a limit of the system would hold for its children too, and compilers need more
    than a client. What a limited program leaves behind is stopped when it has ended. The standard
    input of one that is `guarded` stays open until then (see `proof.trial`).
    Raises MissingProgram, and PROGRAM_KILLED unless the program is `foreign`: one that is tested
    may crash.
    """
    lines = []
    source = subprocess.PIPE if stdin or guarded else subprocess.DEVNULL
    with start_program(command, cwd, environ, stdin=source) as process:
        if process.stdin and not guarded:
            with contextlib.suppress(BrokenPipeError), process.stdin:  # it may not want to read
                process.stdin.write(stdin.encode())
        with contextlib.closing(Watch(process, seconds, memory, idle)) as watch:
            for line in read_lines(process):
                lines.append(line)
                if log:
                    log(line.rstrip("\n"))
            process.wait()
    finished = Finished(
        command=tuple(command),
        status=process.returncode,
        output="".join(lines),
        timed_out=watch.timed_out,
        outgrown=watch.outgrown,
    )
    if foreign or watch.timed_out or watch.outgrown:
        return finished
    return refuse_ended(finished, cwd)


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
    with (
        start_program(command, cwd, environ, stderr=subprocess.PIPE) as process,
        contextlib.closing(Watch(process, seconds, None, idle)) as watch,
    ):
        output, said = (part.decode("utf-8", errors) for part in _read_both(process))
    finished = Finished(
        command=tuple(command),
        status=process.returncode,
        output=output,
        errors=said,
        timed_out=watch.timed_out,
    )
    return finished if watch.timed_out else refuse_ended(finished, cwd)


def read_lines(process: subprocess.Popen[bytes]) -> Iterator[str]:
    """Yield the lines that a program and its children write, until nobody writes any more.

    A daemon, which has a session of its own, may hold the output open for ever: it is left alone.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    newlines = io.IncrementalNewlineDecoder(decoder, translate=True)
    output, unread, data, until = process.stdout or io.BytesIO(), "", b"\n", math.inf
    while data:
        is_ready = bool(select.select([output], [], [], 1)[0])
        if _has_ended(process):
            until = min(until, time.monotonic() + GRACE)  # a daemon may write for ever, too
            is_ready = is_ready and time.monotonic() < until
        elif not is_ready:
            continue
        data = os.read(output.fileno(), io.DEFAULT_BUFFER_SIZE) if is_ready else b""
        *lines, unread = (unread + newlines.decode(data, final=not data)).split("\n")
        yield from (f"{line}\n" for line in lines)
    if unread:
        yield unread


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether a program has ended, and its children, but for those in another session."""
    if process.poll() is None:
        return False
    try:
        os.killpg(process.pid, 0)
    except (ProcessLookupError, PermissionError):
        return True
    return False


def _read_both(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """Return stdout and stderr; the connection that ssh keeps (ControlPersist) holds stderr."""
    while True:
        has_ended = _has_ended(process)
        try:
            return process.communicate(timeout=1)
        except subprocess.TimeoutExpired as late:
            if has_ended:
                return late.stdout or b"", late.stderr or b""


@contextlib.contextmanager
def start_program(
    command: Sequence[str],
    cwd: Path,
    environ: Mapping[str, str],
    *,
    stdin: int = subprocess.DEVNULL,
    stderr: int = subprocess.STDOUT,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program, and wait for its end; an error in the block stops it before.

    Raises MissingProgram.
    """
    process: subprocess.Popen[bytes] | None = None
    # A program inherits which signals it takes, also from a thread that takes none.
    before = signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    try:
        # Popen forgets what it has started where it is interrupted, and nobody would stop that.
        with interrupts_deferred():
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
        raise MissingProgram(
            setup.MISSING_PROGRAM, program=Path(command[0]).name, reason=str(error)
        ) from error
    except KeyboardInterrupt:
        if process:
            with process:
                stop(process)
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    with process:
        try:
            yield process
        except BaseException:
            stop(process)
            raise


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


class Watch:
    """Stops a program that takes too long or too much memory, and what an ended one left behind.

    `run` says what the limits are.
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

    def close(self) -> None:
        """Watch no longer: the program has ended, and all of its output was read."""
        self._done.set()

    def _look(self) -> None:
        # What unpacks to gigabytes takes 10 MB in 0.02 s.
        pause = GLANCE if self._memory is None else 0.02
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
        return self.timed_out or self.outgrown

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
    with contextlib.suppress(OSError, ValueError, IndexError):
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")  # proc(5)
        return int(status.partition("RssAnon:")[2].split(maxsplit=1)[0]) << 10
    return 0


def _read_work(session: int) -> list[tuple[str, ...]] | None:
    """Return what changes as a session's processes work; None if the system does not say.

    The ticks of the processor, and how often a process waited: what waits for a slow network wakes
    up for each packet, which takes far less than a tick.
    """
    work = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):  # it has ended
            fields = (process / "stat").read_text("utf-8", "replace").rpartition(") ")[2]
            values = fields.split()  # from the 3rd of proc(5) on; 6 is the session
            if int(values[3]) == session:
                status = (process / "status").read_text("utf-8", "replace")
                _, _, waits = status.partition("\nvoluntary_ctxt_switches:")
                work.append((process.name, *values[11:13], waits.split(maxsplit=1)[0]))
    return work or None
