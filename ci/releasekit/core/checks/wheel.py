"""RK3xx: wheels."""

from __future__ import annotations

from collections.abc import Iterator

from releasekit.core.checks.facts import DistFacts, in_dist
from releasekit.core.checks.model import Check, Fault, Severity


def find_untrue_record(facts: DistFacts) -> Iterator[Fault]:
    """Find a wheel whose RECORD does not describe its members (installer's own check)."""
    for problem in facts.record_problems:
        yield Fault(
            message=f"RECORD is untrue: {problem}",
            fix="build the wheel again, and change nothing in it afterwards",
            place=in_dist(facts, "RECORD"),
        )


WHEEL_CHECKS = (
    Check(
        code="RK301",
        title="RECORD untrue",
        severity=Severity.ERROR,
        fixed=True,
        why="installers that verify refuse the wheel; the others leave files behind on removal",
        mend="Build the wheel again, and change nothing in it after the backend has made it.",
        find=find_untrue_record,
    ),
)
