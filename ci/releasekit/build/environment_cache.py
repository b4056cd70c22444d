"""Cached build environments: used only as they were made, and never removed while in use.

A build is other people's code, and the next build in the same environment may be of another
project. So every byte of an environment is compared before it is used, bytecode included.
This does not stop code that sets out to deceive: it runs as the same user, and can rewrite the
environment and its record alike. With `--fresh`, nothing is kept from one build to the next.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from releasekit.errors import ReleasekitError, failed
from releasekit.workspace import read_regular, write_text


@contextlib.contextmanager
def use_cached(
    path: Path, make: Callable[[Path], tuple[str, ...]]
) -> Iterator[tuple[str, ...] | None]:
    """Keep the environment at `path` while it is used; make it if it is not as it was made.

    `make` makes one where nothing is, and returns what is installed in it.
    Gives what is installed in it; None if it was changed while another build runs in it: that
    build keeps it, and this one needs another environment.
    Raises CANNOT_CACHE, what `make` raises, and BUILD_ENVIRONMENT_CHANGED at the end.
    """
    # Beside the environment, so that its digest covers all that is inside.
    record = path.with_name(f"{path.name}.json")
    # All builds in an environment have `users` locked. It has one byte for each since the last one
    # was alone.
    with _open_lock(path, "users") as users:
        with _open_lock(path, "lock") as lock:
            _lock(path, lock, fcntl.LOCK_EX)  # one run at a time looks at it, or makes it
            is_first = _lock(path, users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            requirements, digest, stamp = _find(path, record)
            if requirements is None and is_first:
                _remove(path, record)
                requirements = make(path)
                digest, stamp = look_into(path)
                # Written last: an environment without a record was not finished.
                write_text(record, json.dumps({"requirements": requirements, "digest": digest}))
            if requirements is not None:
                with _blame_cache(path.parent):
                    if is_first:
                        os.truncate(users, 0)
                    os.write(users, b".")
                _lock(path, users, fcntl.LOCK_SH)
        yield requirements
        # Read in full only where something was written, perhaps a file that is gone again.
        is_same = requirements is None or look_into(path, read=False)[1] == stamp
        if not is_same and look_into(path)[0] != digest:
            record.unlink(missing_ok=True)
            if not is_first or os.fstat(users).st_size > 1:
                raise ReleasekitError(failed.BUILD_ENVIRONMENT_CHANGED, path=str(path))


def _find(path: Path, record: Path) -> tuple[tuple[str, ...] | None, str, str]:
    """Return what is installed in an environment, and its digest and stamp.

    None and nothing if it is half made, its Python is gone, or something was added, changed or
    removed.
    """
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        kept = json.loads(read_regular(record))
        requirements, digest = kept["requirements"], kept["digest"]
        is_list = isinstance(requirements, list) and all(isinstance(r, str) for r in requirements)
        if is_list and (path / "bin" / "python").exists():
            found, stamp = look_into(path)
            if found == digest:
                return tuple(requirements), found, stamp
    return None, "", ""


def look_into(path: Path, *, read: bool = True) -> tuple[str, str]:
    """Return two digests of what is in a directory.

    The first one is of every name, type, mode, link target and byte; "" with `read=False`, which
    takes a fifth. The second one, the stamp, is of every name, type, mode, inode, size and change
    time: what any writing changes. Links are not followed, and only regular files are opened: a
    build may leave anything.
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
            # The mode, which is in the digest, tells one that cannot be read from what it was.
            with contextlib.suppress(OSError), os.scandir(name) as entries:
                pending += sorted(entry.path for entry in entries)
        fact = os.fsencode(f"{name[len(str(path)) :]}\0{found.st_mode:o}\0")
        stamp.update(fact + b"%d %d %d\0" % (found.st_ino, found.st_size, found.st_ctime_ns))
        if read:
            content = _read_content(name, found.st_mode)
            digest.update(fact + b"%d\0" % len(content) + content)
    return digest.hexdigest() if read else "", stamp.hexdigest()


def _read_content(name: str, mode: int) -> bytes:
    try:
        if stat.S_ISLNK(mode):
            return os.fsencode(Path(name).readlink())
        return read_regular(Path(name)) if stat.S_ISREG(mode) else b""
    except OSError as error:
        return str(error.strerror).encode()


def _remove(path: Path, record: Path) -> None:
    with _blame_cache(path):
        record.unlink(missing_ok=True)
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.exists():
            # A build may have left a directory that nothing can be removed from.
            path.chmod(0o700)
            for folder, folders, _ in os.walk(path):
                for inside in (Path(folder, name) for name in folders):
                    if not inside.is_symlink():
                        inside.chmod(0o700)
            shutil.rmtree(path)


@contextlib.contextmanager
def _open_lock(path: Path, name: str) -> Iterator[int]:
    """Open a file beside the environment that is there to be locked; raises CANNOT_CACHE."""
    with _blame_cache(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(
            f"{path}.{name}", os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o644
        )
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
        raise ReleasekitError(
            failed.CANNOT_CACHE, path=str(path), reason=error.strerror or str(error)
        ) from error
