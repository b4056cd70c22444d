"""Git: what is checked out, and a throw-away worktree of it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from releasekit.adapters.process import Finished, capture
from releasekit.core.errors import GitFailed, NotARepository
from releasekit.core.project import Commit

WHOLE = (
    *("-c", "core.sparseCheckout=false"),
    *("-c", "core.autocrlf=false"),
    *("-c", "core.eol=lf"),
    *("-c", "core.attributesFile=/dev/null"),
)
"""A checkout of all files as they are committed, whatever the user's clone leaves out or alters."""


def read_commit(root: Path, environ: Mapping[str, str]) -> Commit:
    """Read the commit that is checked out in `root`.

    Raises NotARepository, with git's own words and the line that mends it.
    """
    # One process: the answers come in this order, a line each.
    described = _git(root, environ, "rev-parse", "--show-toplevel", "--is-shallow-repository")
    if described.status:
        raise _not_a_repository(root, described)
    top, shallow = described.output.splitlines()
    shown = _git(root, environ, "log", "-1", "--format=%H %ct", "--no-show-signature")
    if shown.status:
        raise _not_a_repository(root, shown)
    sha, time = shown.output.split()
    tags = _must(root, environ, "tag", "--points-at", "HEAD").output.split()
    status = _must(root, environ, "status", "--porcelain=v1", "-z", "--untracked-files=no")
    return Commit(
        root=Path(top),
        sha=sha,
        time=int(time),
        tags=tuple(tags),
        changed=parse_status(status.output),
        shallow=shallow == "true",
    )


def parse_status(text: str) -> tuple[str, ...]:
    """Return the changed paths of `git status --porcelain=v1 -z`.

    A renamed file is two entries: "R  new" (" R new" in the tree), then the old path, unmarked.
    """
    paths = []
    entries = iter(filter(None, text.split("\0")))
    for entry in entries:
        paths.append(entry[3:])
        if set(entry[:2]) & {"R", "C"}:
            next(entries, None)
    return tuple(paths)


@contextlib.contextmanager
def open_worktree(commit: Commit, environ: Mapping[str, str]) -> Iterator[Path]:
    """Provide a throw-away checkout of the commit, submodules included.

    Only what the commit holds is in it: no untracked, ignored or modified file.
    """
    with tempfile.TemporaryDirectory(prefix="releasekit-src-") as folder:
        tree = Path(folder, "source").resolve()
        add = ("worktree", "add", "--detach", "--force", str(tree), commit.sha)
        _must(commit.root, environ, *WHOLE, *add)
        try:
            if (tree / ".gitmodules").exists():
                _must(tree, environ, *WHOLE, "submodule", "update", "--init", "--recursive")
            yield tree
        finally:
            _git(commit.root, environ, "worktree", "remove", "--force", "--force", str(tree))


def _must(root: Path, environ: Mapping[str, str], *arguments: str) -> Finished:
    finished = _git(root, environ, *arguments)
    if finished.status:
        command = " ".join(finished.command)
        raise GitFailed(root=str(root), command=command, reason=finished.tail())
    return finished


def _git(root: Path, environ: Mapping[str, str], *arguments: str) -> Finished:
    # No hook of the user's runs for a throw-away checkout, no prompt, no optional lock, C locale.
    quiet = {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_ATTR_NOSYSTEM": "1",
        "LC_ALL": "C.UTF-8",
    }
    command = ("git", "-c", "core.hooksPath=/dev/null", *arguments)
    return capture(command, cwd=root, environ={**environ, **quiet})


def list_files(root: Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    """List the files below `root` that git has, submodules' too, relative to it."""
    listed = _must(root, environ, "ls-files", "-z", "--recurse-submodules")
    names = filter(None, listed.output.split("\0"))
    return tuple(name for name in names if not _is_folder(root / name))


def _is_folder(path: Path) -> bool:
    # What git lists as one path and is a directory is a submodule that is not checked out.
    return path.is_dir() and not path.is_symlink()


def _not_a_repository(root: Path, finished: Finished) -> NotARepository:
    reason = finished.tail()
    mend = "git init && git add -A && git commit, or name the project's directory with -C DIR"
    # git >= 2.35.2 refuses another user's repository and prints the line that allows it.
    for line in finished.errors.splitlines():
        if line.strip().startswith("git config --global --add safe.directory"):
            mend = line.strip()
    return NotARepository(root=str(root), reason=reason, mend=mend)
