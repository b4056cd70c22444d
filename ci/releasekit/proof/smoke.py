"""The smoke test of a project: its commands, run in an environment that has the release."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass

from releasekit.errors import find_limit_in
from releasekit.process import Finished, Log, explain_end, refuse_killed, run
from releasekit.proof.environment import CleanEnvironment
from releasekit.proof.guard import EXECUTE


@dataclass(frozen=True, kw_only=True, slots=True)
class SmokeFailure:
    """A command that failed."""

    command: str
    reason: str
    """How it ended, and the last line that it wrote."""


def run_smoke_tests(
    environment: CleanEnvironment, commands: Sequence[str], *, seconds: float, log: Log
) -> tuple[SmokeFailure, ...]:
    """Run the commands, without a shell and outside the checkout; return those that fail.

    The programs of the environment come first on PATH. Raises PROGRAM_KILLED and LIMIT_REACHED,
    which are faults of the machine.
    """
    failures = []
    for command in commands:
        log(f"$ {command}")
        if reason := _run(environment, command, seconds, log):
            failures.append(SmokeFailure(command=command, reason=reason))
    return tuple(failures)


def _run(environment: CleanEnvironment, command: str, seconds: float, log: Log) -> str:
    """Run a command; return why it failed, "" if it did not."""
    programs = f"{environment.python.parent}{os.pathsep}{environment.environ.get('PATH', '')}"
    environ = {**environment.environ, "PATH": programs, "VIRTUAL_ENV": str(environment.path)}
    program, *arguments = shlex.split(command)
    found = shutil.which(program, path=programs)
    if found is None:
        return f"there is no program {program} in the environment or on PATH"
    try:
        finished = run(
            (str(environment.python), "-I", "-c", EXECUTE, found, *arguments),
            cwd=environment.work,
            environ=environ,
            log=log,
            seconds=seconds,
            foreign=True,
            guarded=True,
        )
    except OSError as error:  # it is no program
        return f"{program} cannot be started: {error.strerror}"
    return _judge(finished, program, seconds)


def _judge(finished: Finished, program: str, seconds: float) -> str:
    lines = [line.strip() for line in finished.output.splitlines() if line.strip()]
    last = f": {lines[-1]}" if lines else ""
    if finished.timed_out:
        return f"it takes longer than {seconds:g} s{last}"
    refuse_killed(finished, program, program)
    if finished.status == 0:
        return ""
    if limit := find_limit_in(finished.output, program):
        raise limit
    return f"{explain_end(finished.status)}{last}"
