"""Git: its answers, and what is checked out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from releasekit.errors import Entry, GitFailed, ReleasekitError, failed, setup, usage
from releasekit.model.project import Commit, History, ReleaseTag, parse_tag, split_pattern
from releasekit.process import Finished, capture

IDLE = 120.0
"""Seconds without work after which git is stopped: ssh waits for ever, too. A server that prepares
an answer sends something every 5 s (uploadpack.keepAlive)."""
# What git and its transports say (curl's strerror.c, ssh; Go's net and lfshttp in Git LFS) of the
# network or the machine: the same command can succeed later. Of a repository that is damaged or not
# there, it cannot.
TRANSIENT = re.compile(
    r"could not resolve|couldn.t connect|failed to connect|connection (?:refused|reset|closed)"
    r"|timed out|network is unreachable|no route to host|returned error: (?:5\d\d|408|429)\b"
    r"|early eof|rpc failed(?!; http 4)|unexpected disconnect|ssl_error_syscall|unexpected eof"
    r"|no space left|cannot allocate memory|out of memory|too many open files"
    r"|temporarily unavailable|unable to create '.*\.lock'"
    r"|operation too slow"
    r"|no such host|i/o timeout|handshake timeout|deadline exceeded"
    r"|server error: http|rate limit exceeded",
    re.IGNORECASE,
)


def read_commit(root: Path, environ: Mapping[str, str]) -> Commit:
    """Read the commit that is checked out in `root`.

    Raises NOT_A_REPOSITORY, with git's own words and the line that fixes it.
    """
    # One process: the answers come in this order, a line each.
    described = ask(root, environ, "rev-parse", "--show-toplevel", "--is-shallow-repository")
    if described.status:
        raise _not_a_repository(root, described)
    top, shallow = described.output.splitlines()
    shown = ask(root, environ, "log", "-1", "--format=%H %ct", "--no-show-signature")
    if shown.status:
        raise _not_a_repository(root, shown)
    sha, time = shown.output.split()
    tags = must(root, environ, "tag", "--points-at", "HEAD").output.split()
    options = ("--porcelain=v1", "-z", "--untracked-files=no", "--no-renames")
    status = must(root, environ, "status", *options)
    return Commit(
        root=Path(top),
        sha=sha,
        time=int(time),
        tags=tuple(tags),
        changed=parse_status(status.output),
        shallow=shallow == "true",
    )


def read_history(root: Path, environ: Mapping[str, str], patterns: Sequence[str]) -> History:
    """Read which release tag HEAD comes after, and by how many commits.

    The nearest tag, as `git describe` finds it, and the highest version of several on its commit.
    """
    names = must(root, environ, "for-each-ref", "--format=%(refname:strip=2)", "refs/tags")
    tags = names.output.split("\n")[:-1]
    globs = [f"{before}[0-9]*{after}" for before, _, after in map(split_pattern, patterns)]
    fitting = [name for name in tags if any(fnmatchcase(name, glob) for glob in globs)]
    others = [name for name in fitting if not _is_release(parse_tag(name, patterns))]
    words = [f"--match={glob}" for glob in globs] + [f"--exclude={name}" for name in others]
    described = ask(root, environ, "describe", "--tags", "--long", *words)
    if described.status:
        counted = must(root, environ, "rev-list", "--count", "HEAD")
        return History(last=None, commits=int(counted.output), has_tags=bool(tags))
    nearest, distance, _ = described.output.strip().rsplit("-", 2)
    beside = must(root, environ, "tag", "--points-at", f"{nearest}^{{commit}}").output.split()
    found = [tag for name in beside if (tag := parse_tag(name, patterns)) and _is_release(tag)]
    last = max(found, key=lambda tag: (tag.version, tag.name))
    return History(last=last, commits=int(distance), has_tags=True)


def _is_release(tag: ReleaseTag | None) -> bool:
    return tag is not None and not tag.version.is_devrelease


def find_tags_elsewhere(root: Path, environ: Mapping[str, str], seconds: float) -> str:
    """Return what is known of tags where a clone without tags came from; "" if there are none.

    Raises GitFailed where the network keeps git from an answer.
    """
    if not must(root, environ, "remote").output:
        return ""
    finished = ask(root, environ, "ls-remote", "--tags", "--quiet", seconds=seconds)
    refuse_transient(root, finished)
    if finished.status:
        return "and where it was cloned from, git cannot list them"
    return "and where it was cloned from, there are tags" if "refs/tags/" in finished.output else ""


def parse_status(text: str) -> tuple[str, ...]:
    """Return the changed paths of `git status --porcelain=v1 -z --no-renames`."""
    return tuple(entry[3:] for entry in text.split("\0") if entry)


def must(
    root: Path, environ: Mapping[str, str], *arguments: str, errors: str = "replace"
) -> Finished:
    """Run git for an answer that it has to give; raises GitFailed."""
    finished = ask(root, environ, *arguments, errors=errors)
    refuse_transient(root, finished)
    if finished.status:
        raise _explain(setup.GIT_REFUSED, root, finished, finished.tail())
    return finished


def refuse_transient(root: Path, finished: Finished) -> None:
    """Raise GIT_FAILED for a git that failed where the same command can succeed later."""
    if finished.status and TRANSIENT.search(finished.errors):
        raise _explain(failed.GIT_FAILED, root, finished, finished.tail())


def _explain(entry: Entry, root: Path, finished: Finished, reason: str) -> GitFailed:
    # The command as a user would type it, without the settings that are the kit's own.
    pairs = zip(("", *finished.command), finished.command, strict=False)
    command = shlex.join(word for before, word in pairs if "-c" not in (before, word))
    return GitFailed(entry, root=str(root), command=command, reason=reason)


def ask(
    root: Path,
    environ: Mapping[str, str],
    *arguments: str,
    errors: str = "replace",
    seconds: float | None = None,
) -> Finished:
    """Run git in `root` for an answer, whatever its status; see `capture` for `errors`.

    Raises GIT_FAILED if there is none within the `seconds`, or git does nothing for long.
    """
    # No hook of the user's runs for our questions, no prompt, no optional lock, C locale.
    command = ("git", "-c", "core.hooksPath=/dev/null", *arguments)
    environ = {
        # Bytes per second, and for how many seconds: git waits for ever else (http.lowSpeedTime).
        "GIT_HTTP_LOW_SPEED_LIMIT": "1000",
        "GIT_HTTP_LOW_SPEED_TIME": "60",
        **environ,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_ATTR_NOSYSTEM": "1",
        "LC_ALL": "C.UTF-8",
    }
    finished = capture(
        command, cwd=root, environ=environ, errors=errors, seconds=seconds, idle=IDLE
    )
    if finished.timed_out:
        raise _explain(failed.GIT_FAILED, root, finished, f"no answer within {seconds or IDLE:g} s")
    return finished


def list_files(root: Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    """List the files below `root` that git has, submodules' too, relative to it.

    Names that are not UTF-8 have surrogates, as the members of an archive have (PEP 383).
    """
    listed = must(root, environ, "ls-files", "-z", "--recurse-submodules", errors="surrogateescape")
    paths = {name: root / name for name in listed.output.split("\0") if name}
    # What git lists as one path and is a directory is a submodule that is not checked out.
    return tuple(name for name, path in paths.items() if path.is_symlink() or not path.is_dir())


def _not_a_repository(root: Path, finished: Finished) -> ReleasekitError:
    reason = finished.tail()
    # git >= 2.35.2 refuses another user's repository and prints the line that allows it.
    for line in finished.errors.splitlines():
        if line.strip().startswith("git config --global --add safe.directory"):
            return ReleasekitError(
                usage.REPOSITORY_OF_ANOTHER_USER,
                root=str(root),
                reason=reason,
                command=line.strip(),
            )
    return ReleasekitError(usage.NOT_A_REPOSITORY, root=str(root), reason=reason)
