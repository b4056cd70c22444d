"""A throw-away checkout of one commit, in a git repository of its own.

The repository borrows the objects of the user's. So nothing is written to the user's, the build
backend can ask git as it does anywhere, and it finds the tags that the release is about.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from releasekit import git
from releasekit.errors import GitFailed
from releasekit.model.project import Commit
from releasekit.tempdirs import open_tempdir

AS_COMMITTED = {
    "core.symlinks": "true",
    "core.autocrlf": "false",
    "core.eol": "lf",
    "core.attributesFile": "/dev/null",
    "core.sparseCheckout": "false",
}
"""All files as they are committed, whatever the user's clone leaves out or alters."""
OWN = {
    **AS_COMMITTED,
    "core.bare": "false",
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "gc.auto": "0",
}
EXTENSION = re.compile(r"extensions\.(objectformat|partialclone) (.+)")


@contextlib.contextmanager
def open_checkout(
    commit: Commit, environ: Mapping[str, str], *, hidden_tags: Collection[str] = ()
) -> Iterator[Path]:
    """Provide a throw-away checkout of the commit, submodules included.

    Only what the commit holds is in it: no untracked, ignored or modified file. Hidden tags are
    not there for a backend that asks git for the version. Raises GitFailed.
    """
    with open_tempdir("releasekit-src-") as tempdir:
        tree = tempdir / "source"
        try:
            _check_out(commit.root, commit.sha, tree, environ, hidden_tags)
        except GitFailed as error:
            error.fields["root"] = str(
                commit.root
            )  # the tree is gone before anybody can look at it
            raise
        yield tree


def copy_changes(commit: Commit, tree: Path) -> None:
    """Bring a checkout to the state of the user's tracked files: a trial of what is not committed.

    Files that git does not track stay out, as they do in a release.
    """
    for name in commit.changed:
        theirs, ours = commit.root / name, tree / name
        if theirs.is_dir() and not theirs.is_symlink():  # a submodule
            shutil.copytree(
                theirs, ours, symlinks=True, dirs_exist_ok=True, ignore=lambda *_: {".git"}
            )
            continue
        ours.unlink(missing_ok=True)
        if theirs.is_symlink() or theirs.exists():
            ours.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(theirs, ours, follow_symlinks=False)


def follow_links_out(tree: Path, source: Path, environ: Mapping[str, str]) -> None:
    """Replace links that lead out of a project of a checkout by the files that they lead to.

    `LICENSE -> ../../LICENSE` in a monorepo: an sdist cannot hold such a link (PEP 706), and
    flit 4 refuses it. Only files of the commit are followed, and git is told of no change.
    """
    listed = git.must(source, environ, "ls-files", "-z", "--stage").output.split("\0")
    links = [entry.partition("\t")[2] for entry in listed if entry.startswith("120000 ")]
    followed = [name for name in links if _follow_out(source / name, source, tree)]
    if followed:
        git.must(source, environ, "update-index", "--assume-unchanged", "--", *followed)


def _follow_out(link: Path, source: Path, tree: Path) -> bool:
    """Replace one link, if it leads from the project to a file elsewhere in the repository."""
    target = link.resolve()
    if not link.is_symlink() or target.is_relative_to(source.resolve()) or not target.is_file():
        return False
    top = tree.resolve()
    if not target.is_relative_to(top) or ".git" in target.relative_to(top).parts:
        return False
    link.unlink()
    shutil.copy2(target, link)
    return True


def _check_out(
    root: Path, sha: str, tree: Path, environ: Mapping[str, str], hidden: Collection[str] = ()
) -> None:
    _borrow(root, tree, environ, hidden)
    git.must(tree, environ, "checkout", "-q", "--force", "--detach", sha)
    _check_out_submodules(root, tree, environ)


