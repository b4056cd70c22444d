"""RK2xx: sdists."""

from __future__ import annotations

from collections.abc import Iterator

from releasekit.checks.facts import DistFacts, in_dist
from releasekit.checks.model import Check, Fault, Severity, shorten
from releasekit.plural import plural


def find_missing_files(facts: DistFacts) -> Iterator[Fault]:
    """Find files in git that the sdist lacks (check-manifest's comparison)."""
    missing = facts.missing_files
    if missing:
        count = plural(len(missing), "file in git is", "files in git are")
        yield Fault(
            message=f"{count} not in the sdist: {shorten(missing)}",
            fix="include them in MANIFEST.in, or list them in [tool.check-manifest] ignore",
            place=in_dist(facts),
        )


SDIST_CHECKS = (
    Check(
        code="RK201",
        title="file missing from the sdist",
        severity=Severity.WARNING,
        explanation="Finds files in git that the sdist lacks (check-manifest's comparison).",
        why="who builds from the sdist (a distribution, an auditor) gets less than git has",
        fix="Include the files, or say that they are left out on purpose: check-manifest's own "
        "settings and MANIFEST.in are honoured.",
        example='[tool.check-manifest]\nignore = ["docs/drafts/*"]',
        find=find_missing_files,
        needs_project=True,
    ),
)
