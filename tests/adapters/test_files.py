from __future__ import annotations

import os
from pathlib import Path

import pytest

from releasekit.adapters.files import write_text
from releasekit.core.errors import CannotWrite


def test_file_is_written_with_its_directories_readable_by_all(tmp_path: Path) -> None:
    path = tmp_path / "reports" / "deep" / "outcome.json"
    before = os.umask(0o077)
    try:
        assert write_text(path, "größe\n") == path
    finally:
        os.umask(before)
    assert path.read_bytes() == "größe\n".encode()
    assert path.stat().st_mode & 0o777 == 0o644


def test_file_that_exists_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("long content")
    with path.open() as reader:
        write_text(path, "new")
        assert reader.read() == "long content"
    assert path.read_text() == "new"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_what_cannot_be_written_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.mkdir()
    with pytest.raises(CannotWrite) as caught:
        write_text(path, "x")
    assert str(caught.value) == (
        "error: a file or directory cannot be read or written\n"
        f"  where: {path}\n"
        "  why:   Is a directory\n"
        "  next:  see what is there, whether this user may write it, and whether there is room"
    )
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_text_that_cannot_be_encoded_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "\ud800")
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]
