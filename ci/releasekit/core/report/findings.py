"""findings.json: all that was found, for programs."""

from __future__ import annotations

import json

from releasekit.core.checks import Finding
from releasekit.core.outcome import Outcome


def render_findings(outcome: Outcome) -> str:
    """Return the findings as JSON."""
    return json.dumps([_finding(f) for f in outcome.findings], indent=2, ensure_ascii=False) + "\n"


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "message": finding.message,
        "file": finding.place.file,
        "line": finding.place.line,
        "fix": finding.fix,
    }
