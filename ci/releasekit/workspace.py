"""Files of the kit's own, written whole or not at all; and `dist/` and `reports/`.

In these two there are only directories and plain files, and no link is followed: a repository may
hold a link, and what it leads to is not releasekit's. Writing, reading or deleting there would be
outside of the project. A directory that is a link is refused. A file that is a link is replaced
when it is written or deleted, and refused when it is read.
"""

import contextlib
import errno
import os
import shlex
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from releasekit import git
from releasekit.errors import (
    BrokenSettings,
    CannotWrite,
    NotAPlainFile,
    ReleasekitError,
    failed,
    refused,
    usage,
)
from releasekit.plural import list_some
from releasekit.tempdirs import open_tempdir

RECORD = Path("reports", "release.json")
"""Where a build leaves its record, below the project's directory."""
PROOF = RECORD.with_name("proof.json")
"""What `check` proved of the built files, for `publish`."""
SMOKE_LOG = RECORD.with_name("smoke.log")
"""What imports and smoke tests wrote."""
FOLDERS = ("dist", "reports", "reports/parts")
# Files by which a repository has an empty directory, or hides what is in it.
PLACEHOLDERS = (".gitignore", ".gitkeep", ".keep")
KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFREG: "a file",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
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


def check_folders(root: Path, into: str, environ: Mapping[str, str]) -> None:
    """Raise NotAPlainFile if one of a project's directories for results is a link, or a file.

    Raises TRACKED_RESULTS if git tracks files in one.
    """
    for name in FOLDERS:
        check_folder(root / into / name, root=root)
    names = [str(Path(into, name)) for name in FOLDERS[:2]]
    listed = git.ask(root, environ, "ls-files", "-z", "--", *names).output.split("\0")
    if tracked := [name for name in listed if name and Path(name).name not in PLACEHOLDERS]:
        found = [n for n in names if any(f"{path}/".startswith(f"{n}/") for path in tracked)]
        raise ReleasekitError(
            refused.TRACKED_RESULTS,
            places=" and ".join(found),
            root=str(root),
            files=list_some(tracked, 5),
            top=shlex.quote(str(root)),
            paths=shlex.join(found),
        )


def check_folder(folder: Path, *, root: Path) -> Path:
    """Return a directory, which may be missing.

    Raises NotAPlainFile if it, or a directory between it and `root`, is a link or no directory.
    """
    names = folder.relative_to(root).parts
    for count in range(1, len(names) + 1):
        _check(root.joinpath(*names[:count]), stat.S_IFDIR)
    return folder


def make_folder(folder: Path, *, root: Path) -> Path:
    """Make a directory if it is missing; raises NotAPlainFile and CannotWrite."""
    check_folder(folder, root=root)
    with naming(folder):
        folder.mkdir(parents=True, exist_ok=True)
    _hide_from_git(folder, root)
    return folder


def _hide_from_git(folder: Path, root: Path) -> None:
    """Write a .gitignore as `uv build` does: `git add -A` would put results into the next sdist."""
    path = folder.parent if folder.name == "parts" else folder
    ignore = path / ".gitignore"
    is_ours = path.name in FOLDERS and path != root and path.is_relative_to(root)
    if is_ours and not ignore.is_symlink() and not ignore.exists():
        write_text(ignore, "*\n")


def check_file(path: Path, *, root: Path) -> Path:
    """Return the path of a file, which may be missing; raises NotAPlainFile."""
    check_folder(path.parent, root=root)
    _check(path, stat.S_IFREG)
    return path


def read_file(path: Path, *, root: Path) -> str:
    """Read a file; raises NotAPlainFile, OSError and UnicodeDecodeError."""
    return read_regular(check_file(path, root=root)).decode("utf-8")


def write_file(path: Path, text: str, *, root: Path) -> None:
    """Write a file, in place of what has its name; raises NotAPlainFile and CannotWrite."""
    check_folder(path.parent, root=root)
    write_text(path, text)
    _hide_from_git(path.parent, root)


def remove_file(path: Path, *, root: Path) -> None:
    """Remove a file, or the link that has its name; raises NotAPlainFile and CannotWrite."""
    check_folder(path.parent, root=root)
    with naming(path):
        path.unlink(missing_ok=True)


def list_folder(folder: Path, pattern: str, *, root: Path) -> list[Path]:
    """Return what in a directory has names of this pattern, sorted; raises NotAPlainFile."""
    return sorted(check_folder(folder, root=root).glob(pattern))


def _check(path: Path, wanted: int) -> None:
    with naming(path):
        try:
            mode = path.lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            return
    if stat.S_IFMT(mode) == wanted:
        return
    kind = KINDS.get(stat.S_IFMT(mode), "special")
    if stat.S_ISLNK(mode):
        kind = f"a link to {path.readlink()}"
    remove = "rm -r" if stat.S_ISDIR(mode) else "rm"
    raise NotAPlainFile(
        refused.NOT_A_PLAIN_FILE,
        path=str(path),
        kind=kind,
        wanted=KINDS[wanted],
        command=f"{remove} {shlex.quote(str(path))}",
    )
