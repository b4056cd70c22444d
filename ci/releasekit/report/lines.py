"""Lines: what a finished step has to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from releasekit.checks.model import Finding, Severity
from releasekit.events import (
    Built,
    CacheRenewed,
    Checked,
    Diagnosed,
    Event,
    Gathered,
    Planned,
    ProjectRead,
    Published,
    Searched,
    ServerChanged,
    ServerPlanned,
    ServerSettled,
    SettingsPlanned,
    SettingsWritten,
    Verified,
)
from releasekit.model.plan import Action, Plan
from releasekit.model.project import Project

if TYPE_CHECKING:
    from releasekit.consumer.search import SearchResult
    from releasekit.consumer.settings import SettingsPlan
    from releasekit.doctor import Diagnosis
    from releasekit.nexus import Change, ServerPlan


def describe(event: Event) -> str:
    """Return what a finished step has to say, in one line."""
    match event:
        case ProjectRead():
            return _describe_project(event.project)
        case Built():
            files = (f"{file.filename} ({_size(file.size)})" for file in event.record.files)
            return ", ".join(files)
        case Gathered():
            count = len(event.record.builds)
            return f"{len(event.record.files)} files of {count} builds are one release"
        case Checked():
            return f"{len(event.asked)} checks: {_describe_findings(event.findings)}"
        case Planned():
            return _describe_plan(event.plan)
        case Published(uploaded=()):
            return f"nothing to upload: {event.url} has it all"
        case Published():
            return f"{len(event.uploaded)} uploaded to {event.url}"
        case Verified(installed=False):
            return f"{event.requirement} downloaded by hash from {event.url}, not installed here"
        case Verified():
            return f"{event.requirement} installed by hash from {event.url}"
        case Diagnosed():
            return _describe_diagnosis(event.diagnosis)
        case Searched():
            return _describe_search(event.result)
        case SettingsPlanned():
            return _describe_settings(event.plan)
        case SettingsWritten():
            return _describe_written(event.plan)
        case ServerPlanned():
            return _describe_server_plan(event.plan)
        case ServerChanged():
            return _describe_change(event.change)
        case CacheRenewed():
            return f"renewed the pages of {event.group}"
        case ServerSettled():
            return f"nothing is left to do, {event.plan.settled} as wanted on {event.plan.url}"
    return ""


def _describe_diagnosis(diagnosis: Diagnosis) -> str:
    """Return how many rows are in which state, the worst first."""
    from releasekit.doctor import State

    order = (State.FAILED, State.WARNING, State.UNKNOWN, State.OK)
    counts = ((state.value, len(diagnosis.having(state))) for state in order)
    return f"{diagnosis.url}: " + ", ".join(f"{count} {word}" for word, count in counts if count)


def _describe_server_plan(plan: ServerPlan) -> str:
    from releasekit.nexus.render import describe_plan

    return describe_plan(plan)


def _describe_change(change: Change) -> str:
    from releasekit.nexus.render import describe_change

    return describe_change(change)


def _describe_project(project: Project) -> str:
    commit = project.commit
    if tag := project.released_as:
        return f"{tag.version} from tag {tag.name} on commit {commit.short}"
    untagged = f"commit {commit.short} has no release tag"
    changed = f"{len(commit.changed)} file(s) differ from commit {commit.short}"
    shallow = ", and the clone is shallow" if commit.shallow else ""
    why = changed if project.dirty else untagged + shallow
    return f"{why}: the build backend names the version"


def _describe_findings(findings: tuple[Finding, ...]) -> str:
    counts = ((each, sum(finding.severity is each for finding in findings)) for each in Severity)
    words = (
        f"{count} waived" if severity is Severity.OFF else f"{count} {severity.value}(s)"
        for severity, count in counts
        if count
    )
    return ", ".join(words) or "no findings"


def _describe_plan(plan: Plan) -> str:
    counts = {action: len(plan.having(action)) for action in Action}
    text = f"{counts[Action.UPLOAD]} to upload, {counts[Action.SKIP]} already published"
    conflicts = counts[Action.CONFLICT]
    return f"{text}, {conflicts} in conflict" if conflicts else text


def _describe_search(result: SearchResult) -> str:
    count = len({hit.name for hit in result.hits})
    return f"{count} project(s) for {result.query.text}"


def _describe_settings(plan: SettingsPlan) -> str:
    if not plan.changed:
        return f"nothing to change: pip and uv are set up ({plan.place})"
    return f"{plan.count} setting(s) to write ({plan.place})"


def _describe_written(plan: SettingsPlan) -> str:
    if not plan.changed:
        return "nothing was left to write"
    kept = [str(file.backup) for file in plan.changed if file.backup]
    backups = f"; what was there is kept as {', '.join(kept)}" if kept else ""
    return f"{', '.join(file.path.name for file in plan.changed)}{backups}"


def _size(size: int) -> str:
    return f"{size} B" if size < 1000 else f"{size / 1000:.1f} kB"
