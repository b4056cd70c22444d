"""Facts: all that checks may know, gathered once by an adapter."""

from __future__ import annotations

from dataclasses import dataclass

from packaging.metadata import RawMetadata
from packaging.version import Version

from releasekit.core.dists import Dist


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A file, and a line in it where that can be had, counted from 1."""

    file: str
    """A file of the project, a dist, or a member of a dist as DIST/MEMBER."""
    line: int | None = None

    def __str__(self) -> str:
        """Render as editors and compilers do."""
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, kw_only=True, slots=True)
class DistFacts:
    """All that checks may know of one dist. Gathered once, by an adapter."""

    dist: Dist
    metadata: RawMetadata | None
    """Core metadata as parsed; None where the dist has none that can be read."""
    metadata_problems: tuple[str, ...] = ()
    """What the core metadata specification says against it."""
    description_problem: str | None = None
    """Why the long description does not render."""
    record_problems: tuple[str, ...] = ()
    """Where a wheel's RECORD is untrue."""
    missing_files: tuple[str, ...] = ()
    """Files in git that the sdist lacks, after the project's own check-manifest settings."""
    release_version: Version | None = None
    """The version to be released: the tag's, or without a tag the wheel's."""
    declared: Place = Place(file="pyproject.toml")
    """Where the project declares its metadata."""


def in_dist(facts: DistFacts, member: str | None = None, line: int | None = None) -> Place:
    """Return the place of a member in a dist, or of the dist itself."""
    filename = facts.dist.filename
    return Place(file=f"{filename}/{member}" if member else filename, line=line)
