from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from releasekit.core.checks import CODES, Finding, Place, Severity
from releasekit.core.errors import Interrupted, Status
from releasekit.core.events import Published, Verified
from releasekit.core.outcome import Outcome, StepTime
from releasekit.core.plan import Action, Plan, PlannedFile
from releasekit.core.project import Commit, Project
from releasekit.core.record import Record, RecordedFile
from releasekit.core.report import (
    render_code_quality,
    render_dotenv,
    render_findings,
    render_junit,
    render_outcome,
    render_reports,
    render_summary,
)
from releasekit.core.version import ReleaseTag
from samples import SDIST, WHEEL, make_dist

HOSTED = "https://nexus.example.com/repository/pypi-hosted/"
GROUP = "https://nexus.example.com/repository/pypi-group/"
COMMIT = Commit(root=Path("/p"), sha="c" * 40, time=0, tags=("v1.0",), changed=(), shallow=False)
RECORD = Record(
    project="demo",
    version="1.0",
    tag="v1.0",
    commit="c" * 40,
    dirty=False,
    requirements=("setuptools==80.9.0",),
    tools={"python": "3.12.1"},
    files=(
        RecordedFile(filename=SDIST, size=5, sha256="a" * 64),
        RecordedFile(filename=WHEEL, size=6, sha256="b" * 64),
    ),
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
START = Outcome(command="release", sandbox=False)
RELEASED = Outcome(
    command="release",
    sandbox=False,
    project=Project(root=Path("/p"), commit=COMMIT, tag=None),
    record=RECORD,
    asked=CODES,
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
    asked=("RK101", "RK201", "RK301"),
    findings=(NO_URL, MISSING),
    step="check",
    status=Status.REFUSED,
    error=(("what", "1 finding(s)"), ("where", "/p"), ("why", "see\nabove"), ("next", "mend")),
)


def test_outcome_of_a_release() -> None:
    assert json.loads(render_outcome(RELEASED)) == {
        "schema_version": 1,
        "command": "release",
        "status": "done",
        "exit_status": 0,
        "sandbox": False,
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
        "findings": {"error": 0, "warning": 0, "note": 0},
        "notes": ["dist/ also holds x"],
        "seconds": {"version": 0.004, "build": 1.25},
    }


NOTHING: dict[str, Any] = {
    "schema_version": 1,
    "command": "release",
    "status": "interrupted",
    "exit_status": 130,
    "sandbox": False,
    "stopped_in": "start",
    "error": {
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
    "findings": {"error": 0, "warning": 0, "note": 0},
    "notes": [],
    "seconds": {},
}


def test_outcome_of_a_run_that_did_nothing_has_the_same_keys() -> None:
    answers = tuple(Interrupted(step="start").answers().items())
    stopped = replace(START, status=Status.INTERRUPTED, error=answers)
    assert json.loads(render_outcome(stopped)) == NOTHING
    assert list(NOTHING) == list(json.loads(render_outcome(RELEASED)))


TAG = ReleaseTag(name="release/1.0", version=Version("1.0"))


@pytest.mark.parametrize(
    ("outcome", "told"),
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
    outcome: Outcome, told: tuple[str | None, ...]
) -> None:
    document = json.loads(render_outcome(outcome))
    assert (document["project"], document["version"], document["tag"]) == told
    assert document["commit"] == COMMIT.sha


def test_outcome_counts_the_findings() -> None:
    document = json.loads(render_outcome(REFUSED))
    assert document["findings"] == {"error": 1, "warning": 1, "note": 0}
    assert (document["status"], document["stopped_in"]) == ("refused", "check")


def test_findings_as_json() -> None:
    assert json.loads(render_findings(REFUSED)) == [
        {
            "code": "RK101",
            "severity": "error",
            "message": "no <url>",
            "file": "pyproject.toml",
            "line": 5,
            "fix": "add [project.urls] Homepage",
        },
        {
            "code": "RK201",
            "severity": "warning",
            "message": "a|b\nis missing",
            "file": SDIST,
            "line": None,
            "fix": "include it, …",
        },
    ]
    assert "…" in render_findings(REFUSED)


def test_junit_has_a_case_for_each_check_and_only_errors_fail() -> None:
    assert render_junit(REFUSED) == (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<testsuite name="releasekit" tests="3" failures="1">\n'
        '  <testcase classname="releasekit.check" name="RK101 missing url">\n'
        '    <failure message="no &lt;url&gt;">pyproject.toml:5: error: no &lt;url&gt;\n'
        "fix: add [project.urls] Homepage</failure>\n"
        "  </testcase>\n"
        '  <testcase classname="releasekit.check" name="RK201 file missing from the sdist">\n'
        f"    <system-out>{SDIST}: warning: a|b\n"
        "is missing\n"
        "fix: include it, …</system-out>\n"
        "  </testcase>\n"
        '  <testcase classname="releasekit.check" name="RK301 RECORD untrue" />\n'
        "</testsuite>\n"
    )


@given(st.text(st.characters()))
def test_junit_is_xml_whatever_a_tool_says(message: str) -> None:
    found = replace(NO_URL, message=message)
    text = render_junit(replace(REFUSED, findings=(found,)))
    failure = ElementTree.fromstring(text.encode()).find("testcase/failure")
    assert failure is not None
    assert failure.text is not None


def test_code_quality_of_gitlab() -> None:
    fingerprint = hashlib.sha256(b"RK101\0pyproject.toml\0no <url>").hexdigest()
    assert json.loads(render_code_quality(replace(REFUSED, findings=(NO_URL,)))) == [
        {
            "description": "no <url> (add [project.urls] Homepage)",
            "check_name": "RK101",
            "fingerprint": fingerprint,
            "severity": "blocker",
            "location": {"path": "pyproject.toml", "lines": {"begin": 5}},
        }
    ]


@pytest.mark.parametrize(
    ("severity", "gitlab"),
    [(Severity.ERROR, "blocker"), (Severity.WARNING, "minor"), (Severity.NOTE, "info")],
)
def test_severities_of_gitlab_and_the_first_line_by_default(
    severity: Severity, gitlab: str
) -> None:
    found = replace(MISSING, severity=severity)
    (issue,) = json.loads(render_code_quality(replace(REFUSED, findings=(found,))))
    assert (issue["severity"], issue["location"]["lines"]) == (gitlab, {"begin": 1})


def fingerprint(finding: Finding) -> str:
    (issue,) = json.loads(render_code_quality(replace(START, findings=(finding,))))
    return str(issue["fingerprint"])


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"place": Place(file="pyproject.toml", line=9)}, id="the line moves"),
        pytest.param({"severity": Severity.NOTE}, id="another severity"),
        pytest.param({"fix": "do better"}, id="another fix"),
    ],
)
def test_fingerprint_is_stable(changes: dict[str, Any]) -> None:
    assert fingerprint(replace(NO_URL, **changes)) == fingerprint(NO_URL)


