"""Facts: all that checks may know, gathered once by an adapter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packaging.version import Version

from releasekit.checks.backends import Packing
from releasekit.checks.declared import NOWHERE, Declared, Place
from releasekit.checks.secrets import Secret
from releasekit.model.dists import Dist, DistKind

if TYPE_CHECKING:
    from packaging.metadata import RawMetadata

MEGABYTE = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """A file of an archive, or a directory that it names, as the archive spells it."""

    name: str
    size: int = 0
    """Bytes when unpacked."""
    link: str | None = None
    """Where a symbolic link leads, from the top of the archive."""
    special: bool = False
    """True for what is neither file, directory nor link: a device, a pipe."""
    folder: bool = False
    stands_for: str = ""
    """"pointer" (Git LFS) or "encrypted" (git-crypt): what is in place of the file itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ContentProblem:
    """What check-wheel-contents says of a wheel, by a code of its own such as W005."""

    code: str
    text: str
    paths: tuple[str, ...] = ()
    selected: bool = False
    """True if the project's own settings select the code by name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadEntryPoint:
    """An entry point that does not resolve in its wheel."""

    group: str
    name: str
    value: str
    why: str
    foreign: str = ""
    """Its module, if a dependency may have it; "" if it can be in this wheel alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BackendWarning:
    """A warning of the build backend, and what it says is to be done."""

    category: str
    """Class of the warning, as SetuptoolsDeprecationWarning."""
    text: str
    advice: str = ""
    line: int | None = None
    """The line of setup.py that it comes from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unresolved:
    """Requirements of a wheel, or of one of its extras, that cannot be resolved."""

    wheel: str
    python: str
    """As "3.11"."""
    reason: str
    index: str = ""
    """Where they were looked for; "" if the Python itself is refused."""
    extra: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FailedTest:
    """An import (RK120) or a smoke test (RK121) that failed in a clean environment."""

    code: str
    wheel: str
    python: str
    subject: str
    """The name that is imported, or the command."""
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignDependency:
    """A dependency with a name of the company's own that the index serves from elsewhere."""

    name: str
    index: str
    hosted: str
    """The repository that should have it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectFacts:
    """What is known of the project that dists were built from; nothing of dists from elsewhere."""

    declared: Declared = NOWHERE
    release_version: Version | None = None
    """The version to be released: the tag's, or without a tag the wheel's."""
    tag: str | None = None
    versioned: tuple[str, ...] = ()
    """Files that git has."""
    packing: Packing = field(default_factory=Packing)
    backend_warnings: tuple[BackendWarning, ...] = ()
    required_urls: tuple[str, ...] = ()
    """Labels of URLs that configuration wants, as it spells them."""
    size_limit: float = 100 * MEGABYTE
    """Bytes that a dist may have: what public indexes take by default."""
    into_public: bool = False
    """True if the release goes to a default repository of twine's, which is public."""
    unresolved: tuple[Unresolved, ...] = ()
    test_failures: tuple[FailedTest, ...] = ()
    foreign_dependencies: tuple[ForeignDependency, ...] = ()
    built_dependencies: tuple[str, ...] = ()
    """Wheels of dependencies that were built from sdists, by file name."""
    dependency_modules: frozenset[str] = field(default=frozenset(), repr=False)
    """Modules that dependencies installed, by dotted names; none where nothing was installed."""


NO_PROJECT = ProjectFacts()


@dataclass(frozen=True, kw_only=True, slots=True)
class DistFacts:
    """All that checks may know of one dist."""

    dist: Dist
    metadata: RawMetadata | None
    """Core metadata as parsed; None where the dist has none that can be read."""
    project: ProjectFacts = NO_PROJECT
    archive_problem: str | None = None
    """Why the archive cannot be read, or is not read to its end."""
    members: tuple[Member, ...] = field(default=(), repr=False)
    folders: tuple[Member, ...] = field(default=(), repr=False)
    metadata_problems: tuple[str, ...] = ()
    description_problem: str | None = None
    unknown_classifiers: tuple[str, ...] = ()
    deprecated_classifiers: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Pairs of a classifier and what replaces it."""
    secrets: tuple[Secret, ...] = ()
    record_problems: tuple[str, ...] = ()
    content_problems: tuple[ContentProblem, ...] = ()
    dead_entry_points: tuple[DeadEntryPoint, ...] = ()
    missing_files: tuple[str, ...] = ()
    """Files in git that the sdist lacks, after the project's own check-manifest settings."""
    others: tuple[DistFacts, ...] = field(default=(), repr=False)
    """The other dists of the same version. They do not know each other in turn."""

    @property
    def is_wheel(self) -> bool:
        """Tell a wheel from an sdist."""
        return self.dist.named.kind is DistKind.WHEEL


def in_dist(facts: DistFacts, member: str | None = None, line: int | None = None) -> Place:
    """Return the place of a member in a dist, or of the dist itself."""
    filename = facts.dist.filename
    return Place(file=f"{filename}/{member}" if member else filename, line=line)


def in_project(facts: DistFacts, *fields: str, near: str = "") -> Place:
    """Return where the project declares the first of these fields that it does declare.

    `near` is a text to look for there, as one classifier of many. The place is the dist's
    metadata where there is no project at hand.
    """
    place = facts.project.declared.find(*fields, near=near)
    return place or in_dist(facts, "METADATA" if facts.is_wheel else "PKG-INFO")
