from __future__ import annotations

import pytest

from releasekit.plural import plural


@pytest.mark.parametrize(
    ("count", "words", "text"),
    [
        (1, ("file",), "1 file"),
        (2, ("file",), "2 files"),
        (0, ("file",), "0 files"),
        (1, ("file is", "files are"), "1 file is"),
        (3, ("file is", "files are"), "3 files are"),
    ],
)
def test_number_goes_with_its_noun(count: int, words: tuple[str, ...], text: str) -> None:
    assert plural(count, *words) == text
