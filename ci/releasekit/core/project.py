"""The project at one commit, and the repositories its release goes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from releasekit.core.version import ReleaseTag


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """What git says of the commit that is checked out."""

    root: Path
    """Top directory of the git repository."""
    sha: str
    time: int
    """Committer time in seconds since the epoch: SOURCE_DATE_EPOCH of the build."""
    tags: tuple[str, ...]
    changed: tuple[str, ...]
    """Tracked files that differ from the commit; untracked files never get into a build."""
    shallow: bool

    @property
    def short(self) -> str:
        """Return the abbreviated commit id of messages."""
        return self.sha[:10]


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """A project directory at a commit, with its release tag if it has one."""

    root: Path
    commit: Commit
    tag: ReleaseTag | None

    @property
    def dirty(self) -> bool:
        """Tell whether tracked files differ from the commit."""
        return bool(self.commit.changed)


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """A user name and a password; the password shows in no representation."""

    username: str
    password: str = field(repr=False)
    source: str
    """Where they came from, for messages: "TWINE_USERNAME", ".pypirc section NAME"..."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Where a release goes and where it is installed from."""

    upload_url: str
    """Address of the hosted repository, with the slash at the end that Nexus demands."""
    install_url: str
    """Address of the repository that people install from: the group's, or else the hosted one."""
    snapshots_url: str | None
    credentials: Credentials
    sandbox: bool
    """True for the embedded sandbox: nothing leaves the machine, and any tree may go there."""


def simple_url(repository_url: str) -> str:
    """Return the address of a repository's simple index (PEP 503)."""
    return f"{repository_url.rstrip('/')}/simple/"
