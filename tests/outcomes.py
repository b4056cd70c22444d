"""Outcomes of runs that the tests of the reports share."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from releasekit.checks.catalog import CODES
from releasekit.checks.declared import Place
from releasekit.checks.model import Finding, Severity
from releasekit.errors import Status
from releasekit.model.project import Commit, Project
from releasekit.model.published import Action, Plan, PlannedFile
from releasekit.model.record import BuildFacts, Record, RecordedFile
from releasekit.outcome import Outcome, Published, StepTime, Verified
from samples import SDIST, WHEEL, make_dist

SCHEMA = json.loads(
    (Path(__file__).parents[1] / "docs" / "findings.schema.json").read_text(encoding="utf-8")
)
"""Of findings.json."""
HOSTED = "https://nexus.example.com/repository/pypi-hosted/"
GROUP = "https://nexus.example.com/repository/pypi-group/"
COMMIT = Commit(root=Path("/p"), sha="c" * 40, time=0, tags=("v1.0",), changed=(), shallow=False)
RECORD = Record(
    project="demo",
    version="1.0",
    tag="v1.0",
    commit="c" * 40,
    dirty=False,
    files=(
        RecordedFile(filename=SDIST, size=5, sha256="a" * 64),
        RecordedFile(filename=WHEEL, size=6, sha256="b" * 64),
    ),
    builds=(BuildFacts(files=(SDIST, WHEEL), made_from="a" * 64, requirements=(), tools={}),),
)
NO_URL = Finding(
    code="RK101",
    severity=Severity.ERROR,
    message="no <url>",
    place=Place(file="pyproject.toml", line=5),
    fix="add [project.urls] Homepage",
)
MISSING = Finding(
    code="RK201",
    severity=Severity.WARNING,
    message="a|b\nis missing",
    place=Place(file=SDIST),
    fix="include it, …",
)
WAIVED = Finding(
    code="RK104",
    severity=Severity.OFF,
    message="the description of demo 1.0 does not render",
    place=Place(file=f"{WHEEL}/demo-1.0.dist-info/METADATA"),
    fix="fix the markup",
    reason="nobody reads it",
)
START = Outcome(command="release", sandbox=False)
RELEASED = Outcome(
    command="release",
    sandbox=False,
    project=Project(root=Path("/p"), commit=COMMIT, tag=None),
    record=RECORD,
    codes=CODES,
    plan=Plan(
        url=HOSTED,
        files=(
            PlannedFile(dist=make_dist(SDIST), action=Action.SKIP, why="same bytes"),
            PlannedFile(dist=make_dist(WHEEL), action=Action.UPLOAD, why="not published yet"),
        ),
    ),
    published=Published(url=HOSTED, uploaded=(WHEEL,)),
    verified=Verified(url=GROUP, requirement="demo==1.0"),
    notes=("dist/ also holds x",),
    times=(StepTime(step="version", seconds=0.004), StepTime(step="build", seconds=1.25)),
    step="verify",
)
REFUSED = replace(
    START,
    record=RECORD,
    codes=("RK101", "RK104", "RK201", "RK301"),
    findings=(NO_URL, MISSING, WAIVED),
    step="check",
    status=Status.REFUSED,
    error=(
        *(("code", "E121"), ("what", "1 finding"), ("where", "/p")),
        *(("why", "see\nabove"), ("next", "fix")),
    ),
)
