from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from releasekit.checks.declared import Place
from releasekit.checks.model import Finding, Severity
from releasekit.model.project import Commit, Project
from releasekit.model.published import Plan
from releasekit.model.record import BuildFacts, Record, RecordedFile
from releasekit.outcome import (
    Built,
    Checked,
    Outcome,
    Planned,
    ProjectRead,
    Published,
    RecordRead,
    StepTime,
    Verified,
)
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


def test_results_of_a_release_add_up() -> None:
    outcome = START.begin("version", 2.0).finish(ProjectRead(project=PROJECT), 2.1)
    outcome = outcome.begin("build", 10.1).finish(Built(record=RECORD), 12.1)
    checked = Checked(findings=(FINDING,), codes=("RK101",))
    outcome = outcome.begin("check", 12.1).finish(checked, 12.35)
    outcome = outcome.begin("plan", 13.0).finish(Planned(plan=PLAN), 13.5)
    outcome = outcome.begin("publish", 14.0).finish(PUBLISHED, 15.0)
    outcome = outcome.begin("verify", 15.0).finish(VERIFIED, 17.12345)
    assert outcome == Outcome(
        command="release",
        sandbox=False,
        project=PROJECT,
        record=RECORD,
        codes=("RK101",),
        findings=(FINDING,),
        plan=PLAN,
        published=PUBLISHED,
        verified=VERIFIED,
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
    outcome = START.begin("version", 1.0).finish(ProjectRead(project=PROJECT), 1.5)
    assert outcome.finish(RecordRead(record=RECORD), 2.0).begin("check", 2.0) == replace(
        START,
        project=PROJECT,
        record=RECORD,
        times=(StepTime(step="start", seconds=0.5), StepTime(step="version", seconds=0.5)),
        step="check",
        began=2.0,
    )


def test_record_that_is_read_is_replaced_by_one_that_is_built() -> None:
    built = RECORD.model_copy(update={"dirty": True})
    outcome = START.finish(RecordRead(record=RECORD), 1.0).finish(Built(record=built), 2.0)
    assert outcome.record == built


def test_step_that_did_not_end_has_no_time() -> None:
    outcome = START.begin("version", 1.0).begin("build", 2.0)
    assert [time.step for time in outcome.times] == ["start"]
    assert outcome.step == "build"
