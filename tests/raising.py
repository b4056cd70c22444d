"""What a test expects to be raised: one error of the catalogue."""

from __future__ import annotations

import pytest

from releasekit.errors import Entry, ReleasekitError


def raises_error(*entries: Entry, match: str | None = None) -> pytest.RaisesExc[ReleasekitError]:
    """Return `pytest.raises` for errors of these entries alone."""
    return pytest.RaisesExc(
        ReleasekitError, match=match, check=lambda error: error.entry in entries
    )
