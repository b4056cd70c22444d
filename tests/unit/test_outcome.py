from __future__ import annotations

from dataclasses import replace
from functools import reduce
from pathlib import Path

from releasekit.checks.declared import Place
from releasekit.checks.model import Finding, Severity
from releasekit.events import (
    Began,
    Built,
    Checked,
    Event,
    Note,
    Output,
    Planned,
    ProjectRead,
    Published,
    RecordRead,
    Sent,
    TargetChosen,
    Verified,
    Working,
)
from releasekit.model.plan import Plan
from releasekit.model.project import Commit, Project
from releasekit.model.record import BuildFacts, Record, RecordedFile
from releasekit.outcome import Outcome, StepTime, fold_event
from samples import SDIST, WHEEL

COMMIT = Commit(root=Path("/p"), sha="ab", time=0, tags=(), changed=(), shallow=False)
PROJECT = Project(root=Path("/p"), commit=COMMIT, tag=None)
RECORD = Record(
    project="demo",
    version="1.0",
    tag=None,
    commit="ab",
    dirty=False,
    files=(
        RecordedFile(filename=SDIST, size=5, sha256="a" * 64),
        RecordedFile(filename=WHEEL, size=6, sha256="b" * 64),
    ),
    builds=(BuildFacts(files=(SDIST, WHEEL), made_from="a" * 64, requirements=(), tools={}),),
)
FINDING = Finding(
    code="RK101", severity=Severity.ERROR, message="m", place=Place(file="f"), fix="fix"
)
PLAN = Plan(url="u", files=())
PUBLISHED = Published(url="u", uploaded=("a.whl",))
VERIFIED = Verified(url="u", requirement="demo==1")
START = Outcome(command="release", sandbox=False, began=0.5)


def fold(*events: tuple[float, Event]) -> Outcome:
    return reduce(lambda outcome, event: fold_event(outcome, event[1], event[0]), events, START)


def test_events_of_a_release_add_up() -> None:
    outcome = fold(
        (1.0, TargetChosen(url="u", sandbox=True)),
        (2.0, Began(step="version")),
        (2.1, ProjectRead(project=PROJECT)),
        (10.1, Began(step="build")),
        (10.2, Output(line="building")),
        (11.1, Note(text="first")),
        (12.1, Built(record=RECORD)),
        (12.1, Began(step="check")),
        (12.35, Checked(findings=(FINDING,), asked=("RK101",))),
        (13.0, Began(step="plan")),
        (13.5, Planned(plan=PLAN)),
        (14.0, Began(step="publish")),
        (14.1, Sent(filename="a.whl", sent=1, size=2)),
        (15.0, PUBLISHED),
        (15.0, Began(step="verify")),
        (15.5, Working(text="waiting")),
        (16.0, Note(text="second")),
        (17.12345, VERIFIED),
    )
    assert outcome == Outcome(
        command="release",
        sandbox=True,
        project=PROJECT,
        record=RECORD,
        asked=("RK101",),
        findings=(FINDING,),
        plan=PLAN,
        published=PUBLISHED,
        verified=VERIFIED,
        notes=("first", "second"),
        times=(
            StepTime(step="start", seconds=1.5),
            StepTime(step="version", seconds=0.1),
            StepTime(step="build", seconds=2.0),
            StepTime(step="check", seconds=0.25),
            StepTime(step="plan", seconds=0.5),
            StepTime(step="publish", seconds=1.0),
            StepTime(step="verify", seconds=2.123),
        ),
        step="verify",
        began=15.0,
    )


def test_record_of_an_earlier_build_is_known_too_and_is_no_step() -> None:
    outcome = fold(
        (1.0, Began(step="version")),
        (1.5, ProjectRead(project=PROJECT)),
        (2.0, RecordRead(record=RECORD)),
        (2.0, Began(step="check")),
    )
    assert outcome == replace(
        START,
        project=PROJECT,
        record=RECORD,
        times=(StepTime(step="start", seconds=0.5), StepTime(step="version", seconds=0.5)),
        step="check",
        began=2.0,
    )


def test_record_that_is_read_gives_way_to_one_that_is_built() -> None:
    built = RECORD.model_copy(update={"dirty": True})
    outcome = fold((1.0, RecordRead(record=RECORD)), (2.0, Built(record=built)))
    assert outcome.record == built


def test_step_that_did_not_end_has_no_time() -> None:
    outcome = fold((1.0, Began(step="version")), (2.0, Began(step="build")))
    assert [time.step for time in outcome.times] == ["start"]
    assert outcome.step == "build"
