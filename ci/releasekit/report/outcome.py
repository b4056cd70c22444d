"""outcome.json: the verdict, the files' fates and the times; and release.env for later jobs."""

from __future__ import annotations

import json
from typing import Any

from releasekit.checks.model import Severity
from releasekit.errors import Status
from releasekit.outcome import Outcome


def render_outcome(outcome: Outcome) -> str:
    """Return the verdict, the files' fates and the times, as JSON."""
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
        "seconds": {time.step: time.seconds for time in outcome.times},
    }
    if outcome.result:
        document |= outcome.result.document()
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


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
        "RELEASEKIT_RELEASE_PROJECT": record.project,
        "RELEASEKIT_RELEASE_VERSION": record.version,
        "RELEASEKIT_RELEASE_TAG": record.tag or "",
        "RELEASEKIT_RELEASE_COMMIT": record.commit,
        "RELEASEKIT_RELEASE_STATUS": "dry-run" if rehearsed else outcome.status.word,
        "RELEASEKIT_RELEASE_COMMAND": outcome.command,
        "RELEASEKIT_RELEASE_SANDBOX": "true" if outcome.sandbox else "false",
    }
    return "".join(f"{name}={value}\n" for name, value in variables.items())
