"""RK118: what the build backend says of a release."""

from __future__ import annotations

import re
from collections.abc import Iterator

from releasekit.checks.facts import BackendWarning, DistFacts, in_project
from releasekit.checks.model import Check, Fault, Severity

WARNING = re.compile(r"^(?:.*?:\d+: |.*\bWARNING\b[: ]+)?(\w*Warning): (\S.*)$")
"""A line of Python's warnings: FILE:LINE: CATEGORY: TEXT."""
IGNORED = ("ResourceWarning",)
BOX = re.compile(r"^\s*\*{20,}\s*$")
"""The lines above and below the advice that setuptools gives (setuptools/warnings.py)."""


ADVICE_LINES = 60
"""Lines after a warning in which its box ends; the longest of setuptools 84 has 35."""


def parse_warnings(log: str) -> tuple[BackendWarning, ...]:
    """Return the warnings of a build, each once: an sdist and a wheel say much the same."""
    lines, found = log.splitlines(), []
    for number, line in enumerate(lines):
        match = WARNING.match(line.strip()) if "Warning: " in line else None
        if match and match[1] not in IGNORED:
            advice = _find_advice(lines[number + 1 : number + ADVICE_LINES])
            found.append(BackendWarning(category=match[1], text=match[2].strip(), advice=advice))
    return tuple(dict.fromkeys(found))


def _find_advice(lines: list[str]) -> str:
    """Return the first paragraph in setuptools' box, without its heading, on one line.

    What it announces by a colon belongs to it.
    """
    edges = [number for number, line in enumerate(lines) if BOX.match(line)]
    if len(edges) < 2 or any(WARNING.match(line) for line in lines[: edges[0]]):
        return ""
    paragraph: list[str] = []
    for line in lines[edges[0] + 1 : edges[1]]:
        text = line.strip()
        if not text and paragraph and not paragraph[-1].endswith(":"):
            break
        if text and not text.startswith("#"):
            paragraph.append(text)
    return " ".join(paragraph)


FIELD = re.compile(r"`?project\.([a-z-]+)|License (classifiers)", re.IGNORECASE)
"""The field that a warning of setuptools is about."""
UNNAMED = ("BuildBackendWarning", "UserWarning", "Warning")
"""Categories that say nothing; pyproject-hooks 1.3 gives the first to every warning."""


def _find_backend_warnings(facts: DistFacts) -> Iterator[Fault]:
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
        find=_find_backend_warnings,
        needs_project=True,
    ),
)
