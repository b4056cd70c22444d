"""The findings for programs: findings.json, junit.xml, GitLab Code Quality and SARIF."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from releasekit.checks.catalog import CHECKS
from releasekit.checks.model import Check, Finding, Severity
from releasekit.doctor.model import QUESTIONS, Question
from releasekit.outcome import Outcome
from releasekit.report import render_json

DOTTED = r"(?<![\w.])v?\d+(?:\.\d+)+(?:[._-]?(?:a|b|c|rc|post|dev)\.?\d+)*"
LOCAL = r"(?:\+[a-z0-9]+(?:\.(?!dist-info|data|tar|zip)[a-z0-9]+)*)?"
UNDOTTED = r"(?<=-)\d+(?=-|/|\.tar\.gz|\.zip|\.dist-info|\.data|$)"
VERSION = re.compile(rf"{DOTTED}{LOCAL}(?!\w)|{UNDOTTED}", re.IGNORECASE)
"""A version after PEP 440 with a dot in it, or without one in a dist's name (demo-7.tar.gz)."""
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML document may hold (XML 1.0, 2.2), and what tools print in colours."""
GITLAB_SEVERITIES = {
    Severity.ERROR: "blocker",
    Severity.WARNING: "minor",
    Severity.NOTE: "info",
    Severity.OFF: "info",
}
SARIF_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def find_fingerprints(findings: Sequence[Finding]) -> Iterator[tuple[Finding, str]]:
    """Yield every finding with a fingerprint that no other of them has.

    The next release's finding has the same, so that GitLab and SARIF readers can tell new from
    old. GitLab shows only one of two findings with one fingerprint, hence the count of those that
    differ in a version alone.
    """
    seen: Counter[str] = Counter()
    for finding in findings:
        words = (finding.code, finding.place.file, finding.message)
        facts = "\0".join(VERSION.sub("VERSION", word) for word in words)
        seen[facts] += 1
        counted = facts if seen[facts] == 1 else f"{facts}\0{seen[facts]}"
        yield finding, hashlib.sha256(counted.encode("utf-8", "surrogatepass")).hexdigest()


def _list_checks(outcome: Outcome) -> Iterator[tuple[Check | Question, list[Finding]]]:
    known: tuple[Check | Question, ...] = (*CHECKS, *QUESTIONS)
    for check in known:
        if check.code in outcome.codes:
            yield check, [found for found in outcome.findings if found.code == check.code]


def render_findings(outcome: Outcome) -> str:
    """Return what was checked and found, after `docs/findings.schema.json`."""
    record = outcome.record
    checks = []
    for check, found in _list_checks(outcome):
        is_waived = all(finding.is_waived for finding in found)
        result = ("waived" if is_waived else "found") if found else "passed"
        checks.append({"code": check.code, "title": check.title, "result": result})
    findings = [
        {
            "code": finding.code,
            "severity": finding.severity.value,
            "message": finding.message,
            "file": finding.place.file,
            "line": finding.place.line,
            "fix": finding.fix,
            "reason": finding.reason,
            "fingerprint": fingerprint,
        }
        for finding, fingerprint in find_fingerprints(outcome.findings)
    ]
    return render_json(
        {
            "schema_version": 1,
            "project": record.project if record else None,
            "version": record.version if record else None,
            "checks": checks,
            "findings": findings,
        }
    )


def render_junit(outcome: Outcome) -> str:
    """Return JUnit XML: errors are failures, what is waived is skipped, the rest passed.

    One case per check, so that GitLab and Jenkins show the ones that passed, too. Held to what
    Jenkins' xUnit plugin allows (its junit-10.xsd), the strictest reader there is.
    """
    suite = ElementTree.Element("testsuite", name="releasekit")
    kind = "releasekit.doctor" if outcome.command == "doctor" else "releasekit.check"
    for check, found in _list_checks(outcome):
        name = f"{check.code} {check.title}"
        case = ElementTree.SubElement(suite, "testcase", classname=kind, name=name)
        if found:
            worst = found[0]
            attributes, tag = {}, "system-out"
            if worst.severity is Severity.ERROR:
                attributes, tag = {"type": worst.code, "message": worst.message}, "failure"
            elif all(finding.is_waived for finding in found):
                attributes, tag = {"message": f"waived: {worst.reason}"}, "skipped"
            text = "\n".join(map(_describe, found))
            ElementTree.SubElement(case, tag, attributes).text = text
    counts = {"tests": "testcase", "failures": "testcase/failure", "skipped": "testcase/skipped"}
    for name, path in counts.items():
        suite.set(name, str(len(suite.findall(path))))
    suite.set("errors", "0")  # a check that could not be run stops the command, which says so
    ElementTree.indent(suite)
    text = NOT_XML.sub("\ufffd", ElementTree.tostring(suite, encoding="unicode"))
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _describe(finding: Finding) -> str:
    if finding.is_waived:
        return f"{finding.place}: waived: {finding.message}\nreason: {finding.reason}"
    reason = f"\nreason of the {finding.word}: {finding.reason}" if finding.reason else ""
    return f"{finding.place}: {finding.word}: {finding.message}\nfix: {finding.fix}{reason}"


def render_code_quality(outcome: Outcome) -> str:
    """Return the findings as GitLab Code Quality, which a merge request shows.

    The format knows no waiver: a waived finding is one for information, with its reason.
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
            "severity": GITLAB_SEVERITIES[finding.severity],
            "location": {
                "path": finding.place.file,
                "lines": {"begin": finding.place.line or 1},
            },
        }
        for finding, fingerprint in find_fingerprints(outcome.findings)
    ]
    return render_json(issues)


def render_sarif(outcome: Outcome) -> str:
    """Return SARIF 2.1.0 for code scanning and editors: the checks as rules, and the findings.

    A waived finding is a suppressed result (SARIF 2.1.0, 3.35) of the check's own level.
    """
    rules: list[dict[str, Any]] = []
    levels = {}
    for check, _ in _list_checks(outcome):
        rule: dict[str, Any] = {"id": check.code, "shortDescription": {"text": check.title}}
        if isinstance(check, Check):
            levels[check.code] = _level(check.severity)
            rule["fullDescription"] = {"text": check.why}
            rule["help"] = {"text": check.fix}
            rule["defaultConfiguration"] = {"level": levels[check.code]}
        rules.append(rule)
    results = []
    for finding, fingerprint in find_fingerprints(outcome.findings):
        uri = quote(finding.place.file, errors="replace")
        place: dict[str, Any] = {"artifactLocation": {"uri": uri}}
        if finding.place.line:
            place["region"] = {"startLine": finding.place.line}
        result = {
            "ruleId": finding.code,
            "level": _level(finding.severity),
            "message": {"text": f"{finding.message}; fix: {finding.fix}"},
            "locations": [{"physicalLocation": place}],
            "partialFingerprints": {"releasekit/v1": fingerprint},
        }
        if finding.is_waived:
            result["level"] = levels.get(finding.code, "none")
            waiver = {"kind": "external", "status": "accepted", "justification": finding.reason}
            result["suppressions"] = [waiver]
        results.append(result)
    driver = {"name": "releasekit", "rules": rules}
    runs = [{"tool": {"driver": driver}, "results": results}]
    return render_json({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": runs})


def _level(severity: Severity) -> str:
    return "none" if severity is Severity.OFF else severity.value


RENDERERS = {
    "findings.json": render_findings,
    "junit.xml": render_junit,
    "gl-code-quality-report.json": render_code_quality,
    "releasekit.sarif": render_sarif,
}
