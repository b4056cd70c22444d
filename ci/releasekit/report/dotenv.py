"""release.env: what later CI jobs may want as variables."""

from __future__ import annotations

from releasekit.errors import Status
from releasekit.outcome import Outcome


def render_dotenv(outcome: Outcome) -> str:
    """Return what later CI jobs may want as variables (GitLab: artifacts:reports:dotenv).

    A dry run is never "done": a job that announces what is done must not announce it.
    """
    record = outcome.record
    if record is None:
        return ""
    rehearsed = outcome.dry_run and outcome.status is Status.DONE
    variables = {
        "RELEASE_PROJECT": record.project,
        "RELEASE_VERSION": record.version,
        "RELEASE_TAG": record.tag or "",
        "RELEASE_COMMIT": record.commit,
        "RELEASE_STATUS": "dry-run" if rehearsed else outcome.status.word,
        "RELEASE_COMMAND": outcome.command,
        "RELEASE_SANDBOX": "true" if outcome.sandbox else "false",
    }
    return "".join(f"{name}={value}\n" for name, value in variables.items())
