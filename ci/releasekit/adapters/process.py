"""The one way in which the kit starts another program."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from releasekit.core.errors import MissingProgram

GRACE = 3.0
"""Seconds that a program has between SIGTERM and SIGKILL."""

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

    def tail(self, lines: int = 15) -> str:
        """Return the last lines it wrote, where programs say what went wrong."""
        text = self.errors or self.output
        kept = [line for line in text.splitlines() if line.strip()][-lines:]
        return "\n".join(kept) or f"{self.command[0]} ended with status {self.status}"


def run(
    command: Sequence[str],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    log: Log | None = None,
    given: str = "",
) -> Finished:
    """Run a program to its end, whatever its status; `log` gets each line as it comes.

    It gets what is `given` as standard input (which no list of processes shows), a umask of 022 (so
    that files in dists have the same modes everywhere) and a session of its own: an interrupt stops
    it together with all its children.
    Raises MissingProgram.
    """
    with _start(command, cwd, environ, subprocess.STDOUT, given) as process:
        try:
            _give(process, given)
            output = _read(process, log)
        except BaseException:
            _stop(process)
            raise
    return Finished(command=tuple(command), status=process.returncode, output=output)


def capture(command: Sequence[str], *, cwd: Path, environ: Mapping[str, str]) -> Finished:
    """Run a program like `run`, and keep stdout, an answer to parse, apart from stderr.

    Line ends stay as they are: a file name may hold a carriage return.
    """
    with _start(command, cwd, environ, subprocess.PIPE) as process:
        try:
            output, errors = (part.decode("utf-8", "replace") for part in process.communicate())
        except BaseException:
            _stop(process)
            raise
    return Finished(command=tuple(command), status=process.returncode, output=output, errors=errors)


def _give(process: subprocess.Popen[bytes], text: str) -> None:
    if process.stdin:
        with contextlib.suppress(BrokenPipeError), process.stdin:  # it may not want to read it
            process.stdin.write(text.encode())


def _start(
    command: Sequence[str], cwd: Path, environ: Mapping[str, str], stderr: int, given: str = ""
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(environ),
            stdin=subprocess.PIPE if given else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            umask=0o022,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        program = Path(command[0]).name
        raise MissingProgram(
            program=program, reason=str(error), mend=f"install {program}, or put it on PATH"
        ) from error


def _read(process: subprocess.Popen[bytes], log: Log | None) -> str:
    lines = []
    stdout = process.stdout or io.BytesIO()
    with io.TextIOWrapper(stdout, encoding="utf-8", errors="replace") as text:
        for line in text:
            lines.append(line)
            if log:
                log(line.rstrip("\n"))
    process.wait()
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
