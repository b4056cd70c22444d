"""What checks know of dists and their project, what they find, and how they are run.

Facts are gathered once, by `inspect`; checks judge them, and have no effects.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from packaging.version import Version

from releasekit.checks.declared import NOWHERE, Declared, Packing, Place
from releasekit.model.dists import Dist, DistKind

if TYPE_CHECKING:
    from packaging.metadata import RawMetadata

SHOWN = 10  # names in one message
MEGABYTE = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """A file of an archive, or a directory that it names: its size is in bytes, unpacked.

    A symbolic link leads somewhere from the top of the archive. Special is what is neither file,
    directory nor link, as a device. What stands for a file is "pointer" (Git LFS) or "encrypted"
    (git-crypt).
    """

    name: str
    size: int = 0
    link: str | None = None
    special: bool = False
    folder: bool = False
    stands_for: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Secret:
    """A secret in a file; the secret itself is kept nowhere."""

    member: str
    what: str
    line: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ContentProblem:
    """What check-wheel-contents says of a wheel, by a code of its own such as W005.

    The project's own settings may select the code by name.
    """

    code: str
    text: str
    paths: tuple[str, ...] = ()
    selected: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadEntryPoint:
    """An entry point that does not resolve in its wheel.

    A foreign module is one that a dependency may have; "" if only this wheel can have it.
    """

    group: str
    name: str
    value: str
    why: str
    foreign: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class BackendWarning:
    """A warning of the build backend: its class, its own fix, and the line of setup.py."""

    category: str
    text: str
    fix: str = ""
    line: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FailedTest:
    """What failed in the proof of a wheel for a Python, as "3.11".

    The subject is the extra whose requirements cannot be resolved (RK119; "" for those of the wheel
    itself), the name that is imported (RK120), or the command of a smoke test (RK121). The index is
    where requirements were looked for; "" if the Python itself is refused.
    """

    code: str
    wheel: str
    python: str
    subject: str
    reason: str
    index: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignDependency:
    """A dependency with a name of the company's own: the index serves it, and `hosted` lacks it."""

    name: str
    index: str
    hosted: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectFacts:
    """What is known of the project that dists were built from; nothing of dists from elsewhere.

    The version to be released is the tag's, or without a tag the wheel's. The labels of required
    URLs are spelled as in the configuration. A dist may have 100 MB, as public indexes take them by
    default. Built dependencies are wheels that were built from sdists, by file name; the modules
    that dependencies installed have dotted names.
    """

    declared: Declared = NOWHERE
    release_version: Version | None = None
    tag: str | None = None
    versioned: tuple[str, ...] = ()
    packing: Packing = field(default_factory=Packing)
    backend_warnings: tuple[BackendWarning, ...] = ()
    required_urls: tuple[str, ...] = ()
    size_limit: float = 100 * MEGABYTE
    into_public: bool = False
    test_failures: tuple[FailedTest, ...] = ()
    foreign_dependencies: tuple[ForeignDependency, ...] = ()
    built_dependencies: tuple[str, ...] = ()
    dependency_modules: frozenset[str] = field(default=frozenset(), repr=False)


NO_PROJECT = ProjectFacts()


@dataclass(frozen=True, kw_only=True, slots=True)
class DistFacts:
    """All that checks may know of one dist.

    The metadata is None where the dist has none that can be read. A deprecated classifier comes
    with those that replace it. Missing are files in git that the sdist lacks, after the project's
    own check-manifest settings. The others are dists of the same version, which do not know each
    other in turn.
    """

    dist: Dist
    metadata: RawMetadata | None
    project: ProjectFacts = NO_PROJECT
    archive_problem: str | None = None
    members: tuple[Member, ...] = field(default=(), repr=False)
    folders: tuple[Member, ...] = field(default=(), repr=False)
    metadata_problems: tuple[str, ...] = ()
    description_problem: str | None = None
    unknown_classifiers: tuple[str, ...] = ()
    deprecated_classifiers: tuple[tuple[str, tuple[str, ...]], ...] = ()
    secrets: tuple[Secret, ...] = ()
    record_problems: tuple[str, ...] = ()
    content_problems: tuple[ContentProblem, ...] = ()
    dead_entry_points: tuple[DeadEntryPoint, ...] = ()
    missing_files: tuple[str, ...] = ()
    others: tuple[DistFacts, ...] = field(default=(), repr=False)

    @property
    def is_wheel(self) -> bool:
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
    return facts.project.declared.find(*fields, near=near) or in_dist(
        facts, "METADATA" if facts.is_wheel else "PKG-INFO"
    )


class Severity(Enum):
    """How much a finding matters: an error refuses the release."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    OFF = "off"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """The severity of a check, and the reason where configuration gives one."""

    severity: Severity
    reason: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What is wrong, where, and how to fix it.

    The reason is why configuration gives the check this severity, or waives the finding.
    """

    code: str
    severity: Severity
    message: str
    place: Place
    fix: str
    reason: str | None = None

    @property
    def is_waived(self) -> bool:
        return self.severity is Severity.OFF

    @property
    def word(self) -> str:
        """Return the severity as people read it; a finding that is off is a waived one."""
        return "waived" if self.is_waived else self.severity.value


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """What a check found in one dist; the framework makes it a finding.

    It may be a note even where the check's findings are warnings or errors.
    """

    message: str
    fix: str
    place: Place
    is_note: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """A question asked of every dist, with texts for --explain, the reference and the reports.

    `explanation` says what it finds, in a sentence or two; `why` in one sentence why that matters;
    `fix` how to fix it, in a paragraph; `example` what a project writes to fix it, a few lines. No
    configuration changes the severity where `fixed`: a guarantee rests on it. A dist alone cannot
    tell where `needs_project`: then it is not asked of files of other projects.
    """

    code: str
    title: str
    severity: Severity
    explanation: str
    why: str
    fix: str
    example: str = ""
    find: Callable[[DistFacts], Iterable[Fault]]
    fixed: bool = False
    needs_project: bool = False


# Decides how severe the findings of a check are in a dist: the policy of the configuration.
Judge = Callable[[Check, DistFacts], Rule]


def run_checks(
    checks: Sequence[Check], facts: Sequence[DistFacts], judge: Judge
) -> tuple[Finding, ...]:
    """Return the findings of all checks on all dists: errors first, waived ones last.

    A fault of the project that shows in every dist (a missing url) is one finding.
    """
    findings: dict[Finding, None] = {}
    for check, dist in itertools.product(checks, facts):
        rule = judge(check, dist)
        for fault in () if _is_off(rule) else check.find(dist):
            is_note = fault.is_note and rule.severity is not Severity.OFF
            finding = Finding(
                code=check.code,
                severity=Severity.NOTE if is_note else rule.severity,
                message=fault.message,
                place=fault.place,
                fix=fault.fix,
                reason=rule.reason,
            )
            findings[finding] = None
    order = list(Severity)
    return tuple(
        sorted(
            findings,
            key=lambda f: (order.index(f.severity), f.code, f.place.file, f.place.line or 0),
        )
    )


def list_codes(
    checks: Sequence[Check], facts: Sequence[DistFacts], judge: Judge
) -> tuple[str, ...]:
    """Return the codes of the checks that are asked of a dist: one that is off passes nothing."""
    return tuple(
        check.code for check in checks if not all(map(_is_off, (judge(check, f) for f in facts)))
    )


def _is_off(rule: Rule) -> bool:
    return rule.severity is Severity.OFF and rule.reason is None
