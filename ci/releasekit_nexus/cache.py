"""Directories that are made once and then shared by every process of a user."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

MARKER = "complete"


def provide(directory: Path, make: Callable[[Path], None], notify: Callable[[str], None]) -> Path:
    """Give a complete directory of the cache; `make` fills it where there is none.

    A directory without its marker is what a killed process left: it is made again. The lock is the
    operating system's, so it ends with the process that holds it.
    """
    if not _is_complete(directory):
        directory.parent.mkdir(parents=True, exist_ok=True)
        with _lock(directory, notify):
            if not _is_complete(directory):
                _make(directory, make)
    return directory


def _is_complete(directory: Path) -> bool:
    return (directory / MARKER).is_file()


@contextmanager
def _lock(directory: Path, notify: Callable[[str], None]) -> Iterator[None]:
    lock = FileLock(directory.with_name(f"{directory.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        notify(f"another process is making {directory}: waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _make(directory: Path, make: Callable[[Path], None]) -> None:
    for left in (directory, *directory.parent.glob(f"{directory.name}.part-*")):
        shutil.rmtree(left, ignore_errors=True)
    # A new name each time: a JVM of a killed process may still write into what is left.
    part = Path(tempfile.mkdtemp(prefix=f"{directory.name}.part-", dir=directory.parent))
    try:
        make(part)
        (part / MARKER).touch()
        part.rename(directory)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
