from __future__ import annotations

from dataclasses import replace

import pytest

from outcomes import RECORD, RELEASED, START
from releasekit.errors import Status
from releasekit.outcome import Outcome
from releasekit.report.outcome import render_dotenv


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        pytest.param(
            RELEASED,
            "RELEASE_PROJECT=demo\nRELEASE_VERSION=1.0\nRELEASE_TAG=v1.0\n"
            f"RELEASE_COMMIT={'c' * 40}\nRELEASE_STATUS=done\n"
            "RELEASE_COMMAND=release\nRELEASE_SANDBOX=false\n",
            id="released",
        ),
        pytest.param(
            replace(RELEASED, record=RECORD.model_copy(update={"tag": None})),
            "RELEASE_PROJECT=demo\nRELEASE_VERSION=1.0\nRELEASE_TAG=\n"
            f"RELEASE_COMMIT={'c' * 40}\nRELEASE_STATUS=done\n"
            "RELEASE_COMMAND=release\nRELEASE_SANDBOX=false\n",
            id="no tag",
        ),
        pytest.param(
            replace(RELEASED, dry_run=True, command="publish", sandbox=True),
            "RELEASE_PROJECT=demo\nRELEASE_VERSION=1.0\nRELEASE_TAG=v1.0\n"
            f"RELEASE_COMMIT={'c' * 40}\nRELEASE_STATUS=dry-run\n"
            "RELEASE_COMMAND=publish\nRELEASE_SANDBOX=true\n",
            id="dry run",
        ),
        pytest.param(
            replace(RELEASED, dry_run=True, status=Status.REFUSED),
            "RELEASE_PROJECT=demo\nRELEASE_VERSION=1.0\nRELEASE_TAG=v1.0\n"
            f"RELEASE_COMMIT={'c' * 40}\nRELEASE_STATUS=refused\n"
            "RELEASE_COMMAND=release\nRELEASE_SANDBOX=false\n",
            id="refused dry run",
        ),
        pytest.param(START, "", id="nothing built"),
    ],
)
def test_dotenv(outcome: Outcome, text: str) -> None:
    assert render_dotenv(outcome) == text
