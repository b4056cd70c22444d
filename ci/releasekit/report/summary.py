"""summary.md: the run as Markdown."""

from __future__ import annotations

from releasekit.errors import Status
from releasekit.model.plan import Action
from releasekit.outcome import Outcome


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
    fates = {f.dist.filename: f.action.value for f in (outcome.plan.files if outcome.plan else ())}
    uploaded = outcome.published.uploaded if outcome.published else ()
    if outcome.dry_run:
        words = {Action.UPLOAD.value: "not sent", Action.SKIP.value: "published already"}
        fates = {name: words.get(fate, fate) for name, fate in fates.items()}
    rows = [
        f"| {file.filename} | {file.size} | `{file.sha256}` | "
        f"{'uploaded' if file.filename in uploaded else fates.get(file.filename, '')} |"
        for file in outcome.record.files
    ]
    return ["", "| file | bytes | SHA-256 | |", "|---|---|---|---|", *rows]


def _summarize_findings(outcome: Outcome) -> list[str]:
    if outcome.result:
        return outcome.result.summarize()
    if not outcome.asked:
        return []
    if not outcome.findings:
        return ["", f"{len(outcome.asked)} checks, no findings."]
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
    # A tag would be taken for one: "<url>" is not shown, "<img>" is fetched.
    return _inline(text.replace("<", "&lt;").replace("|", "\\|"))