def _borrow(root: Path, tree: Path, environ: Mapping[str, str], hidden: Collection[str]) -> None:
    """Make a repository at `tree` that has the objects, tags and settings of the one at `root`."""
    objects, shallow, config = _find_parts(root, environ)
    extensions = _read_extensions(root, config, environ)
    hashes = extensions.get("objectformat")
    form = (f"--object-format={hashes}",) if hashes else ()
    tree.mkdir(parents=True, exist_ok=True)
    told = {**environ, "GIT_DEFAULT_REF_FORMAT": "files"}
    git.must(tree, told, "init", "-q", "--template=", *form)
    own = tree / ".git"
    (own / "objects" / "info").mkdir(exist_ok=True)
    (own / "objects" / "info" / "alternates").write_text(f"{objects}\n", encoding="utf-8")
    (own / "packed-refs").write_text(_list_tags(root, environ, hidden), encoding="utf-8")
    if shallow.exists():
        shutil.copyfile(shallow, own / "shallow")
    with (own / "config").open("a", encoding="utf-8") as lines:
        lines.write(_render_config(config, tree, extensions))


def _find_parts(root: Path, environ: Mapping[str, str]) -> list[Path]:
    """Return where a repository has these parts, which a linked worktree has elsewhere."""
    asked = [word for name in ("objects", "shallow", "config") for word in ("--git-path", name)]
    paths = git.must(root, environ, "rev-parse", *asked).output.splitlines()
    return [root / path for path in paths]


def _render_config(config: Path, tree: Path, extensions: Mapping[str, str]) -> str:
    """Return the settings of the user's repository, for fetches too, and ours, which beat them."""
    ours = {"include.path": str(config), **OWN, "core.worktree": str(tree)}
    if remote := extensions.get("partialclone"):
        # What a partial clone left out is fetched when it is needed.
        ours |= {"core.repositoryFormatVersion": "1", "extensions.partialClone": remote}
    entries = ([*key.split("."), value] for key, value in ours.items())
    return "".join(f"[{section}]\n\t{name} = {_quote(value)}\n" for section, name, value in entries)


def _read_extensions(root: Path, config: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what git does not take from an included file: the format of the objects."""
    if "extensions" not in config.read_text("utf-8", "replace").lower():
        return {}
    said = git.ask(root, environ, "config", "--get-regexp", r"^extensions\.")
    return {
        match[1]: match[2]
        for line in said.output.splitlines()
        if (match := EXTENSION.fullmatch(line))
    }


def _list_tags(root: Path, environ: Mapping[str, str], hidden: Collection[str]) -> str:
    """Return the tags as git's own `packed-refs` lists them (gitrepository-layout(5))."""
    form = "--format=%(objectname) %(refname)"
    listed = git.must(root, environ, "for-each-ref", form, "refs/tags").output.splitlines()
    left_out = {f"refs/tags/{name}" for name in hidden}
    return "".join(f"{line}\n" for line in listed if line.partition(" ")[2] not in left_out)


def _check_out_submodules(root: Path, tree: Path, environ: Mapping[str, str]) -> None:
    """Check submodules out: from the user's own where they have the commit, else by fetching."""
    if not (tree / ".gitmodules").exists():
        return
    is_complete = True
    for path, sha in _list_submodules(tree, environ):
        if _has_commit(root / path, sha, environ):
            _check_out(root / path, sha, tree / path, environ)
        else:
            is_complete = False
    if not is_complete:
        options = [word for pair in AS_COMMITTED.items() for word in ("-c", "=".join(pair))]
        git.must(tree, environ, *options, "submodule", "update", "--init", "--recursive")


def _list_submodules(tree: Path, environ: Mapping[str, str]) -> list[tuple[str, str]]:
    listed = git.must(tree, environ, "ls-files", "-z", "--stage").output.split("\0")
    entries = (entry.partition("\t") for entry in listed if entry.startswith("160000 "))
    return [(path, facts.split(" ")[1]) for facts, _, path in entries]


def _has_commit(root: Path, sha: str, environ: Mapping[str, str]) -> bool:
    # Without a .git of its own the directory belongs to the repository above it.
    return (root / ".git").exists() and not git.ask(
        root, environ, "cat-file", "-e", f"{sha}^{{commit}}"
    ).status


def _quote(value: str) -> str:
    """Return text as a value of git's configuration (git-config(1), Values)."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
