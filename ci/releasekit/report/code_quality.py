"""gl-code-quality-report.json: the findings in GitLab's merge request."""

from __future__ import annotations

import json

from releasekit.checks.model import Severity
from releasekit.outcome import Outcome
from releasekit.report.findings import find_fingerprints

SEVERITIES = {
    Severity.ERROR: "blocker",
    Severity.WARNING: "minor",
    Severity.NOTE: "info",
    Severity.OFF: "info",
}


def render_code_quality(outcome: Outcome) -> str:
    """Return the findings as GitLab Code Quality.

    The format knows no waiver: a waived finding is told for information, with its reason.
    """
    issues = [
        {
            "description": (
                f"waived ({finding.reason}): {finding.message}"
                if finding.is_waived
                else f"{finding.message} ({finding.fix})"
            ),
            "check_name": finding.code,
            "fingerprint": fingerprint,
            "severity": SEVERITIES[finding.severity],
            "location": {
                "path": finding.place.file,
                "lines": {"begin": finding.place.line or 1},
            },
        }
        for finding, fingerprint in find_fingerprints(outcome.findings)
    ]
    return json.dumps(issues, indent=2, ensure_ascii=False) + "\n"
