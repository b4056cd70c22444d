from __future__ import annotations

from datetime import datetime, timezone

import pytest

from releasekit.http.answer import parse_date

WHEN = datetime(2026, 11, 25, 13, 0, tzinfo=timezone.utc)
DATES = {
    "usual": ("Wed, 25 Nov 2026 13:00:00 GMT", WHEN),
    "without a zone": ("Wed, 25 Nov 2026 13:00:00 -0000", WHEN),
    "of another zone": ("Wed, 25 Nov 2026 16:00:00 +0300", WHEN),
    "of RFC 850": ("Wednesday, 25-Nov-26 13:00:00 GMT", WHEN),
    "none": (None, None),
    "empty": ("", None),
    "no date": ("yesterday", None),
    "more digits than Python reads": ("9" * 5000, None),
    "a year that no clock has": ("Wed, 25 Nov 99999999999 13:00:00 GMT", None),
    "impossible": ("Wed, 99 Nov 2026 13:00:00 GMT", None),
}


@pytest.mark.parametrize(("text", "date"), DATES.values(), ids=DATES)
def test_date_of_an_answer(text: str | None, date: datetime | None) -> None:
    assert parse_date(text) == date
