"""The build backend's warnings, as they stand in the log of a build."""

from __future__ import annotations

import re
from collections.abc import Iterator

from releasekit.checks.facts import BackendWarning

WARNING = re.compile(r"^(?:.*?:\d+: |.*\bWARNING\b[: ]+)?(\w*Warning): (\S.*)$")
"""A line of Python's warnings: FILE:LINE: CATEGORY: TEXT."""
IGNORED = ("ResourceWarning",)
BOX = re.compile(r"^\s*\*{20,}\s*$")
"""The lines above and below the advice that setuptools gives (setuptools/warnings.py)."""


ADVICE_LINES = 60
"""Lines after a warning in which its box ends; the longest of setuptools 84 has 35."""


def parse_warnings(log: str) -> tuple[BackendWarning, ...]:
    """Return the warnings of a build, each once: an sdist and a wheel say much the same."""
    lines = log.splitlines()
    return tuple(dict.fromkeys(_find_warnings(lines)))


def _find_warnings(lines: list[str]) -> Iterator[BackendWarning]:
    for number, line in enumerate(lines):
        match = WARNING.match(line.strip()) if "Warning: " in line else None
        if match and match[1] not in IGNORED:
            advice = _find_advice(lines[number + 1 : number + ADVICE_LINES])
            yield BackendWarning(category=match[1], text=match[2].strip(), advice=advice)


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
