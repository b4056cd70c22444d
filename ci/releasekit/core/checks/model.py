"""The framework: facts, findings, and how a check makes the ones from the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from packaging.metadata import RawMetadata
from packaging.version import Version

from releasekit.core.dists import Dist


class Severity(Enum):
    """How much a finding matters: an error refuses the release."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    OFF = "off"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A file, and a line in it where that can be had, counted from 1."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        """Render as editors and compilers do."""
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What is wrong, where, and how to mend it."""

    code: str
    severity: Severity
    message: str
    place: Place
    fix: str


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """What a check found in one dist; the framework makes it a finding."""

    message: str
    fix: str
    place: Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """A question asked of every dist."""

    code: str
    title: str
    severity: Severity
    why: str
    """Why it matters, for the README and the reports."""
    find: Callable[[DistFacts], Iterable[Fault]]
    fixed: bool = False
    """True where a guarantee rests on it: its severity is no matter of configuration."""


def run_checks(
    checks: Sequence[Check], facts: Sequence[DistFacts], severities: Mapping[str, Severity]
) -> tuple[Finding, ...]:
    """Return the findings of all checks on all dists, errors first.

    A fault of the project that shows in every dist (a missing url) is one finding.
    """
    findings = dict.fromkeys(_find_all(checks, facts, severities))
    order = list(Severity)
    return tuple(sorted(findings, key=lambda f: (order.index(f.severity), f.code, str(f.place))))


def _find_all(
    checks: Sequence[Check], facts: Sequence[DistFacts], severities: Mapping[str, Severity]
) -> Iterator[Finding]:
    for check in checks:
        severity = severities.get(check.code, check.severity)
        if severity is Severity.OFF:
            continue
        for dist in facts:
            for fault in check.find(dist):
                yield Finding(
                    code=check.code,
                    severity=severity,
                    message=fault.message,
                    place=fault.place,
                    fix=fault.fix,
                )


def in_dist(facts: DistFacts, member: str | None = None) -> Place:
    """Return the place of a member in a dist, or of the dist itself."""
    filename = facts.dist.filename
    return Place(file=f"{filename}/{member}" if member else filename)
