from __future__ import annotations

from pathlib import Path

import pytest

from releasekit.inspect.gather import DESCRIPTION_LIMIT, render_description


def test_description_that_would_take_minutes_to_render_is_not_rendered() -> None:
    text = "a paragraph\n\n" * (DESCRIPTION_LIMIT // 13 + 1)
    assert render_description(text, None) == (
        f"it has {len(text)} characters, and {DESCRIPTION_LIMIT} are read at most"
    )
    assert render_description(text, "text/markdown") is None
    assert render_description("a paragraph\n", None) is None


def test_no_settings_of_docutils_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They may have any file written, and `twine check` on an index reads none of them."""
    written = tmp_path / "dependencies"
    settings = f"[general]\nrecord_dependencies: {written}\nlanguage_code: none-such\n"
    for name in ("docutils.conf", ".docutils"):
        (tmp_path / name).write_text(settings, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DOCUTILSCONFIG", str(tmp_path / "docutils.conf"))
    assert render_description("a paragraph\n", None) is None
    monkeypatch.delenv("DOCUTILSCONFIG")
    assert render_description("a paragraph\n", None) is None
    assert not written.exists()
