from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from outcomes import MISSING, NO_URL, REFUSED, START
from releasekit.core.checks import Finding, Place, Severity
from releasekit.core.report import (
    render_code_quality,
)


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
