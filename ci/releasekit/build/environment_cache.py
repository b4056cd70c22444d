"""Cached build environments: used only as they were made, and never removed while in use.

A build is other people's code, and the next build in the same environment may be of another
project. So every byte of an environment is compared before it is used, bytecode included.
This does not stop code that sets out to deceive: it runs as the same user, and can rewrite the
environment and its record alike. With `--fresh`, nothing is kept from one build to the next.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from releasekit.errors import ReleasekitError
from releasekit.errors.failed import BUILD_ENVIRONMENT_CHANGED, CANNOT_CACHE
from releasekit.files import read_regular, write_text

OPEN = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
ALONE = fcntl.LOCK_EX | fcntl.LOCK_NB
Requirements = tuple[str, ...]
MakeEnvironment = Callable[[Path], Requirements]
"""Makes an environment at a path where nothing is, and returns what is installed in it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """What is in a directory."""

    digest: str
    """Of every name, type, mode, link target and byte."""
    stamp: str
    """Of every name, type, mode, inode, size and change time: what any writing changes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kept:
    """An environment that is as it was made, and locked."""

    requirements: Requirements
    contents: Contents
    users: int
    """The file that all builds in it have locked; one byte for each since the last was alone."""
    is_first: bool
    """True if no other build was in it at the start."""


@contextlib.contextmanager
def use_cached(path: Path, make: MakeEnvironment) -> Iterator[Requirements | None]:
    """Keep the environment at `path` while it is used; make it if it is not as it was made.

    Gives what is installed in it; None if it was changed while another build runs in it: that
    build keeps it, and this one needs another environment.
    Raises CANNOT_CACHE, what `make` raises, and BUILD_ENVIRONMENT_CHANGED at the end.
    """
    with contextlib.ExitStack() as stack:
        kept = _enter(path, make, stack)
        yield kept.requirements if kept else None
        if kept and _is_changed(path, kept.contents):
            _record_path(path).unlink(missing_ok=True)
            if not kept.is_first or os.fstat(kept.users).st_size > 1:
                raise ReleasekitError(BUILD_ENVIRONMENT_CHANGED, path=str(path))


def _enter(path: Path, make: MakeEnvironment, stack: contextlib.ExitStack) -> _Kept | None:
    with _open_lock(path, "lock") as lock:
        _lock(path, lock, fcntl.LOCK_EX)  # one run at a time looks at it, or makes it
        users = stack.enter_context(_open_lock(path, "users"))
        is_first = _lock(path, users, ALONE)
        requirements, contents = _find(path)
        if requirements is None:
            if not is_first:
                return None
            _remove(path)
            requirements, contents = make(path), look_into(path)
            record = {"requirements": requirements, "digest": contents.digest}
            # Written last: an environment without a record was not finished.
            write_text(_record_path(path), json.dumps(record))
        with _blame_cache(path.parent):
            if is_first:
                os.truncate(users, 0)
            os.write(users, b".")
        _lock(path, users, fcntl.LOCK_SH)
        return _Kept(requirements=requirements, contents=contents, users=users, is_first=is_first)


def _is_changed(path: Path, before: Contents) -> bool:
    # Read in full only where something was written, perhaps a file that is gone again.
    if look_into(path, read=False).stamp == before.stamp:
        return False
    return look_into(path).digest != before.digest


def _find(path: Path) -> tuple[Requirements | None, Contents]:
    """Return what is installed in an environment; None if it is not what was made.

    It is half made, its Python is gone, or something was added, changed or removed.
    """
    nothing = None, Contents(digest="", stamp="")
    try:
        record = json.loads(read_regular(_record_path(path)))
        requirements, digest = record["requirements"], record["digest"]
    except (OSError, ValueError, TypeError, KeyError):
        return nothing
    is_list = isinstance(requirements, list) and all(isinstance(r, str) for r in requirements)
    if not is_list or not (path / "bin" / "python").exists():
        return nothing
    contents = look_into(path)
    return (tuple(requirements), contents) if contents.digest == digest else nothing


def _record_path(path: Path) -> Path:
    """Return where the digest is: beside the environment, so that it covers all that is inside."""
    return path.with_name(f"{path.name}.json")


def look_into(path: Path, *, read: bool = True) -> Contents:
    """Return what is in a directory; with `read=False` without a digest, which takes a fifth.

    Links are not followed, and only regular files are opened: a build may leave anything.
    """
    digest, stamp = hashlib.sha256(), hashlib.sha256()
    pending = [str(path)]
    while pending:
        name = pending.pop()
        try:
            found = os.lstat(name)
        except FileNotFoundError:  # removed by a build that is running
            continue
        if stat.S_ISDIR(found.st_mode):
            pending += _list_folder(name)
        fact = os.fsencode(f"{name[len(str(path)) :]}\0{found.st_mode:o}\0")
        stamp.update(fact + b"%d %d %d\0" % (found.st_ino, found.st_size, found.st_ctime_ns))
        if read:
            content = _read_content(name, found.st_mode)
            digest.update(fact + b"%d\0" % len(content) + content)
    return Contents(digest=digest.hexdigest() if read else "", stamp=stamp.hexdigest())


def _list_folder(name: str) -> list[str]:
    try:
        with os.scandir(name) as entries:
            return sorted(entry.path for entry in entries)
    except OSError:  # its mode, which is in the digest, tells it from what was installed
        return []


def _read_content(name: str, mode: int) -> bytes:
    try:
        if stat.S_ISLNK(mode):
            return os.fsencode(Path(name).readlink())
        return read_regular(Path(name)) if stat.S_ISREG(mode) else b""
    except OSError as error:
        return str(error.strerror).encode()


def _remove(path: Path) -> None:
    """Remove an environment and its record; raises CANNOT_CACHE."""
    with _blame_cache(path):
        _record_path(path).unlink(missing_ok=True)
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.exists():
            _allow_removal(path)
            shutil.rmtree(path)


def _allow_removal(path: Path) -> None:
    """Make directories writable: a build may have left one that nothing can be removed from."""
    path.chmod(0o700)
    for folder, folders, _ in os.walk(path):
        for inside in (Path(folder, name) for name in folders):
            if not inside.is_symlink():
                inside.chmod(0o700)


@contextlib.contextmanager
def _open_lock(path: Path, name: str) -> Iterator[int]:
    """Open a file beside the environment that is there to be locked; raises CANNOT_CACHE."""
    with _blame_cache(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(f"{path}.{name}", OPEN, 0o644)
    try:
        yield lock
    finally:
        os.close(lock)


def _lock(path: Path, lock: int, how: int) -> bool:
    """Lock a file; False if another run has it locked and `how` says not to wait.

    Raises CANNOT_CACHE: some network file systems have no locks.
    """
    with _blame_cache(path.parent):
        try:
            fcntl.flock(lock, how)
        except BlockingIOError:
            return False
    return True


@contextlib.contextmanager
def _blame_cache(path: Path) -> Iterator[None]:
    """Raise CANNOT_CACHE for an error of the system: not all of them name a file."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise ReleasekitError(CANNOT_CACHE, path=str(path), reason=reason) from error
