"""Commands on the clock: wall time, and the CPU time of all that they start."""

from __future__ import annotations

import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Commands = Sequence[Sequence[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Took:
    """What some work took, in seconds."""

    seconds: float
    cpu: float
    """Of the processes that were started and have ended; a server is none of them."""


class Failed(Exception):
    """A command that is measured did not do its work."""


def time_commands(commands: Commands, cwd: Path, environ: Mapping[str, str]) -> Took:
    """Run commands one after the other; raises Failed, with what the command said."""
    return time_work(lambda: [run_command(command, cwd, environ) for command in commands])


def time_work(work: Callable[[], object]) -> Took:
    """Do some work on the clock."""
    cpu, began = _children_cpu(), time.monotonic()
    work()
    return Took(seconds=time.monotonic() - began, cpu=_children_cpu() - cpu)


def run_command(command: Sequence[str], cwd: Path, environ: Mapping[str, str]) -> str:
    """Run a command and return what it wrote to standard output."""
    done = subprocess.run(
        command, cwd=cwd, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode:
        said = (done.stdout + done.stderr)[-3000:]
        raise Failed(f"{' '.join(command)}: status {done.returncode}\n{said}")
    return done.stdout


def find_median(took: Sequence[Took]) -> Took:
    """Return the medians of several runs."""
    return Took(
        seconds=statistics.median(one.seconds for one in took),
        cpu=statistics.median(one.cpu for one in took),
    )


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
