"""Development versions: the number of a commit without a release tag (PEP 440, .devN).

It is above the last release, as with setuptools-scm (`guess-next-dev`) and dunamai (`bump`): the
next patch, or the next candidate after a candidate.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.version import Version

from releasekit.model.versions import ReleaseTag
from releasekit.plural import plural


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """What a commit comes after."""

    last: ReleaseTag | None
    """The nearest release tag among the commits that it is made of; a .devN is no release."""
    commits: int
    """Commits since that tag, or since the beginning."""
    has_tags: bool
    """Whether the clone has any tag at all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StatedVersion:
    """A version that stands in a file where it can be written anew."""

    file: str
    keys: tuple[str, ...]
    """The tables and the key, or section and option."""
    version: Version

    @property
    def place(self) -> str:
        """Return the key and the file, as a sentence names them."""
        *tables, key = self.keys
        return f"{key} in [{'.'.join(tables)}] of {self.file}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Development:
    """A development version, and what it was made from."""

    stated: StatedVersion
    history: History

    @property
    def version(self) -> Version:
        """Return the version: the same one for the same commit."""
        return next_version(self.stated.version, self.history)

    def describe(self) -> str:
        """Return the version, and what it counts."""
        last, commits = self.history.last, self.history.commits
        since = f"since {last.name}" if last else "and no release tag yet"
        counted = f"{plural(commits, 'commit')} {since}"
        return f"{self.version} ({self.stated.version} in {self.stated.file}, {counted})"


def next_version(stated: Version, history: History) -> Version:
    """Return the stated version with .devN, or else the version after the last release."""
    number = f".dev{history.commits}"
    plain = re.sub(r"\.dev\d+$", "", stated.public)
    last = history.last.version if history.last else None
    found = Version(plain + number)
    if last is None or found > last:
        return found
    epoch = f"{last.epoch}!" if last.epoch else ""
    if last.pre:  # 1.0.dev5 is below 1.0rc1
        letter, candidate = last.pre
        return Version(f"{epoch}{_join(last.release)}{letter}{candidate + 1}{number}")
    numbers = (*last.release, 0, 0)[: max(3, len(last.release))]
    return Version(f"{epoch}{_join((*numbers[:-1], numbers[-1] + 1))}{number}")


def _join(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))
