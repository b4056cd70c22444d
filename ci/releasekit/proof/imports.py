"""What a wheel lets people import, and whether that works."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import PurePosixPath

from packaging.utils import canonicalize_name

from releasekit.errors import find_limit_in
from releasekit.process import Log, explain_end, refuse_killed, run
from releasekit.proof.environment import CleanEnvironment
from releasekit.proof.guard import GUARD

PROGRAM = f"""{GUARD}
import importlib, sys, traceback
mark, *names = sys.argv[1:]
for name in names:
    print(mark, "begin", name, flush=True)
    try:
        importlib.import_module(name)
    except BaseException as error:
        traceback.print_exc()
        sys.stdout.flush(); sys.stderr.flush()
        text = " ".join((type(error).__name__ + ": " + str(error)).split())
        kind = "missing" if isinstance(error, ImportError) else "failed"
        print(mark, kind, name, text, flush=True)
    else:
        print(mark, "done", name, flush=True)
"""
"""Imports one name after the other; the mark tells its lines from those of the packages."""


MODULE = re.compile(r"(\w+)\.(?:py|(?:cpython|abi3|pypy)[\w-]*\.so)")
"""The files of modules. A library such as libfoo.so is none: extension modules have a tag (PEP
3149)."""

VALUE = re.compile(r"(?P<module>[\w.]+)\s*(?::[^\[]*)?(?:\[(?P<extras>.*)\])?")
"""An entry point (packaging user guide, "Entry points specification")."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportFailure:
    """A name that cannot be imported."""

    name: str
    reason: str
    """The exception, or how the process ended."""
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
    for file in files:
        path = PurePosixPath(file)
        stem = _find_module(path.name)
        if stem is None or not all(part.isidentifier() for part in path.parts[:-1]):
            continue
        if stem == "__init__":
            packages.add(path.parts[:-1])
        else:
            modules.add((*path.parts[:-1], stem))
    found = {path for path in packages if path and not _has_parent(path, packages)}
    for module in modules:
        if len(module) == 1:
            found.add(module)
        elif not _has_parent(module, packages):
            found.add(module[:-1])
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
            named = {
                canonicalize_name(extra) for extra in re.findall(r"[\w.-]+", match["extras"] or "")
            }
            if not named:
                return frozenset()
            extras |= named
    return frozenset(extras)


def _find_module(filename: str) -> str | None:
    """Return the module of a file; None for what is no module, or no name in Python."""
    match = MODULE.fullmatch(filename)
    return match[1] if match and match[1].isidentifier() else None


def _has_parent(path: tuple[str, ...], packages: set[tuple[str, ...]]) -> bool:
    return any(path[:length] in packages for length in range(1, len(path)))


def import_all(
    environment: CleanEnvironment, names: Sequence[str], *, seconds: float, log: Log
) -> tuple[ImportFailure, ...]:
    """Import every name in the environment, outside the checkout; return those that fail.

    Raises PROGRAM_KILLED and LIMIT_REACHED, which are faults of the machine.
    """
    if not names:
        return ()
    mark = f"releasekit-{secrets.token_hex(8)}"
    # -I: no PYTHONPATH, no user's site-packages, no current directory.
    finished = run(
        (str(environment.python), "-I", "-c", PROGRAM, mark, *names),
        cwd=environment.work,
        environ=environment.environ,
        log=lambda line: None if line.startswith(mark) else log(line),
        seconds=seconds,
        foreign=True,
        guarded=True,
    )
    if not finished.timed_out:
        refuse_killed(finished, "python", str(environment.work))
    failures = tuple(_find_failures(finished.output, mark))
    last, done = _find_last(finished.output, mark)
    if last and not done:
        reason = f"it takes longer than {seconds:g} s"
        if not finished.timed_out:
            reason = f"Python ended: {explain_end(finished.status)}"
        failures = (*failures, ImportFailure(name=last, reason=reason))
    for failure in failures:
        if limit := find_limit_in(failure.reason, str(environment.work)):
            raise limit
    return failures


def _find_failures(output: str, mark: str) -> Iterator[ImportFailure]:
    for line in output.splitlines():
        if line.startswith((f"{mark} failed ", f"{mark} missing ")):
            _, kind, name, reason = line.split(" ", 3)
            yield ImportFailure(name=name, reason=reason, missing=kind == "missing")


def _find_last(output: str, mark: str) -> tuple[str, bool]:
    """Return the name that was begun last, and whether its import came to an end."""
    name, ended = "", True
    for line in output.splitlines():
        words = line.split(" ", 3)
        if words[0] == mark:
            name, ended = words[2], words[1] != "begin"
    return name, ended
