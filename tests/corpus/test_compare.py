"""What the corpus says of two builds of one project."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from corpus.compare import compare
from samples import METADATA, SDIST, WHEEL, write_sdist, write_wheel

MORE = METADATA.replace("Version: 1.0", "Version: 1.0\nKeywords: more")
CASES: dict[str, tuple[Mapping[str, str], Mapping[str, str], str, str, str]] = {
    "nothing": ({"demo.py": "1"}, {"demo.py": "1"}, METADATA, "a.b", "same"),
    "content": ({"demo.py": "1"}, {"demo.py": "2"}, METADATA, "a.b", "wheel: demo.py differs"),
    "lacking": ({}, {"demo.py": ""}, METADATA, "a.b", "wheel: lacks demo.py"),
    "more": ({"demo.py": ""}, {}, METADATA, "a.b", "wheel: adds demo.py"),
    "metadata": ({}, {}, MORE, "a.b", "wheel: metadata Keywords differs"),
    "explained": ({"d/x.so": "1"}, {"d/x.so": "2"}, METADATA, "a.b", "debug paths"),
}


@pytest.mark.parametrize(
    ("ours", "theirs", "metadata", "backend", "text"), list(CASES.values()), ids=list(CASES)
)
def test_a_difference_is_named(
    tmp_path: Path,
    ours: Mapping[str, str],
    theirs: Mapping[str, str],
    metadata: str,
    backend: str,
    text: str,
) -> None:
    for folder, files, said in (("ours", ours, METADATA), ("theirs", theirs, metadata)):
        (tmp_path / folder).mkdir()
        write_wheel(tmp_path / folder, filename=WHEEL, metadata=said, files=dict(files))
        write_sdist(tmp_path / folder, filename=SDIST)
    assert compare(tmp_path / "ours", tmp_path / "theirs", backend).text == text
