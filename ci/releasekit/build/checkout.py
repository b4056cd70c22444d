"""A throw-away checkout of one commit, in a git repository of its own.

The repository borrows the objects of the user's. So nothing is written to the user's, the build
backend can ask git as it does anywhere, and it finds the tags that the release is about.

It has the files of Git LFS themselves, not the pointers that git has in their place. Which of the
two a clone has depends on the machine (GIT_LFS_SKIP_SMUDGE, `git lfs install`), and a release may
not. So git checks pointers out, and they are replaced here: by what the user's clone has already,
else by what `git lfs` downloads. A pointer that is left and packed is a finding.
"""

import contextlib
import hashlib
import os
import re
import shlex
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from releasekit import git
from releasekit.errors import GitFailed, Status, failed, setup
from releasekit.model.dists import POINTER_LIMIT, find_pointed
from releasekit.model.project import Commit
from releasekit.tempdirs import open_tempdir

# All files as they are committed, whatever the user's clone leaves out or alters.
AS_COMMITTED = {
    "core.symlinks": "true",
    "core.autocrlf": "false",
    "core.eol": "lf",
    "core.attributesFile": "/dev/null",
    "core.sparseCheckout": "false",
}
# Settings with which git checks pointers out, whether or not git-lfs is installed.
NO_FILTER = ("-c", "filter.lfs.smudge=", "-c", "filter.lfs.process=", "-c", "filter.lfs.required=0")
PULL = (
    *("-c", "filter.lfs.clean=git-lfs clean -- %f", "-c", "filter.lfs.smudge=git-lfs smudge -- %f"),
    *("-c", "filter.lfs.process=git-lfs filter-process", "-c", "filter.lfs.required=true"),
    *("-c", "lfs.fetchexclude=", "-c", "lfs.fetchinclude=", "lfs", "pull"),
)


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
            _check_out(commit.root, commit.sha, tree, tree / ".git", environ, hidden_tags)
        except GitFailed as error:
            # The tree is gone before anybody can look at it.
            error.fields["root"] = str(commit.root)
            raise
        # Backends that take whole directories would pack the files .git of submodules. git still
        # lists what is in a submodule: it finds its directory below modules. Meson 1.9 packs what
        # `git archive` gives, and runs it in each submodule.
        if (tree / ".gitmodules").exists() and not (tree / project / "meson.build").exists():
            for folder, folders, files in os.walk(tree):
                if Path(folder) == tree:
                    folders.remove(".git")
                elif ".git" in files:
                    Path(folder, ".git").unlink()
        yield tree


def copy_changes(commit: Commit, tree: Path) -> None:
    """Bring a checkout to the state of the user's tracked files: a trial of what is not committed.

    Files that git does not track stay out, as they do in a release.
    """
    for name in commit.changed:
        theirs, ours = commit.root / name, tree / name
        for part in reversed((ours, *ours.parents)):
            # Behind a committed link, what is copied would leave the checkout.
            if part.is_relative_to(tree) and part != tree and part.is_symlink():
                part.unlink()
        if theirs.is_dir() and not theirs.is_symlink():
            if (theirs / ".git").exists():  # a submodule
                shutil.copytree(
                    theirs,
                    ours,
                    symlinks=True,
                    dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns(".git"),
                )
            if ours.is_dir():
                continue
        ours.unlink(missing_ok=True)
        if theirs.is_symlink() or theirs.is_file():  # what replaces it by a directory is untracked
            ours.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(theirs, ours, follow_symlinks=False)


def find_name(root: Path, commit: Commit) -> str:
    """Return where a project lies in its repository, as "." or "packages/a".

    It never fails: where this Python cannot name the place, git cannot be started there (E223).
    """
    return os.path.relpath(root, commit.root)


def follow_links_out(tree: Path, source: Path, environ: Mapping[str, str]) -> None:
    """Replace links that lead out of a project of a checkout by the files that they lead to.

    `LICENSE -> ../../LICENSE` in a monorepo: an sdist cannot hold such a link (PEP 706), and
    flit 4 refuses it. Only files of the commit are followed, and git hears of no change.
    """
    top, project = tree.resolve(), source.resolve()
    followed = []
    for name, _ in _list_entries(source, "120000", environ):
        link, target = source / name, (source / name).resolve()
        leads_out = link.is_symlink() and target.is_file() and not target.is_relative_to(project)
        if leads_out and target.is_relative_to(top) and ".git" not in target.relative_to(top).parts:
            link.unlink()
            shutil.copy2(target, link)
            followed.append(name)
    if followed:
        git.must(source, environ, "update-index", "--assume-unchanged", "--", *followed)


