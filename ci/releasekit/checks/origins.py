"""RK118: what the build backend says of a release."""

from __future__ import annotations

import re
from collections.abc import Iterator

from releasekit.checks.declared import Place
from releasekit.checks.facts import BackendWarning, DistFacts, in_project
from releasekit.checks.model import Check, Fault, Severity
from releasekit.plural import list_some

WARNING = re.compile(r"^(?:(.*?):(\d+): |.*\bWARNING\b[: ]+)?(\w*Warning): (\S.*)$")
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
        if match and match[3] not in IGNORED:
            advice = _find_advice(lines[number + 1 : number + ADVICE_LINES])
            found.append(
                BackendWarning(
                    category=match[3],
                    text=match[4].strip(),
                    advice=advice,
                    line=int(match[2]) if SETUP_PY.search(match[1] or "") else None,
                )
            )
    return tuple(dict.fromkeys(found))


def _find_advice(lines: list[str]) -> str:
    """Return the paragraph in setuptools' box that says what to do, on one line.

    What it announces by a colon belongs to it. Without such a paragraph it is the first.
    """
    edges = [number for number, line in enumerate(lines) if BOX.match(line)]
    if len(edges) < 2 or any(WARNING.match(line) for line in lines[: edges[0]]):
        return ""
    paragraphs = [""]
    for line in lines[edges[0] + 1 : edges[1]]:
        text = line.strip()
        if text and not text.startswith("#"):
            paragraphs[-1] = f"{paragraphs[-1]} {text}".strip()
        elif paragraphs[-1] and not paragraphs[-1].endswith(":"):
            paragraphs.append("")
    said = [text for text in paragraphs if text and not BOILERPLATE.match(text)]
    return next((text for text in said if ADVISES.search(text)), said[0] if said else "")


SETUP_PY = re.compile(r"(?:^|/)setup\.py$|^<string>$")
"""The file of a warning in setup.py; setuptools runs it as a string (build_meta.py, run_setup)."""
ADVISES = re.compile(r"\b(?:please|instead|you can|ensure|make sure|avoid|should)\b", re.IGNORECASE)
BOILERPLATE = re.compile(r"By [\w-]+, you need to update|This deprecation is overdue|See http")
"""What setuptools adds to each deprecation (setuptools/warnings.py)."""
LICENSE_CLASSIFIERS = "License classifiers"
NAME = re.compile(r"'[^']+'")
"""What differs between warnings of one cause."""
UNNAMED = ("BuildBackendWarning", "UserWarning", "Warning")
"""Categories that say nothing; pyproject-hooks 1.3 gives the first to every warning."""


def _find_backend_warnings(facts: DistFacts) -> Iterator[Fault]:
    groups: dict[tuple[str, str], list[BackendWarning]] = {}
    for warning in facts.project.backend_warnings:
        # Without advice the names are all that it says: each may have a cause of its own.
        text = NAME.sub("", warning.text) if warning.advice else warning.text
        groups.setdefault((text, NAME.sub("", warning.advice)), []).append(warning)
    for first, *others in groups.values():
        names = [name for other in others for name in NAME.findall(other.text)]
        more = f" (and {list_some(names)})" if names else ""
        kind = "" if first.category in UNNAMED else f"{first.category}: "
        yield Fault(
            message=f"the build backend warns: {kind}{first.text}{more}",
            fix=first.advice or "change what it names; reports/build.log has the whole text",
            place=_find_place(facts, first),
        )


def _find_place(facts: DistFacts, warning: BackendWarning) -> Place:
    """Return the line that a warning is about, or the file alone: a wrong line is worse."""
    if warning.line:
        return Place(file="setup.py", line=warning.line)
    if warning.text.startswith(LICENSE_CLASSIFIERS):
        return in_project(facts, "classifiers", near="License ::")
    declared = facts.project.declared
    found = declared.find_named(warning.text) or declared.find_named(warning.advice)
    return found or Place(file=in_project(facts).file)


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
