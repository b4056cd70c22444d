"""Git LFS: a checkout has the files themselves, not the pointers that git has in their place.

Which of the two a clone has depends on the machine (GIT_LFS_SKIP_SMUDGE, `git lfs install`), and a
release may not. So git checks pointers out, and they are replaced here: by what the user's clone
has already, else by what `git lfs` downloads. A pointer that is left and packed is a finding.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

from releasekit import git
from releasekit.model.stand_ins import POINTER_LIMIT, find_pointed

NO_FILTER = ("-c", "filter.lfs.smudge=", "-c", "filter.lfs.process=", "-c", "filter.lfs.required=0")
"""Settings with which git checks pointers out, whether or not git-lfs is installed."""
PULL = (
    *("-c", "filter.lfs.clean=git-lfs clean -- %f", "-c", "filter.lfs.smudge=git-lfs smudge -- %f"),
    *("-c", "filter.lfs.process=git-lfs filter-process", "-c", "filter.lfs.required=true"),
    *("-c", "lfs.fetchexclude=", "-c", "lfs.fetchinclude=", "lfs", "pull"),
)


def replace_pointers(root: Path, tree: Path, objects: Path, environ: Mapping[str, str]) -> None:
    """Replace the pointers of a checkout as far as their contents can be found.

    `root` is the user's working tree, `objects` its git's directory of objects, with LFS beside it.
    Raises GIT_FAILED if the network keeps git-lfs from a download.
    """
    if git.ask(tree, environ, "grep", "-qF", "filter=lfs", "--", "*.gitattributes").status:
        return
    listed = git.ask(tree, environ, "grep", "-lzF", ".github.com/spec/v1").output.split("\0")
    pointers = {name: oid for name in listed if name and (oid := _read_pointer(tree / name))}
    if not pointers:
        return
    store = objects.parent / "lfs" / "objects"
    missing = [
        name
        for name, oid in pointers.items()
        if not any(
            _copy(path, tree / name, oid)
            for path in (store / oid[:2] / oid[2:4] / oid, root / name)
        )
    ]
    if missing and shutil.which("git-lfs", path=environ.get("PATH")):
        unset = {name: value for name, value in environ.items() if not name.startswith("GIT_LFS_")}
        pulled = git.ask(tree, unset, *PULL)
        if any(_read_pointer(tree / name) for name in missing):
            # Others are a finding where they are packed: a project may leave them out of its dists.
            git.refuse_transient(tree, pulled)
    git.must(tree, environ, "update-index", "--assume-unchanged", "--", *pointers)


def _read_pointer(path: Path) -> str | None:
    if path.is_symlink() or not path.is_file() or path.stat().st_size >= POINTER_LIMIT:
        return None
    return find_pointed(path.read_bytes())


def _copy(path: Path, to: Path, oid: str) -> bool:
    """Copy a file over a pointer if it is the one that the pointer names."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        if hashlib.sha256(file.read()).hexdigest() != oid:
            return False
    shutil.copyfile(path, to)
    return True
