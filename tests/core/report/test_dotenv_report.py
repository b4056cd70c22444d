from __future__ import annotations

from dataclasses import replace

import pytest

from outcomes import RECORD, RELEASED, START
from releasekit.core.outcome import Outcome
from releasekit.core.report.dotenv import render_dotenv


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
