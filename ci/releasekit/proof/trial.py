"""What is tried in an environment that has the release: its imports, and its smoke test."""

import os
import re
import secrets
import shlex
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import PurePosixPath

from packaging.utils import canonicalize_name

from releasekit.errors.limits import refuse_limit
from releasekit.process import Log, explain_end, refuse_killed, run
from releasekit.proof.environment import CleanEnvironment

GUARD = """\
import os, select, signal
if not os.fork():
    for output in (1, 2):
        os.close(output)
    kit = select.poll()
    kit.register(0, 0)
    kit.poll()
    os.killpg(0, signal.SIGKILL)
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
"""
"""The beginning of a program in Python that `process.run` starts as `guarded`.

Another process waits until nobody holds the other end of standard input any more (POLLHUP, the only
event that `register(0, 0)` asks for), and then kills the session: whatever was left behind, too.
The program itself has an empty standard input.
"""

# Imports one name after the other; the mark tells what it reports from what the packages print. Its
# output is its own: a package may replace sys.stdout, close it, or leave a line without an end.
IMPORT = f"""{GUARD}
import contextlib, importlib, sys, traceback
reports = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace")
mark, *names = sys.argv[1:]
def report(*words):
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    print(mark, *words, file=reports, flush=True)
for name in names:
    report("begin", name)
    try:
        importlib.import_module(name)
    except BaseException as error:
        with contextlib.suppress(Exception):
            traceback.print_exc()
        text = " ".join((type(error).__name__ + ": " + str(error)).split())
        report("missing" if isinstance(error, ImportError) else "failed", name, text)
    else:
        report("done", name)
"""

# The files of modules. A library such as libfoo.so is none: extension modules have a tag (PEP
# 3149).
MODULE = re.compile(r"(\w+)\.(?:py|(?:cpython|abi3|pypy)[\w-]*\.so)")

# An entry point (packaging user guide, "Entry points specification").
VALUE = re.compile(r"(?P<module>[\w.]+)\s*(?::[^\[]*)?(?:\[(?P<extras>.*)\])?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """What failed: a name that cannot be imported, or a command, and why."""

    subject: str
    reason: str
    """The exception, or how the process ended, with the last line of a command."""
    missing: bool = False
    """True for an ImportError: something is not there."""


def find_imports(files: Iterable[str]) -> tuple[str, ...]:
    """Return what can be imported of a distribution's files: its packages and modules at the top.

    `files` are paths as RECORD has them. A directory without `__init__` is a namespace (PEP 420):
    the packages in it are imported, and of loose modules the directory alone, so that no script in
    a directory of data or tests runs.
    """
    packages: set[tuple[str, ...]] = set()
    modules: set[tuple[str, ...]] = set()
    for path in map(PurePosixPath, files):
        match, folders = MODULE.fullmatch(path.name), path.parts[:-1]
        if match and all(part.isidentifier() for part in (*folders, match[1])):
            if match[1] == "__init__":
                packages.add(folders)
            else:
                modules.add((*folders, match[1]))

    def is_on_top(path: tuple[str, ...]) -> bool:
        return not any(path[:length] in packages for length in range(1, len(path)))

    found = {path for path in packages if path and is_on_top(path)}
    found |= {path[:-1] or path for path in modules if is_on_top(path)}
    return tuple(sorted(".".join(path) for path in found))


def find_extras(name: str, points: Iterable[EntryPoint]) -> frozenset[str]:
    """Return the extras with which all entry points into a package come, normalized.

    `blackd = blackd:main [d]`: without the extra, what the package needs may not be there. A
    package that has no entry point, or one without extras, needs none.
    """
    extras: set[str] = set()
    for point in points:
        match = VALUE.fullmatch(point.value.strip())
        if match and f"{match['module']}.".startswith(f"{name}."):
            named = re.findall(r"[\w.-]+", match["extras"] or "")
            if not named:
                return frozenset()
            extras.update(map(canonicalize_name, named))
    return frozenset(extras)


def import_all(
    environment: CleanEnvironment, names: Sequence[str], *, seconds: float, log: Log
) -> tuple[Failure, ...]:
    """Import every name in the environment, outside the checkout; return those that fail.

    Raises PROGRAM_KILLED and LIMIT_REACHED, which are faults of the machine.
    """
    if not names:
        return ()
    mark = f"releasekit-{secrets.token_hex(8)}"

    def log_package(line: str) -> None:
        printed, found, _ = line.partition(mark)
        if printed or not found:
            log(printed)

    # -I: no PYTHONPATH, no user's site-packages, no current directory.
    finished = run(
        (str(environment.python), "-I", "-c", IMPORT, mark, *names),
        cwd=environment.work,
        environ=environment.environ,
        log=log_package,
        seconds=seconds,
        foreign=True,
        guarded=True,
    )
    if not finished.timed_out:
        refuse_killed(finished, "python", str(environment.work))
    failures, begun = [], ""
    for line in finished.output.splitlines():
        if report := line.partition(f"{mark} ")[2]:
            kind, name, *text = report.split(" ", 2)
            begun = name if kind == "begin" else ""
            if text:
                failures.append(Failure(subject=name, reason=text[0], missing=kind == "missing"))
    if begun:
        reason = f"it takes longer than {seconds:g} s"
        if not finished.timed_out:
            reason = f"Python ended: {explain_end(finished.status)}"
        failures.append(Failure(subject=begun, reason=reason))
    for failure in failures:
        refuse_limit(failure.reason, str(environment.work))
    return tuple(failures)


def run_smoke_tests(
    environment: CleanEnvironment, commands: Sequence[str], *, seconds: float, log: Log
) -> tuple[Failure, ...]:
    """Run the commands, without a shell and outside the checkout; return those that fail.

    The programs of the environment come first on PATH. Raises PROGRAM_KILLED and LIMIT_REACHED,
    which are faults of the machine.
    """
    failures = []
    for command in commands:
        log(f"$ {command}")
        if reason := _run(environment, command, seconds, log):
            failures.append(Failure(subject=command, reason=reason))
    return tuple(failures)


def _run(environment: CleanEnvironment, command: str, seconds: float, log: Log) -> str:
    """Run a command; return why it failed, "" if it did not."""
    programs = f"{environment.python.parent}{os.pathsep}{environment.environ.get('PATH', '')}"
    program, *arguments = shlex.split(command)
    found = shutil.which(program, path=programs)
    if found is None:
        return f"there is no program {program} in the environment or on PATH"
    become = f"{GUARD}import sys; os.execv(sys.argv[1], sys.argv[1:])"
    environ = {"PATH": programs, "VIRTUAL_ENV": str(environment.path)}
    try:
        finished = run(
            (str(environment.python), "-I", "-c", become, found, *arguments),
            cwd=environment.work,
            environ={**environment.environ, **environ},
            log=log,
            seconds=seconds,
            foreign=True,
            guarded=True,
        )
    except OSError as error:  # it is no program
        return f"{program} cannot be started: {error.strerror}"
    lines = [line.strip() for line in finished.output.splitlines() if line.strip()]
    last = f": {lines[-1]}" if lines else ""
    if finished.timed_out:
        return f"it takes longer than {seconds:g} s{last}"
    refuse_killed(finished, program, program)
    if finished.status == 0:
        return ""
    refuse_limit(finished.output, program)
    return f"{explain_end(finished.status)}{last}"
