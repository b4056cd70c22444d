from __future__ import annotations

import json
from dataclasses import replace

import pytest

from outcomes import MISSING, NO_URL, REFUSED, WAIVED
from releasekit.checks.model import Severity
from releasekit.report.findings import find_fingerprints, render_code_quality


def test_code_quality_of_gitlab() -> None:
    ((_, fingerprint),) = find_fingerprints([NO_URL])
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


def test_waived_finding_is_information_with_its_reason() -> None:
    (issue,) = json.loads(render_code_quality(replace(REFUSED, findings=(WAIVED,))))
    assert (issue["severity"], issue["description"]) == (
        "info",
        "waived (nobody reads it): the description of demo 1.0 does not render",
    )
