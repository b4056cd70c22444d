from __future__ import annotations

from dataclasses import replace

import pytest

from outcomes import RECORD, START
from releasekit.checks.catalog import CODES
from releasekit.outcome import Outcome
from releasekit.report import render_reports


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
            replace(START, codes=CODES),
            [
                "outcome.json",
                "summary.md",
                "findings.json",
                "junit.xml",
                "gl-code-quality-report.json",
                "releasekit.sarif",
            ],
            id="after the checks",
        ),
    ],
)
def test_reports_are_those_of_the_steps_that_ended(outcome: Outcome, names: list[str]) -> None:
    assert list(render_reports(outcome)) == names