@pytest.mark.parametrize(
    "changes", [{"code": "RK102"}, {"message": "x"}, {"place": Place(file="setup.py")}]
)
def test_other_finding_has_another_fingerprint(changes: dict[str, Any]) -> None:
    assert fingerprint(replace(NO_URL, **changes)) != fingerprint(NO_URL)


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        pytest.param(
            RELEASED,
            "RELEASE_PROJECT=demo\nRELEASE_VERSION=1.0\nRELEASE_TAG=v1.0\n"
            f"RELEASE_COMMIT={'c' * 40}\nRELEASE_STATUS=done\n",
            id="released",
        ),
        pytest.param(
            replace(RELEASED, record=RECORD.model_copy(update={"tag": None})),
            "RELEASE_PROJECT=demo\nRELEASE_VERSION=1.0\nRELEASE_TAG=\n"
            f"RELEASE_COMMIT={'c' * 40}\nRELEASE_STATUS=done\n",
            id="no tag",
        ),
        pytest.param(START, "", id="nothing built"),
    ],
)
def test_dotenv(outcome: Outcome, text: str) -> None:
    assert render_dotenv(outcome) == text


FILES = f"""
| file | bytes | SHA-256 | |
|---|---|---|---|
| {SDIST} | 5 | `{"a" * 64}` | %s |
| {WHEEL} | 6 | `{"b" * 64}` | %s |
"""


def test_summary_of_a_release() -> None:
    assert render_summary(RELEASED) == (
        f"# demo 1.0: released, and installed by hash from {GROUP}\n\n- dist/ also holds x\n"
        + FILES % ("skip", "uploaded")
        + f"\n{len(CODES)} checks, no findings.\n\nTimes: version 0.0 s, build 1.2 s.\n"
    )


def test_summary_of_a_refusal() -> None:
    assert render_summary(REFUSED) == (
        "# demo 1.0: refused during check\n\n"
        "- **what**: 1 finding(s)\n"
        "- **where**: /p\n"
        "- **why**: see<br>above\n"
        "- **next**: mend\n\n"
        + FILES
        % ("", "")
        + "\n| severity | code | place | finding | fix |\n"
        "|---|---|---|---|---|\n"
        "| error | RK101 | pyproject.toml:5 | no <url> | add [project.urls] Homepage |\n"
        f"| warning | RK201 | {SDIST} | a\\|b<br>is missing | include it, … |\n"
    )


@pytest.mark.parametrize(
    ("outcome", "title"),
    [
        pytest.param(START, "# release: release done\n", id="nothing to tell"),
        pytest.param(
            replace(START, command="build", record=RECORD),
            "# demo 1.0: build done\n",
            id="another command",
        ),
        pytest.param(
            replace(RELEASED, sandbox=True),
            "# demo 1.0: released, and installed by hash from the sandbox\n",
            id="sandbox",
        ),
        pytest.param(
            replace(START, status=Status.FAILED, step="plan"),
            "# release: failed during plan\n",
            id="failed",
        ),
    ],
)
def test_title_of_the_summary_is_the_verdict(outcome: Outcome, title: str) -> None:
    assert render_summary(outcome).startswith(title)


@pytest.mark.parametrize(
    ("outcome", "names"),
    [
        pytest.param(START, ["outcome.json", "summary.md"], id="always"),
        pytest.param(
            replace(START, record=RECORD),
            ["outcome.json", "summary.md", "release.env"],
            id="after a build",
        ),
        pytest.param(
            replace(START, asked=CODES),
            [
                "outcome.json",
                "summary.md",
                "findings.json",
                "junit.xml",
                "gl-code-quality-report.json",
            ],
            id="after the checks",
        ),
    ],
)
def test_reports_are_those_of_the_steps_that_ended(outcome: Outcome, names: list[str]) -> None:
    assert list(render_reports(outcome)) == names
