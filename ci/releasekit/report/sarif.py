"""releasekit.sarif: the findings in SARIF 2.1.0, for code scanning and editors."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from releasekit.checks.catalog import CHECKS
from releasekit.checks.model import Check, Finding, Severity
from releasekit.doctor import QUESTIONS
from releasekit.outcome import Outcome
from releasekit.report.findings import find_fingerprints

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def render_sarif(outcome: Outcome) -> str:
    """Return the checks that were asked as rules, and the findings as results.

    A waived finding is a suppressed result (SARIF 2.1.0, 3.35) of the check's own level.
    """
    rules = {check.code: check for check in CHECKS if check.code in outcome.asked}
    driver: dict[str, Any] = {"name": "releasekit"}
    driver["rules"] = [
        {
            "id": check.code,
            "shortDescription": {"text": check.title},
            "fullDescription": {"text": check.why},
            "help": {"text": check.fix},
            "defaultConfiguration": {"level": _level(check.severity)},
        }
        for check in rules.values()
    ]
    driver["rules"] += [
        {"id": question.code, "shortDescription": {"text": question.title}}
        for question in QUESTIONS
        if question.code in outcome.asked
    ]
    results = [
        _describe_result(finding, rules.get(finding.code), fingerprint)
        for finding, fingerprint in find_fingerprints(outcome.findings)
    ]
    runs = [{"tool": {"driver": driver}, "results": results}]
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": runs}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _describe_result(finding: Finding, rule: Check | None, fingerprint: str) -> dict[str, Any]:
    place: dict[str, Any] = {
        "artifactLocation": {"uri": quote(finding.place.file, errors="replace")}
    }
    if finding.place.line:
        place["region"] = {"startLine": finding.place.line}
    result = {
        "ruleId": finding.code,
        "level": _level(rule.severity if rule and finding.is_waived else finding.severity),
        "message": {"text": f"{finding.message}; fix: {finding.fix}"},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"releasekit/v1": fingerprint},
    }
    if finding.is_waived:
        waiver = {"kind": "external", "status": "accepted", "justification": finding.reason}
        result["suppressions"] = [waiver]
    return result


def _level(severity: Severity) -> str:
    return "none" if severity is Severity.OFF else severity.value
