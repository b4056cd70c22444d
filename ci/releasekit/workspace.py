"""`dist/` and `reports/`: only directories and plain files, and no link is followed.

A repository may hold a link, and what it leads to is not releasekit's: writing, reading or deleting
there would be outside of the project. A directory that is a link is refused. A file that is a link
is replaced when it is written or deleted, and refused when it is read.
"""

import shlex
import stat
from collections.abc import Mapping
from pathlib import Path

from releasekit import git
from releasekit.errors import NotAPlainFile, ReleasekitError, refused
from releasekit.files import naming, read_regular, write_text
from releasekit.plural import list_some

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
