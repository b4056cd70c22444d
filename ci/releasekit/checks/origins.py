"""RK118: what the build backend says of a release."""

from __future__ import annotations

import re
from collections.abc import Iterator

from releasekit.checks.facts import DistFacts, in_project
from releasekit.checks.model import Check, Fault, Severity

FIELD = re.compile(r"`?project\.([a-z-]+)|License (classifiers)", re.IGNORECASE)
"""The field that a warning of setuptools is about."""
UNNAMED = ("BuildBackendWarning", "UserWarning", "Warning")
"""Categories that say nothing; pyproject-hooks 1.3 gives the first to every warning."""


def find_backend_warnings(facts: DistFacts) -> Iterator[Fault]:
    """Find what the build backend warned of."""
    for warning in facts.project.backend_warnings:
        about = FIELD.search(warning.text)
        kind = "" if warning.category in UNNAMED else f"{warning.category}: "
        field = (about[1] or about[2]).lower() if about else "build-system"
        yield Fault(
            message=f"the build backend warns: {kind}{warning.text}",
            fix=warning.advice or "see reports/build.log, and follow what the backend says there",
            place=in_project(facts, field, "build-system"),
        )


ORIGIN_CHECKS = (
    Check(
        code="RK118",
        title="the build backend warns",
        severity=Severity.WARNING,
        explanation="Finds what the build backend warned of.",
        why="what is deprecated today fails one day, on a build machine that nobody has touched",
        fix="Follow the backend's advice, which is the finding's fix; the whole text stands in "
        "reports/build.log.",
        find=find_backend_warnings,
        needs_project=True,
    ),
)
