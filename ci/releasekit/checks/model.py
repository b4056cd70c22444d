"""The framework: findings, and how a check makes them from facts."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from releasekit.checks.declared import Place

if TYPE_CHECKING:
    from releasekit.checks.facts import DistFacts

SHOWN = 10
"""Names in one message."""


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
    """What is wrong, where, and how to fix it."""

    code: str
    severity: Severity
    message: str
    place: Place
    fix: str
    reason: str | None = None
    """Why configuration gives the check this severity; of a waived finding: why it is waived."""

    @property
    def is_waived(self) -> bool:
        """Tell whether configuration waives the finding, for a reason."""
        return self.severity is Severity.OFF

    @property
    def word(self) -> str:
        """Return the severity as people read it; a finding that is off is a waived one."""
        return "waived" if self.is_waived else self.severity.value


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """What a check found in one dist; the framework makes it a finding."""

    message: str
    fix: str
    place: Place
    is_note: bool = False
    """True if it is a note even where the check's findings are warnings or errors."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """A question asked of every dist."""

    code: str
    title: str
    severity: Severity
    explanation: str
    """What it finds, in a sentence or two, for --explain and the reference."""
    why: str
    """Why it matters, in one sentence, for docs/checks.md and the reports."""
    fix: str
    """How to fix it, in a paragraph, for --explain."""
    example: str = ""
    """What a project writes to fix it: a few lines of configuration or shell."""
    find: Callable[[DistFacts], Iterable[Fault]]
    fixed: bool = False
    """True where a guarantee rests on it: its severity is no matter of configuration."""
    needs_project: bool = False
    """True where a dist alone cannot tell: it is not asked of files that are given."""


Judge = Callable[[Check, "DistFacts"], Rule]
"""Decides how severe the findings of a check are in a dist: the policy of the configuration."""


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
