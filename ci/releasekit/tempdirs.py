"""Temporary directories that do not outlive the kit, even where it is killed.

One is locked while it is in use. What is unlocked was left by a run that could not tidy up
(SIGKILL, a power cut), and the next temporary directory of its kind clears it away.
"""

import contextlib
import fcntl
import mmap
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from releasekit.errors import CannotWrite, failed
from releasekit.signals import interrupts_deferred

MARK = "room-"
"""What follows the prefix in a name; directories in use by another version lack it, or a lock."""
RESERVE = 2 << 20
"""Bytes of memory, never touched, that are released before a directory is removed: CPython 3.11
takes 1 MiB at a time, and loops for ever where it has none for the exception that says so."""
_system: list[str] = []
"""The system's directory, while all temporary files of this process go elsewhere."""


@contextlib.contextmanager
def keep_temporary_files() -> Iterator[None]:
    """Have all temporary files of this process in one directory, whoever makes them.

    Libraries do (pyproject-hooks 1.2, check-manifest 0.51), under names that do not say whose they
    are: where the kit is killed, they would stay. Directories of all kinds that are left are
    cleared.
    """
    system, before = find_system_directory(), tempfile.tempdir
    _remove_leftovers("releasekit-(?:[a-z]+-)+", system)
    with open_tempdir("releasekit-run-", system) as tempdir:
        _system.append(str(system))
        tempfile.tempdir = str(tempdir)
        try:
            yield
        finally:
            tempfile.tempdir = before
            _system.pop()


def find_system_directory() -> Path:
    """Return the system's directory for temporary files, which is the same one for each run.

    Raises CannotWrite.
    """
    try:
        return Path(_system[-1] if _system else tempfile.gettempdir()).resolve()
    except FileNotFoundError as error:  # tempfile has tried them all
        place, reason = "the directory for temporary files", error.strerror or str(error)
        raise CannotWrite(failed.CANNOT_WRITE, path=place, reason=reason) from error


@contextlib.contextmanager
def open_tempdir(prefix: str, parent: Path | None = None) -> Iterator[Path]:
    """Provide a new directory below `parent` (the system's for temporary files by default)."""
    parent = Path(tempfile.gettempdir()) if parent is None else parent
    _remove_leftovers(re.escape(prefix), parent)
    reserve = mmap.mmap(-1, RESERVE)
    while True:
        tempdir = Path(tempfile.mkdtemp(prefix=f"{prefix}{MARK}", dir=parent)).resolve()
        # Between these two lines another run may take it for left, and clear it away.
        with contextlib.suppress(FileNotFoundError):
            lock = os.open(tempdir, os.O_RDONLY)
            _lock(lock, fcntl.LOCK_EX)
            if tempdir.exists():
                break
            os.close(lock)
    try:
        yield tempdir
    finally:
        _clear(tempdir, lock, reserve)


@contextlib.contextmanager
def open_named_tempdir(prefix: str, key: str) -> Iterator[Path]:
    """Provide an empty directory that has the same path for the same key (8 hexadecimal digits).

    Compilers write paths into what they make. Another run with this key is waited for. Where the
    name is taken by somebody else, it is a temporary directory like any other.
    """
    path, reserve = find_system_directory() / f"{prefix}{MARK}{key}", mmap.mmap(-1, RESERVE)
    lock = _enter(path)
    if lock is None:
        with open_tempdir(prefix) as tempdir:
            yield tempdir
        return
    try:
        yield path
    finally:
        _clear(path, lock, reserve)


def _clear(path: Path, lock: int, reserve: mmap.mmap) -> None:
    """Remove a directory of ours, as far as that is possible, and let others have its name.

    What is read-only in it (caches of Go, a checkout's packs) may stay: it is in the system's
    directory for temporary files.
    """
    reserve.close()
    with interrupts_deferred():
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def _enter(path: Path) -> int | None:
    """Return the lock on an empty directory of ours; None where it cannot be ours."""
    while True:
        try:
            path.mkdir(mode=0o700, exist_ok=True)
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except FileNotFoundError:  # who had it has just cleared it away
            continue
        except OSError:
            return None
        if os.fstat(lock).st_uid != os.geteuid() or not _lock(lock, fcntl.LOCK_EX):
            os.close(lock)
            return None
        if path.exists() and os.path.samestat(path.stat(), os.fstat(lock)):
            for left in path.iterdir():  # by a run that was killed
                if left.is_dir() and not left.is_symlink():
                    shutil.rmtree(left, ignore_errors=True)
                else:
                    left.unlink()
            return lock
        os.close(lock)


def _remove_leftovers(prefixes: str, parent: Path) -> None:
    """Clear what was left away; `prefixes` is a pattern."""
    made_by_mkdtemp = re.compile(f"{prefixes}{MARK}[a-z0-9_]{{8}}")
    for path in parent.iterdir():
        if made_by_mkdtemp.fullmatch(path.name):
            with contextlib.suppress(OSError):  # another user's, or just gone
                lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
                try:
                    is_ours = os.fstat(lock).st_uid == os.geteuid()
                    if is_ours and _lock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB):
                        shutil.rmtree(path, ignore_errors=True)
                finally:
                    os.close(lock)


def _lock(lock: int, how: int) -> bool:
    try:
        fcntl.flock(lock, how)
    except OSError:  # in use, or (NFS) directories cannot be locked there: then nothing is cleared
        return False
    return True
