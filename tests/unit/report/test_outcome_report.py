from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from outcomes import COMMIT, GROUP, HOSTED, REFUSED, RELEASED, START
from releasekit.errors import ReleasekitError, Status
from releasekit.errors.failed import INTERRUPTED
from releasekit.model.project import Project, ReleaseTag
from releasekit.outcome import Outcome
from releasekit.report import render_outcome
from samples import SDIST, WHEEL


def test_outcome_of_a_release() -> None:
    assert json.loads(render_outcome(RELEASED)) == {
        "schema_version": 1,
        "command": "release",
        "status": "done",
        "exit_status": 0,
        "sandbox": False,
        "dry_run": False,
        "stopped_in": None,
        "error": None,
        "project": "demo",
        "version": "1.0",
        "tag": "v1.0",
        "commit": "c" * 40,
        "repository": HOSTED,
        "installed_from": GROUP,
        "files": [
            {"filename": SDIST, "action": "skip", "why": "same bytes"},
            {"filename": WHEEL, "action": "upload", "why": "not published yet"},
        ],
        "uploaded": [WHEEL],
        "findings": {"error": 0, "warning": 0, "note": 0, "waived": 0},
        "notes": ["dist/ also holds x"],
        "requests": {"sent": 0, "failed": 0},
        "seconds": {"version": 0.004, "build": 1.25},
    }


NOTHING: dict[str, Any] = {
    "schema_version": 1,
    "command": "release",
    "status": "interrupted",
    "exit_status": 130,
    "sandbox": False,
    "dry_run": False,
    "stopped_in": "start",
    "error": {
        "code": "E901",
        "what": "interrupted",
        "where": "during start",
        "why": "a signal asked for it; programs that were started are stopped",
        "next": "run the same command again: what is already published is skipped",
    },
    "project": None,
    "version": None,
    "tag": None,
    "commit": None,
    "repository": None,
    "installed_from": None,
    "files": [],
    "uploaded": [],
    "findings": {"error": 0, "warning": 0, "note": 0, "waived": 0},
    "notes": [],
    "requests": {"sent": 0, "failed": 0},
    "seconds": {},
}


def test_outcome_of_a_run_that_did_nothing_has_the_same_keys() -> None:
    error = ReleasekitError(INTERRUPTED, step="start")
    answers = (("code", error.entry.code), *error.answers().items())
    stopped = replace(START, status=Status.INTERRUPTED, error=answers)
    assert json.loads(render_outcome(stopped)) == NOTHING
    assert list(NOTHING) == list(json.loads(render_outcome(RELEASED)))


TAG = ReleaseTag(name="release/1.0", version=Version("1.0"))


@pytest.mark.parametrize(
    ("outcome", "names"),
    [
        pytest.param(
            replace(START, project=Project(root=Path("/p"), commit=COMMIT, tag=TAG)),
            (None, "1.0", "release/1.0"),
            id="the tag's where nothing was built",
        ),
        pytest.param(
            replace(RELEASED, project=Project(root=Path("/p"), commit=COMMIT, tag=TAG)),
            ("demo", "1.0", "v1.0"),
            id="the record's where there is one",
        ),
        pytest.param(
            replace(
                START,
                project=Project(root=Path("/p"), commit=replace(COMMIT, changed=("a",)), tag=TAG),
            ),
            (None, None, None),
            id="none: no tag names a changed tree",
        ),
        pytest.param(
            replace(START, project=Project(root=Path("/p"), commit=COMMIT, tag=None)),
            (None, None, None),
            id="none: no tag",
        ),
    ],
)
def test_outcome_names_what_was_to_be_released(
    outcome: Outcome, names: tuple[str | None, ...]
) -> None:
    document = json.loads(render_outcome(outcome))
    assert (document["project"], document["version"], document["tag"]) == names
    assert document["commit"] == COMMIT.sha


def test_outcome_counts_the_findings() -> None:
    document = json.loads(render_outcome(REFUSED))
    assert document["findings"] == {"error": 1, "warning": 1, "note": 0, "waived": 1}
    assert (document["status"], document["stopped_in"]) == ("refused", "check")
