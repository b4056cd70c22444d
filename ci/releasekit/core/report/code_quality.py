"""gl-code-quality-report.json: the findings in GitLab's merge request."""

from __future__ import annotations

import hashlib
import json

from releasekit.core.checks import Finding, Severity
from releasekit.core.outcome import Outcome

CODE_QUALITY = {Severity.ERROR: "blocker", Severity.WARNING: "minor", Severity.NOTE: "info"}


def render_code_quality(outcome: Outcome) -> str:
    """Return the findings as GitLab Code Quality, which stands in the merge request.

    Fingerprints stay the same from run to run, so that GitLab can tell new findings from old.
    """
    issues = [
        {
            "description": f"{finding.message} ({finding.fix})",
            "check_name": finding.code,
            "fingerprint": _fingerprint(finding),
            "severity": CODE_QUALITY[finding.severity],
            "location": {
                "path": finding.place.file,
                "lines": {"begin": finding.place.line or 1},
            },
        }
        for finding in outcome.findings
        if not finding.is_waived
    ]
    return json.dumps(issues, indent=2, ensure_ascii=False) + "\n"


def _fingerprint(finding: Finding) -> str:
    facts = (finding.code, finding.place.file, finding.message)
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()
