"""A throw-away checkout of one commit, in a git repository of its own.

The repository borrows the objects of the user's. So nothing is written to the user's, the build
backend can ask git as it does anywhere, and it finds the tags that the release is about.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from releasekit import git
from releasekit.build.lfs import NO_FILTER, replace_pointers
from releasekit.errors import GitFailed, Status
from releasekit.errors.failed import SUBMODULE_UNREACHABLE
from releasekit.errors.setup import CANNOT_FETCH_SUBMODULE
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
MESON = "meson.build"
PARTS = ("objects", "shallow", "config", "git-crypt")
EXTENSION = re.compile(r"extensions\.(objectformat|partialclone) (.+)")


@contextlib.contextmanager
def open_checkout(
    commit: Commit,
    environ: Mapping[str, str],
    *,
    hidden_tags: Collection[str] = (),
    project: str = ".",
) -> Iterator[Path]:
    """Provide a throw-away checkout of the commit, submodules included.

    Only what the commit holds is in it: no untracked, ignored or modified file. Hidden tags are
    not there for a backend that asks git for the version. `project` is the directory that is built.
    Raises GitFailed.
    """
    with open_tempdir("releasekit-src-") as tempdir:
        tree = tempdir / "source"
        try:
            _check_out(commit.root, commit.sha, tree, environ, hidden=hidden_tags)
        except GitFailed as error:
            error.fields["root"] = str(
                commit.root
            )  # the tree is gone before anybody can look at it
            raise
        # Meson 1.9 packs what `git archive` gives, and runs it in each submodule.
        if (tree / ".gitmodules").exists() and not (tree / project / MESON).exists():
            _drop_links_to_git(tree)
        yield tree


def copy_changes(commit: Commit, tree: Path) -> None:
    """Bring a checkout to the state of the user's tracked files: a trial of what is not committed.

    Files that git does not track stay out, as they do in a release.
    """
    for name in commit.changed:
        theirs, ours = commit.root / name, tree / name
        _remove_links(ours, tree)
        if theirs.is_dir() and not theirs.is_symlink():
            if (theirs / ".git").exists():  # a submodule
                ignore = shutil.ignore_patterns(".git")
                shutil.copytree(theirs, ours, symlinks=True, dirs_exist_ok=True, ignore=ignore)
            if ours.is_dir():
                continue
        ours.unlink(missing_ok=True)
        if theirs.is_symlink() or theirs.is_file():  # what replaces it by a directory is untracked
            ours.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(theirs, ours, follow_symlinks=False)


def _remove_links(path: Path, tree: Path) -> None:
    """Remove committed links on the way to a file: what is copied must stay in the checkout."""
    for part in reversed((path, *path.parents)):
        if part.is_relative_to(tree) and part != tree and part.is_symlink():
            part.unlink()


def find_name(root: Path, commit: Commit) -> str:
    """Return where a project lies in its repository, as "." or "packages/a".

    It never fails: where this Python cannot name the place, git cannot be started there (E223).
    """
    return os.path.relpath(root, commit.root)


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
    root: Path,
    sha: str,
    tree: Path,
    environ: Mapping[str, str],
    *,
    hidden: Collection[str] = (),
    own: Path | None = None,
) -> None:
    """Check a commit out; `own` is the git directory of a submodule, which lies elsewhere."""
    objects = _borrow(root, tree, environ, hidden, own or tree / ".git")
    git.must(tree, environ, *NO_FILTER, "checkout", "-q", "--force", "--detach", sha)
    replace_pointers(root, tree, objects, environ)
    _check_out_submodules(root, tree, environ, own or tree / ".git")


def _borrow(
    root: Path, tree: Path, environ: Mapping[str, str], hidden: Collection[str], own: Path
) -> Path:
    """Make a repository at `tree` that has the objects, tags and settings of the one at `root`.

    Returns where the user's has its objects.
    """
    objects, shallow, config, keys = _find_parts(root, environ)
    extensions = _read_extensions(root, config, environ)
    tree.mkdir(parents=True, exist_ok=True)
    told = {
        **environ,
        "GIT_DEFAULT_REF_FORMAT": "files",
        "GIT_DEFAULT_HASH": extensions.get("objectformat", "sha1"),
    }
    own.parent.mkdir(parents=True, exist_ok=True)
    apart = () if own == tree / ".git" else (f"--separate-git-dir={own}",)
    git.must(tree, told, "init", "-q", "--template=", *apart)
    if apart:  # as git has it in a clone: the same wherever the checkout is
        link = f"gitdir: {os.path.relpath(own, tree)}\n"
        (tree / ".git").write_text(link, encoding="utf-8")
    (own / "objects" / "info").mkdir(exist_ok=True)
    (own / "objects" / "info" / "alternates").write_text(f"{objects}\n", encoding="utf-8")
    (own / "packed-refs").write_text(_list_tags(root, environ, hidden), encoding="utf-8")
    if shallow.exists():
        shutil.copyfile(shallow, own / "shallow")
    for path in (keys, objects.parent / keys.name):  # a linked worktree's own, or the clone's
        if path.exists() and not (own / path.name).is_symlink():
            (own / path.name).symlink_to(path)  # the keys of git-crypt are copied nowhere
    with (own / "config").open("a", encoding="utf-8") as lines:
        lines.write(_render_config(config, tree, extensions))
    return objects


def _find_parts(root: Path, environ: Mapping[str, str]) -> list[Path]:
    """Return where a repository has these parts, which a linked worktree has elsewhere."""
    words = [word for name in PARTS for word in ("--git-path", name)]
    paths = git.must(root, environ, "rev-parse", *words).output.splitlines()
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


def _check_out_submodules(root: Path, tree: Path, environ: Mapping[str, str], own: Path) -> None:
    """Check submodules out: from the user's own where they have the commit, else by fetching.

    Their git directories lie where a clone has them (gitrepository-layout(5), modules).
    Raises CANNOT_FETCH_SUBMODULE.
    """
    if not (tree / ".gitmodules").exists():
        return
    names, excluded = _read_submodules(tree, environ)
    missing = []
    for path, sha in _list_submodules(tree, environ):
        name = names.get(path, path)
        if name in excluded:
            continue
        if _has_commit(root / path, sha, environ):
            modules = own / "modules" / name
            _check_out(root / path, sha, tree / path, environ, own=modules)
        else:
            missing.append(path)
    if missing:
        _fetch_submodules(root, tree, missing, names, environ)


def _drop_links_to_git(tree: Path) -> None:
    """Remove the files .git of submodules, which backends that take whole directories would pack.

    git still lists what is in a submodule: it finds its directory below modules.
    """
    for folder, folders, files in os.walk(tree):
        if Path(folder) == tree:
            folders.remove(".git")
        elif ".git" in files:
            Path(folder, ".git").unlink()


def _read_submodules(tree: Path, environ: Mapping[str, str]) -> tuple[dict[str, str], set[str]]:
    """Return the names of submodules by path, and the names of those that git is not to update."""
    names: dict[str, str] = {}
    excluded: set[str] = set()
    for place in (("-f", ".gitmodules"), ()):
        wanted = r"^submodule\..*\.(path|update)$"
        said = git.ask(tree, environ, "config", *place, "-z", "--get-regexp", wanted).output
        for key, _, value in (entry.partition("\n") for entry in said.split("\0")):
            name, _, last = key.removeprefix("submodule.").rpartition(".")
            if last == "path" and place:
                names[value] = name
            if last == "update":
                (excluded.add if value == "none" else excluded.discard)(name)
    return names, excluded


def _fetch_submodules(
    root: Path,
    tree: Path,
    paths: Sequence[str],
    names: Mapping[str, str],
    environ: Mapping[str, str],
) -> None:
    options = [word for pair in AS_COMMITTED.items() for word in ("-c", "=".join(pair))]
    update = ("submodule", "update", "--init", "--recursive", "--", *paths)
    try:
        git.must(tree, environ, *options, *NO_FILTER, *update)
    except GitFailed as error:
        is_network = error.status is Status.FAILED
        left = [path for path in paths if not (tree / path / ".git").exists()] or paths
        settings = [f"submodule.{names.get(path, path)}.update" for path in left]
        commands = (
            shlex.join(("git", "-C", str(root), "config", name, "none")) for name in settings
        )
        raise GitFailed(
            SUBMODULE_UNREACHABLE if is_network else CANNOT_FETCH_SUBMODULE,
            names=", ".join(left),
            root=str(tree),
            reason=str(error.fields["reason"]),
            top=shlex.quote(str(root)),  # of a submodule in a submodule: that one
            paths=shlex.join(left),
            commands="\n".join(commands),
        ) from error


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
