from __future__ import annotations

from dataclasses import replace

import pytest

from outcomes import RECORD, RELEASED, START
from releasekit.errors import Status
from releasekit.outcome import Outcome
from releasekit.report import render_dotenv


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        pytest.param(
            RELEASED,
            "RELEASEKIT_RELEASE_PROJECT=demo\nRELEASEKIT_RELEASE_VERSION=1.0\nRELEASEKIT_RELEASE_TAG=v1.0\n"
            f"RELEASEKIT_RELEASE_COMMIT={'c' * 40}\nRELEASEKIT_RELEASE_STATUS=done\n"
            "RELEASEKIT_RELEASE_COMMAND=release\nRELEASEKIT_RELEASE_SANDBOX=false\n",
            id="released",
        ),
        pytest.param(
            replace(RELEASED, record=RECORD.model_copy(update={"tag": None})),
            "RELEASEKIT_RELEASE_PROJECT=demo\nRELEASEKIT_RELEASE_VERSION=1.0\nRELEASEKIT_RELEASE_TAG=\n"
            f"RELEASEKIT_RELEASE_COMMIT={'c' * 40}\nRELEASEKIT_RELEASE_STATUS=done\n"
            "RELEASEKIT_RELEASE_COMMAND=release\nRELEASEKIT_RELEASE_SANDBOX=false\n",
            id="no tag",
        ),
        pytest.param(
            replace(RELEASED, dry_run=True, command="publish", sandbox=True),
            "RELEASEKIT_RELEASE_PROJECT=demo\nRELEASEKIT_RELEASE_VERSION=1.0\nRELEASEKIT_RELEASE_TAG=v1.0\n"
            f"RELEASEKIT_RELEASE_COMMIT={'c' * 40}\nRELEASEKIT_RELEASE_STATUS=dry-run\n"
            "RELEASEKIT_RELEASE_COMMAND=publish\nRELEASEKIT_RELEASE_SANDBOX=true\n",
            id="dry run",
        ),
        pytest.param(
            replace(RELEASED, dry_run=True, status=Status.REFUSED),
            "RELEASEKIT_RELEASE_PROJECT=demo\nRELEASEKIT_RELEASE_VERSION=1.0\nRELEASEKIT_RELEASE_TAG=v1.0\n"
            f"RELEASEKIT_RELEASE_COMMIT={'c' * 40}\nRELEASEKIT_RELEASE_STATUS=refused\n"
            "RELEASEKIT_RELEASE_COMMAND=release\nRELEASEKIT_RELEASE_SANDBOX=false\n",
            id="refused dry run",
        ),
        pytest.param(START, "", id="nothing built"),
    ],
)
def test_dotenv(outcome: Outcome, text: str) -> None:
    assert render_dotenv(outcome) == text
