"""Reports: an outcome as the texts that people and CI systems read."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from releasekit.core.checks import CHECKS, Finding, Severity
from releasekit.core.errors import Status
from releasekit.core.outcome import Outcome

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML document may hold (XML 1.0, 2.2), and what tools print in colours."""

FINDINGS_REPORTS = {"findings.json", "junit.xml", "gl-code-quality-report.json"}
CODE_QUALITY = {Severity.ERROR: "blocker", Severity.WARNING: "minor", Severity.NOTE: "info"}


def render_reports(outcome: Outcome) -> Mapping[str, str]:
    """Return the reports of a run: file name and text."""
    reports = {"outcome.json": render_outcome(outcome), "summary.md": render_summary(outcome)}
    if outcome.asked:
        reports |= {
            "findings.json": render_findings(outcome),
            "junit.xml": render_junit(outcome),
            "gl-code-quality-report.json": render_code_quality(outcome),
        }
    if outcome.record is not None:
        reports["release.env"] = render_dotenv(outcome)
    return reports


def render_outcome(outcome: Outcome) -> str:
    """Return the verdict, the files' fates and the times, as JSON."""
    record, plan = outcome.record, outcome.plan
    document: dict[str, Any] = {
        "schema_version": 1,
        "command": outcome.command,
        "status": outcome.status.word,
        "exit_status": int(outcome.status),
        "sandbox": outcome.sandbox,
        "stopped_in": outcome.step if outcome.error else None,
        "error": dict(outcome.error) or None,
        "project": record.project if record else None,
        "version": record.version if record else _tagged_version(outcome),
        "tag": record.tag if record else _tag_name(outcome),
        "commit": outcome.project.commit.sha if outcome.project else None,
        "repository": plan.url if plan else None,
        "installed_from": outcome.verified.url if outcome.verified else None,
        "files": [
            {"filename": file.dist.filename, "action": file.action.value, "why": file.why}
            for file in (plan.files if plan else ())
        ],
        "uploaded": list(outcome.published.uploaded) if outcome.published else [],
        "findings": {
            severity.value: sum(f.severity is severity for f in outcome.findings)
            for severity in CODE_QUALITY
        },
        "notes": list(outcome.notes),
        "seconds": {time.step: time.seconds for time in outcome.times},
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _tagged_version(outcome: Outcome) -> str | None:
    tag = outcome.project.released_as if outcome.project else None
    return str(tag.version) if tag else None


def _tag_name(outcome: Outcome) -> str | None:
    tag = outcome.project.released_as if outcome.project else None
    return tag.name if tag else None


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


def render_junit(outcome: Outcome) -> str:
    """Return JUnit XML: a case a check, the silent ones too; only errors are failures."""
    cases = [check for check in CHECKS if check.code in outcome.asked]
    by_code = {c.code: [f for f in outcome.findings if f.code == c.code] for c in cases}
    failed = [code for code, found in by_code.items() if _errors(found)]
    suite = ElementTree.Element(
        "testsuite", name="releasekit", tests=str(len(cases)), failures=str(len(failed))
    )
    for check in cases:
        name = f"{check.code} {check.title}"
        case = ElementTree.SubElement(suite, "testcase", classname="releasekit.check", name=name)
        found = by_code[check.code]
        text = "\n".join(f"{f.place}: {f.severity.value}: {f.message}\nfix: {f.fix}" for f in found)
        if errors := _errors(found):
            failure = ElementTree.SubElement(case, "failure", message=errors[0].message)
            failure.text = text
        elif found:
            ElementTree.SubElement(case, "system-out").text = text
    ElementTree.indent(suite)
    text = NOT_XML.sub("\ufffd", ElementTree.tostring(suite, encoding="unicode"))
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _errors(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity is Severity.ERROR]


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
    ]
    return json.dumps(issues, indent=2, ensure_ascii=False) + "\n"


def _fingerprint(finding: Finding) -> str:
    facts = (finding.code, finding.place.file, finding.message)
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()


def render_dotenv(outcome: Outcome) -> str:
    """Return what later CI jobs may want as variables (GitLab: artifacts:reports:dotenv)."""
    record = outcome.record
    if record is None:
        return ""
    variables = {
        "RELEASE_PROJECT": record.project,
        "RELEASE_VERSION": record.version,
        "RELEASE_TAG": record.tag or "",
        "RELEASE_COMMIT": record.commit,
        "RELEASE_STATUS": outcome.status.word,
    }
    return "".join(f"{name}={value}\n" for name, value in variables.items())


def render_summary(outcome: Outcome) -> str:
    """Return the run as Markdown, for a job page or a merge request."""
    record = outcome.record
    name = f"{record.project} {record.version}" if record else "release"
    lines = [f"# {name}: {_verdict(outcome)}", ""]
    if outcome.error:
        lines += [f"- **{question}**: {_inline(answer)}" for question, answer in outcome.error]
        lines.append("")
    lines += [f"- {note}" for note in outcome.notes]
    lines += _summarize_files(outcome) + _summarize_findings(outcome) + _summarize_times(outcome)
    return "\n".join(lines).rstrip() + "\n"


def _verdict(outcome: Outcome) -> str:
    if outcome.status is not Status.DONE:
        return f"{outcome.status.word} during {outcome.step}"
    if outcome.verified is None:
        return f"{outcome.command} done"
    where = "the sandbox" if outcome.sandbox else outcome.verified.url
    return f"released, and installed by hash from {where}"


def _summarize_files(outcome: Outcome) -> list[str]:
    if outcome.record is None:
        return []
    fates = {f.dist.filename: f.action.value for f in (outcome.plan.files if outcome.plan else ())}
    uploaded = outcome.published.uploaded if outcome.published else ()
    rows = [
        f"| {file.filename} | {file.size} | `{file.sha256}` | "
        f"{'uploaded' if file.filename in uploaded else fates.get(file.filename, '')} |"
        for file in outcome.record.files
    ]
    return ["", "| file | bytes | SHA-256 | |", "|---|---|---|---|", *rows]


def _summarize_findings(outcome: Outcome) -> list[str]:
    if not outcome.asked:
        return []
    if not outcome.findings:
        return ["", f"{len(outcome.asked)} checks, no findings."]
    rows = [
        f"| {f.severity.value} | {f.code} | {_cell(str(f.place))} | {_cell(f.message)} | "
        f"{_cell(f.fix)} |"
        for f in outcome.findings
    ]
    return ["", "| severity | code | place | finding | fix |", "|---|---|---|---|---|", *rows]


def _summarize_times(outcome: Outcome) -> list[str]:
    times = ", ".join(f"{time.step} {time.seconds:.1f} s" for time in outcome.times)
    return ["", f"Times: {times}."] if times else []


def _inline(text: str) -> str:
    return "<br>".join(text.splitlines())


def _cell(text: str) -> str:
    return _inline(text.replace("|", "\\|"))
