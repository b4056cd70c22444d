"""Files of the kit's own, written whole or not at all."""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from releasekit.errors import BrokenSettings, CannotWrite, failed, usage
from releasekit.tempdirs import open_tempdir

ALMOST_FULL = 1 << 20
"""Bytes that are free where a file could not be written: half of it may be gone by now."""


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Raise CannotWrite, which names this path, for what the system refuses in the block."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise CannotWrite(failed.CANNOT_WRITE, path=str(path), reason=reason) from error


def write_text(path: Path, text: str, *, mode: int = 0o644) -> Path:
    """Write a file by a rename, so that no reader and no interrupt sees half of it.

    Raises CannotWrite.
    """
    with naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # A directory, which goes with all that is in it where the writing fails; the next run
        # clears it away where the kit was killed.
        with open_tempdir(f".{path.name}-", path.parent) as folder:
            made = folder / path.name
            made.write_text(text, encoding="utf-8")
            made.chmod(mode)
            return made.replace(path)


def read_regular(path: Path) -> bytes:
    """Read a regular file; raises OSError for a link, a directory, a named pipe or a device.

    It does not wait: a named pipe that nobody writes to would be waited for without end.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb", 0) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        return file.read()


def read_settings_file(path: Path) -> str:
    """Read a user's settings with their line ends, empty where there are none yet.

    Raises BrokenSettings, and CannotWrite where it cannot be read.
    """
    with naming(path):
        try:
            return path.read_bytes().decode("utf-8")
        except FileNotFoundError:
            return ""
        except UnicodeDecodeError as error:
            reason = f"it is not UTF-8: {error}"
            raise BrokenSettings(usage.BROKEN_SETTINGS, path=str(path), reason=reason) from error


def replace_settings_file(path: Path, text: str, *, backup: Path | None = None) -> None:
    """Write a user's settings whole: what it is a link to, with the rights that it has.

    `backup` becomes another name of the file as it was: its bytes, and what secrets may stand in
    them, are copied nowhere. Raises CannotWrite.
    """
    target = path.resolve()
    with naming(path):
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
        if backup is not None:
            backup.hardlink_to(target)
    write_text(target, text, mode=mode)


def is_taken(path: Path) -> bool:
    """Tell whether a name is in use, also by a link to nothing; False where nobody may look."""
    return os.path.lexists(path)


def find_backup(path: Path) -> Path:
    """Return a name beside a file that nothing has yet: FILE.bak, FILE.bak2..."""
    target = path.resolve()
    names = (target.with_name(f"{target.name}.bak{number or ''}") for number in (0, *range(2, 999)))
    return next(name for name in names if not name.exists())


def is_full(place: Path) -> bool:
    """Tell whether a file system has no space for another file, or no inode."""
    found = os.statvfs(place)
    no_inode = found.f_files > 0 and found.f_favail == 0  # some file systems do not count them
    return found.f_bavail * found.f_frsize < ALMOST_FULL or no_inode
