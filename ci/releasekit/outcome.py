"""The outcome of a run: what its events add up to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from releasekit.errors import Status
from releasekit.events import (
    Began,
    Built,
    Checked,
    Diagnosed,
    Event,
    Gathered,
    Note,
    Planned,
    ProjectRead,
    Published,
    RecordRead,
    Searched,
    ServerPlanned,
    ServerSettled,
    SettingsPlanned,
    SettingsWritten,
    TargetChosen,
    Verified,
)

if TYPE_CHECKING:
    from releasekit.checks.model import Finding
    from releasekit.consumer.search import SearchResult
    from releasekit.consumer.settings import SettingsPlan
    from releasekit.doctor import Diagnosis
    from releasekit.model.plan import Plan
    from releasekit.model.project import Project
    from releasekit.model.record import Record
    from releasekit.nexus import ServerPlan

STEPS = {
    ProjectRead: "version",
    Built: "build",
    Gathered: "gather",
    Checked: "check",
    Planned: "plan",
    Published: "publish",
    Verified: "verify",
    Diagnosed: "doctor",
    Searched: "search",
    SettingsPlanned: "plan",
    SettingsWritten: "write",
    ServerPlanned: "plan",
    ServerSettled: "apply",
}
"""The step that each of these events ends."""
START = "start"
"""What comes before the first step: settings, credentials, certificates, imports."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StepTime:
    """How long a step took, in seconds."""

    step: str
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """All that is known of a run; what a step would have told is None until it ended."""

    command: str
    sandbox: bool
    dry_run: bool = False
    """True where --dry-run kept the command from sending anything."""
    project: Project | None = None
    record: Record | None = None
    asked: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    plan: Plan | None = None
    published: Published | None = None
    verified: Verified | None = None
    diagnosis: Diagnosis | None = None
    search: SearchResult | None = None
    settings: SettingsPlan | None = None
    server: ServerPlan | None = None
    notes: tuple[str, ...] = ()
    times: tuple[StepTime, ...] = ()
    step: str = START
    """The step that is under way, or that was when the run stopped."""
    began: float = 0.0
    """When that was, by a clock in seconds; at first when the run did."""
    status: Status = Status.DONE
    error: tuple[tuple[str, str], ...] = ()
    """The answers of the error that stopped the run: what, where, why, next."""


def fold_event(outcome: Outcome, event: Event, at: float) -> Outcome:
    """Return the outcome with one event more; `at` is a clock's reading in seconds."""
    if isinstance(event, Began):
        if outcome.step == START:
            outcome = _add_time(outcome, START, at)
        return replace(outcome, step=event.step, began=at)
    if type(event) in STEPS:
        outcome = _add_time(outcome, STEPS[type(event)], at)
    match event:
        case TargetChosen():
            return replace(outcome, sandbox=event.sandbox)
        case ProjectRead():
            return replace(outcome, project=event.project)
        case Built() | Gathered() | RecordRead():
            return replace(outcome, record=event.record)
        case Checked():
            return replace(outcome, asked=event.asked, findings=event.findings)
        case Diagnosed():
            codes = tuple(row.question.code for row in event.diagnosis.rows)
            return replace(outcome, asked=codes, findings=event.findings, diagnosis=event.diagnosis)
        case Planned():
            return replace(outcome, plan=event.plan)
        case Published():
            return replace(outcome, published=event)
        case Verified():
            return replace(outcome, verified=event)
        case Searched():
            return replace(outcome, search=event.result)
        case SettingsPlanned() | SettingsWritten():
            return replace(outcome, settings=event.plan)
        case ServerPlanned():
            return replace(outcome, server=event.plan)
        case Note():
            return replace(outcome, notes=(*outcome.notes, event.text))
    return outcome


def _add_time(outcome: Outcome, step: str, at: float) -> Outcome:
    done = StepTime(step=step, seconds=round(at - outcome.began, 3))
    return replace(outcome, times=(*outcome.times, done))


def describe_times(outcome: Outcome) -> str:
    """Return where the time went, step by step."""
    return ", ".join(f"{time.step} {time.seconds:.2f} s" for time in outcome.times)
