"""What a plain run leaves out is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from variants import KEPT


@pytest.mark.parametrize("file", KEPT)
def test_each_test_with_fewer_variants_is_in_its_file(file: str) -> None:
    text = (Path(__file__).parent / file).read_text(encoding="utf-8")
    assert [name for name in KEPT[file] if f"def {name}(" not in text] == []