def _list_entries(root: Path, mode: str, environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return pairs of name and object of what git has below a directory with a mode."""
    listed = git.must(root, environ, "ls-files", "-z", "--stage").output.split("\0")
    entries = (entry.partition("\t") for entry in listed if entry.startswith(f"{mode} "))
    return [(name, facts.split(" ")[1]) for facts, _, name in entries]


def _check_out(
    root: Path,
    sha: str,
    tree: Path,
    own: Path,
    environ: Mapping[str, str],
    hidden_tags: Collection[str] = (),
) -> None:
    """Check a commit out in a repository with the objects, tags and settings of the one at `root`.

    `own` is its git directory, which lies elsewhere for a submodule.
    """
    # A linked worktree has these parts elsewhere.
    parts = ("objects", "shallow", "config", "git-crypt")
    words = [word for name in parts for word in ("--git-path", name)]
    paths = git.must(root, environ, "rev-parse", *words).output.splitlines()
    objects, shallow, config, keys = (root / path for path in paths)
    extensions: dict[str, str] = {}
    if "extensions" in config.read_text("utf-8", "replace").lower():
        # What git does not take from an included file: the format of the objects.
        said = git.ask(root, environ, "config", "--get-regexp", r"^extensions\.").output
        known = r"^extensions\.(objectformat|partialclone) (.+)$"
        extensions = dict(re.findall(known, said, re.MULTILINE))
    tree.mkdir(parents=True, exist_ok=True)
    own.parent.mkdir(parents=True, exist_ok=True)
    formats = {
        "GIT_DEFAULT_REF_FORMAT": "files",
        "GIT_DEFAULT_HASH": extensions.get("objectformat", "sha1"),
    }
    apart = () if own == tree / ".git" else (f"--separate-git-dir={own}",)
    git.must(tree, {**environ, **formats}, "init", "-q", "--template=", *apart)
    if apart:  # as git has it in a clone: the same wherever the checkout is
        (tree / ".git").write_text(f"gitdir: {os.path.relpath(own, tree)}\n", encoding="utf-8")
    (own / "objects" / "info").mkdir(exist_ok=True)
    (own / "objects" / "info" / "alternates").write_text(f"{objects}\n", encoding="utf-8")
    # The tags as git's own file lists them (gitrepository-layout(5)).
    form, hidden = "--format=%(objectname) %(refname)", {f"refs/tags/{tag}" for tag in hidden_tags}
    listed = git.must(root, environ, "for-each-ref", form, "refs/tags").output.splitlines()
    tags = "".join(f"{line}\n" for line in listed if line.partition(" ")[2] not in hidden)
    (own / "packed-refs").write_text(tags, encoding="utf-8")
    if shallow.exists():
        shutil.copyfile(shallow, own / "shallow")
    for path in (keys, objects.parent / keys.name):  # a linked worktree's own, or the clone's
        if path.exists() and not (own / path.name).is_symlink():
            (own / path.name).symlink_to(path)  # the keys of git-crypt are copied nowhere
    with (own / "config").open("a", encoding="utf-8") as lines:
        lines.write(_render_config(config, tree, extensions))
    git.must(tree, environ, *NO_FILTER, "checkout", "-q", "--force", "--detach", sha)
    _replace_pointers(root, tree, objects.parent / "lfs" / "objects", environ)
    _check_out_submodules(root, tree, own, environ)


def _render_config(config: Path, tree: Path, extensions: Mapping[str, str]) -> str:
    """Return the settings of the user's repository, for fetches too, and ours, which beat them."""
    ours = {
        "include.path": str(config),
        **AS_COMMITTED,
        "core.bare": "false",
        "core.hooksPath": "/dev/null",
        "core.fsmonitor": "false",
        "gc.auto": "0",
        "core.worktree": str(tree),
    }
    if remote := extensions.get("partialclone"):
        # What a partial clone left out is fetched when it is needed.
        ours |= {"core.repositoryFormatVersion": "1", "extensions.partialClone": remote}
    lines = []
    for key, value in ours.items():
        section, name = key.split(".")
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')  # git-config(1), Values
        lines.append(f'[{section}]\n\t{name} = "{quoted}"\n')
    return "".join(lines)


def _replace_pointers(root: Path, tree: Path, store: Path, environ: Mapping[str, str]) -> None:
    """Replace the pointers of a checkout as far as their contents can be found.

    `root` is the user's working tree, `store` its files of Git LFS.
    Raises GIT_FAILED if the network keeps git-lfs from a download.
    """
    if git.ask(tree, environ, "grep", "-qF", "filter=lfs", "--", "*.gitattributes").status:
        return
    listed = git.ask(tree, environ, "grep", "-lzF", ".github.com/spec/v1").output.split("\0")
    pointers = {name: oid for name in listed if name and (oid := _read_pointer(tree / name))}
    if not pointers:
        return
    missing = []
    for name, oid in pointers.items():
        places = (store / oid[:2] / oid[2:4] / oid, root / name)
        if found := next((path for path in places if _hash(path) == oid), None):
            shutil.copyfile(found, tree / name)
        else:
            missing.append(name)
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


def _hash(path: Path) -> str:
    """Return the SHA-256 of a file; "" if it is none."""
    if path.is_symlink() or not path.is_file():
        return ""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _check_out_submodules(root: Path, tree: Path, own: Path, environ: Mapping[str, str]) -> None:
    """Check submodules out: from the user's own where they have the commit, else by fetching.

    Their git directories lie where a clone has them (gitrepository-layout(5), modules).
    Raises CANNOT_FETCH_SUBMODULE.
    """
    if not (tree / ".gitmodules").exists():
        return
    names, excluded = _read_submodules(tree, environ)
    missing = []
    for path, sha in _list_entries(tree, "160000", environ):
        theirs, name = root / path, names.get(path, path)
        if name in excluded:
            continue
        # Without a .git of its own the directory belongs to the repository above it.
        has_git, words = (theirs / ".git").exists(), ("cat-file", "-e", f"{sha}^{{commit}}")
        if has_git and not git.ask(theirs, environ, *words).status:
            _check_out(theirs, sha, tree / path, own / "modules" / name, environ)
        else:
            missing.append(path)
    if missing:
        _fetch_submodules(root, tree, missing, names, environ)


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
        skip = ("git", "-C", str(root), "config")
        keys = (f"submodule.{names.get(path, path)}.update" for path in left)
        raise GitFailed(
            failed.SUBMODULE_UNREACHABLE if is_network else setup.CANNOT_FETCH_SUBMODULE,
            names=", ".join(left),
            root=str(tree),
            reason=str(error.fields["reason"]),
            top=shlex.quote(str(root)),  # of a submodule in a submodule: that one
            paths=shlex.join(left),
            commands="\n".join(shlex.join((*skip, key, "none")) for key in keys),
        ) from error
