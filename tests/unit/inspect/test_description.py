from __future__ import annotations

from releasekit.inspect.metadata import DESCRIPTION_LIMIT, render_description


def test_description_that_would_take_minutes_to_render_is_not_rendered() -> None:
    text = "a paragraph\n\n" * (DESCRIPTION_LIMIT // 13 + 1)
    assert render_description(text, None) == (
        f"it has {len(text)} characters, and {DESCRIPTION_LIMIT} are read at most"
    )
    assert render_description(text, "text/markdown") is None
    assert render_description("a paragraph\n", None) is None
