from __future__ import annotations

from dataclasses import replace

import pytest

from outcomes import GROUP, RECORD, REFUSED, RELEASED, START
from releasekit.checks.catalog import CODES
from releasekit.errors import Status
from releasekit.outcome import Outcome
from releasekit.report import render_summary
from samples import SDIST, WHEEL

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
        + f"\n{len(CODES)} checks, no findings.\n\nTimes: version 0.00 s, build 1.25 s.\n"
    )


def test_summary_of_a_refusal() -> None:
    assert render_summary(REFUSED) == (
        "# demo 1.0: refused during check\n\n"
        "- **code**: E121\n"
        "- **what**: 1 finding\n"
        "- **where**: /p\n"
        "- **why**: see<br>above\n"
        "- **next**: fix\n\n"
        + FILES
        % ("", "")
        + "\n| severity | code | place | finding | fix, or why it is waived |\n"
        "|---|---|---|---|---|\n"
        "| error | RK101 | pyproject.toml:5 | no &lt;url> | add [project.urls] Homepage |\n"
        f"| warning | RK201 | {SDIST} | a\\|b<br>is missing | include it, … |\n"
        f"| waived | RK104 | {WHEEL}/demo-1.0.dist-info/METADATA | "
        "the description of demo 1.0 does not render | nobody reads it |\n"
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
            "# demo 1.0: released, and installed by hash from a sandbox on this machine "
            "(nothing left it)\n",
            id="sandbox",
        ),
        pytest.param(
            replace(RELEASED, command="publish", verified=None, sandbox=True),
            "# demo 1.0: publish done, into a sandbox on this machine (nothing left it)\n",
            id="published in a sandbox",
        ),
        pytest.param(
            replace(RELEASED, published=None, verified=None, dry_run=True),
            "# demo 1.0: dry run of release, nothing was sent\n",
            id="dry run",
        ),
        pytest.param(
            replace(REFUSED, dry_run=True),
            "# demo 1.0: dry run of release, refused during check\n",
            id="refused dry run",
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
