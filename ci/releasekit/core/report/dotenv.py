"""release.env: what later CI jobs may want as variables."""

from __future__ import annotations

from releasekit.core.errors import Status
from releasekit.core.outcome import Outcome


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
        "RELEASE_STATUS": _describe_status(outcome),
    }
    return "".join(f"{name}={value}\n" for name, value in variables.items())


def _describe_status(outcome: Outcome) -> str:
    """Return the status; a dry run that ended well is not "done", for later jobs test for that."""
    is_rehearsed = outcome.dry_run and outcome.status is Status.DONE
    return "dry-run" if is_rehearsed else outcome.status.word
