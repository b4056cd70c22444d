from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from raising import raises_error
from releasekit.errors.failed import CANNOT_WRITE
from releasekit.errors.usage import BROKEN_SETTINGS
from releasekit.workspace import (
    find_backup,
    read_settings_file,
    replace_settings_file,
    write_text,
)


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


KILLED = """
import os, pathlib, signal, sys
from releasekit.workspace import write_text

pathlib.Path.write_text = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
write_text(pathlib.Path(sys.argv[1]), "new")
"""


def test_what_a_killed_run_left_goes_with_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    subprocess.run((sys.executable, "-c", KILLED, str(path)), check=False)
    assert len(list(tmp_path.iterdir())) == 2
    assert path.read_text() == "old"
    write_text(path, "new")
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_what_cannot_be_written_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.mkdir()
    with raises_error(CANNOT_WRITE) as caught:
        write_text(path, "x")
    assert str(caught.value) == (
        "error E321: a file or directory cannot be read or written\n"
        f"  where: {path}\n"
        "  why:   Is a directory\n"
        "  next:  see what is there, whether this user may write it, and whether the disk is full"
    )
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_text_that_cannot_be_encoded_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "\ud800")
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_settings_keep_their_rights_and_stay_behind_their_link(tmp_path: Path) -> None:
    real, link = tmp_path / "dotfiles.conf", tmp_path / "pip.conf"
    real.write_text("old")
    real.chmod(0o600)
    link.symlink_to(real)
    replace_settings_file(link, "new\r\n")
    assert (link.is_symlink(), read_settings_file(link)) == (True, "new\r\n")
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


def test_settings_that_are_not_there_are_empty_and_new_ones_may_be_read_by_all(
    tmp_path: Path,
) -> None:
    path = tmp_path / "new" / "pip.conf"
    assert read_settings_file(path) == ""
    replace_settings_file(path, "x")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_backup_is_the_file_itself_under_another_name(tmp_path: Path) -> None:
    path = tmp_path / "pip.conf"
    path.write_text("old")
    was = path.stat().st_ino
    for content, name in (("new", "pip.conf.bak"), ("newer", "pip.conf.bak2")):
        backup = find_backup(path)
        assert backup == tmp_path / name
        replace_settings_file(path, content, backup=backup)
    assert (tmp_path / "pip.conf.bak").stat().st_ino == was
    texts = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert texts == {"pip.conf": "newer", "pip.conf.bak": "old", "pip.conf.bak2": "new"}


def test_settings_in_another_encoding_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_bytes(b"\xff[global]\n")
    with raises_error(BROKEN_SETTINGS) as caught:
        read_settings_file(tmp_path / "pip.conf")
    assert str(caught.value) == (
        "error E216: a settings file cannot be read\n"
        f"  where: {tmp_path}/pip.conf\n"
        "  why:   it is not UTF-8: 'utf-8' codec can't decode byte 0xff in position 0: invalid "
        "start byte\n"
        "  next:  correct that file, or move it away; nothing was changed"
    )


@pytest.mark.parametrize("use", [read_settings_file, lambda path: replace_settings_file(path, "")])
def test_a_directory_in_the_place_of_settings(
    tmp_path: Path, use: Callable[[Path], object]
) -> None:
    (tmp_path / "pip.conf").mkdir()
    with raises_error(CANNOT_WRITE, match="Is a directory"):
        use(tmp_path / "pip.conf")
