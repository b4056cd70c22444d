"""Reports: an outcome as the texts that people and CI systems read.

Every run has outcome.json and summary.md, one with a record also release.env for later jobs. The
reports of findings are in `findings`.
"""

import json
from collections.abc import Mapping
from typing import Any

from releasekit.checks.model import Severity
from releasekit.errors import Status
from releasekit.model.published import Action
from releasekit.outcome import Outcome
from releasekit.redact import escape_json, printable

FINDINGS_REPORTS = ("findings.json", "junit.xml", "gl-code-quality-report.json", "releasekit.sarif")
"""Written where checks were run; `findings.RENDERERS` has a function for each."""


def render_reports(outcome: Outcome) -> Mapping[str, str]:
    """Return the reports of a run: file name and text, which can be written as UTF-8.

    A dist may hold names that are no text; Python keeps their bytes as lone surrogates.
    """
    reports = {"outcome.json": render_outcome(outcome), "summary.md": render_summary(outcome)}
    if outcome.codes:
        # This knows every check; a run that was refused before the checks need not load them.
        from releasekit.report import findings

        reports |= {name: findings.RENDERERS[name](outcome) for name in FINDINGS_REPORTS}
    if outcome.record is not None:
        reports["release.env"] = render_dotenv(outcome)
    for name, text in reports.items():
        safe = text.encode("utf-8", "replace").decode()
        is_json = name.endswith((".json", ".sarif"))
        reports[name] = escape_json(safe) if is_json else printable(safe)
    return reports


def render_json(document: object) -> str:
    """Return a document as the text of a JSON report."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def render_outcome(outcome: Outcome) -> str:
    """Return the verdict, what became of the files, and the times, as JSON."""
    record, plan, proof = outcome.record, outcome.plan, outcome.verified
    tag = outcome.project.released_as if outcome.project else None
    new = outcome.project.development if outcome.project else None
    named = tag.version if tag else new.version if new else None
    document: dict[str, Any] = {
        "schema_version": 1,
        "command": outcome.command,
        "status": outcome.status.word,
        "exit_status": int(outcome.status),
        "sandbox": outcome.sandbox,
        "dry_run": outcome.dry_run,
        "stopped_in": outcome.step if outcome.error else None,
        "error": dict(outcome.error) or None,
        "project": record.project if record else None,
        "version": record.version if record else str(named) if named else None,
        "tag": record.tag if record else tag.name if tag else None,
        "commit": outcome.project.commit.sha if outcome.project else None,
        "repository": plan.url if plan else None,
        "installed_from": proof.url if proof and proof.installed else None,
        "files": [
            {"filename": file.dist.filename, "action": file.action.value, "why": file.why}
            for file in (plan.files if plan else ())
        ],
        "uploaded": list(outcome.published.uploaded) if outcome.published else [],
        "findings": {
            ("waived" if severity is Severity.OFF else severity.value): sum(
                finding.severity is severity for finding in outcome.findings
            )
            for severity in Severity
        },
        "notes": list(outcome.notes),
        "requests": {"sent": outcome.requests, "failed": outcome.failed_requests},
        "seconds": dict(outcome.times),
    }
    if outcome.result:
        document |= outcome.result.document()
    return render_json(document)


def render_dotenv(outcome: Outcome) -> str:
    """Return what later CI jobs may want as variables (GitLab: artifacts:reports:dotenv).

    A dry run is never "done": a job that announces what is done must not announce it. The prefix
    keeps them apart from variables of the project, as its own RELEASE_VERSION.
    """
    record = outcome.record
    if record is None:
        return ""
    rehearsed = outcome.dry_run and outcome.status is Status.DONE
    variables = {
        "PROJECT": record.project,
        "VERSION": record.version,
        "TAG": record.tag or "",
        "COMMIT": record.commit,
        "STATUS": "dry-run" if rehearsed else outcome.status.word,
        "COMMAND": outcome.command,
        "SANDBOX": "true" if outcome.sandbox else "false",
    }
    return "".join(f"RELEASEKIT_RELEASE_{name}={value}\n" for name, value in variables.items())


def render_summary(outcome: Outcome) -> str:
    """Return the run as Markdown, for a job page or a merge request."""
    record = outcome.record
    name = f"{record.project} {record.version}" if record else "release"
    lines = [f"# {name}: {_verdict(outcome)}", ""]
    if outcome.error:
        lines += [f"- **{question}**: {_inline(answer)}" for question, answer in outcome.error]
        lines.append("")
    lines += [f"- {note}" for note in outcome.notes]
    lines += _summarize_files(outcome) + _summarize_findings(outcome)
    if times := outcome.describe_times():
        lines += ["", f"Times: {times}."]
    return "\n".join(lines).rstrip() + "\n"


def _verdict(outcome: Outcome) -> str:
    if outcome.status is not Status.DONE:
        dry = f"dry run of {outcome.command}, " if outcome.dry_run else ""
        return f"{dry}{outcome.status.word} during {outcome.step}"
    if outcome.dry_run:
        return f"dry run of {outcome.command}, nothing was sent"
    sandbox = "a sandbox on this machine (nothing left it)"
    if outcome.verified is None:
        into = f", into {sandbox}" if outcome.sandbox and outcome.published else ""
        return f"{outcome.command} done{into}"
    where = sandbox if outcome.sandbox else outcome.verified.url
    if not outcome.verified.installed:
        return f"released, and downloaded by hash from {where}; it was not installed here"
    return f"released, and installed by hash from {where}"


def _summarize_files(outcome: Outcome) -> list[str]:
    if outcome.record is None:
        return []
    words = {action: action.value for action in Action}
    if outcome.dry_run:
        words |= {Action.UPLOAD: "not sent", Action.SKIP: "published already"}
    fates = {
        file.dist.filename: words[file.action]
        for file in (outcome.plan.files if outcome.plan else ())
    }
    if outcome.published:
        fates |= dict.fromkeys(outcome.published.uploaded, "uploaded")
    rows = [
        f"| {file.filename} | {file.size} | `{file.sha256}` | {fates.get(file.filename, '')} |"
        for file in outcome.record.files
    ]
    return ["", "| file | bytes | SHA-256 | |", "|---|---|---|---|", *rows]


def _summarize_findings(outcome: Outcome) -> list[str]:
    if outcome.result:
        return outcome.result.summarize()
    if not outcome.codes:
        return []
    if not outcome.findings:
        return ["", f"{len(outcome.codes)} checks, no findings."]
    rows = [
        f"| {f.word} | {f.code} | {_cell(str(f.place))} | {_cell(f.message)} | "
        f"{_cell(f.reason or '' if f.is_waived else f.fix)} |"
        for f in outcome.findings
    ]
    head = "| severity | code | place | finding | fix, or why it is waived |"
    return ["", head, "|---|---|---|---|---|", *rows]


def _inline(text: str) -> str:
    return "<br>".join(text.splitlines())


def _cell(text: str) -> str:
    # "<url>" would be a tag, which is not shown, and "<img>" one that is fetched.
    return _inline(text.replace("<", "&lt;").replace("|", "\\|"))
