from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import FrameType

import pytest

from releasekit.signals import interruptible
from releasekit.tempdirs import keep_temporary_files, open_named_tempdir, open_tempdir

LEAVE = """
import os, pathlib, signal, sys
from releasekit.tempdirs import open_named_tempdir, open_tempdir

with open_tempdir("kind-", pathlib.Path(sys.argv[1])) as tempdir:
    (tempdir / "file").touch()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's directory for temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def leave_tempdir(parent: Path) -> Path:
    """Let a run be killed in its temporary directory."""
    subprocess.run((sys.executable, "-c", LEAVE, str(parent)), check=False)
    (tempdir,) = parent.glob("kind-*")
    assert (tempdir / "file").exists()
    return tempdir


def test_tempdir_is_gone_afterwards(tmp_path: Path) -> None:
    with open_tempdir("kind-", tmp_path) as tempdir:
        (tempdir / "folder").mkdir()
        (tempdir / "folder" / "file").touch()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("is_named", [False, True])
def test_an_interrupt_while_a_tempdir_is_removed_leaves_nothing(
    temporary: Path, is_named: bool
) -> None:
    def interrupt_removal(frame: FrameType, event: str, called: object) -> None:
        if event == "c_call" and getattr(called, "__name__", "") == "unlink":
            sys.setprofile(None)
            os.kill(os.getpid(), signal.SIGTERM)

    opened = open_named_tempdir("kind-", "12345678") if is_named else open_tempdir("kind-")
    with interruptible(), pytest.raises(KeyboardInterrupt):
        with opened as tempdir:
            (tempdir / "file").touch()
            sys.setprofile(interrupt_removal)
        sys.setprofile(None)
    assert list(temporary.iterdir()) == []


def test_tempdir_of_a_run_that_was_killed_is_cleared_by_the_next_one(tmp_path: Path) -> None:
    left = leave_tempdir(tmp_path)
    with open_tempdir("kind-", tmp_path) as tempdir:
        assert tempdir != left
        assert list(tmp_path.iterdir()) == [tempdir]


def test_tempdir_of_another_kind_is_left_alone(tmp_path: Path) -> None:
    left = leave_tempdir(tmp_path)
    with open_tempdir("other-", tmp_path):
        assert left.exists()


def test_tempdir_in_use_is_left_alone(tmp_path: Path) -> None:
    with open_tempdir("kind-", tmp_path) as one, open_tempdir("kind-", tmp_path) as two:
        assert sorted(tmp_path.iterdir()) == sorted((one, two))


def test_what_only_looks_like_a_tempdir_is_left_alone(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").touch()
    (tmp_path / "kind-room-12345678").symlink_to(elsewhere)
    (tmp_path / "kind-room-abcdefgh").touch()
    for name in (
        "kind-",
        "kind-abcdefgh",
        "kind-room-notes",
        "kind-room-ABCDEFGH",
        "my-kind-room-abcdefgh",
    ):
        (tmp_path / name).mkdir()
    before = sorted(tmp_path.iterdir())
    with open_tempdir("kind-", tmp_path):
        pass
    assert sorted(tmp_path.iterdir()) == before
    assert (elsewhere / "file").exists()


# --- all temporary files of a run ---------------------------------------------------------------

LEAVE_FILES = """
import os, signal, tempfile
from releasekit.tempdirs import keep_temporary_files, open_named_tempdir, open_tempdir

with keep_temporary_files(), open_named_tempdir("releasekit-wheel-", "0123abcd"):
    with open_tempdir("releasekit-src-"):
        tempfile.mkdtemp()
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_temporary_files_of_libraries_go_with_the_run(temporary: Path) -> None:
    with keep_temporary_files():
        made = Path(tempfile.mkdtemp())
        assert made.parent.parent == temporary
    assert list(temporary.iterdir()) == []
    assert tempfile.gettempdir() == str(temporary)


def test_whatever_a_killed_run_left_is_cleared_by_the_next_one(temporary: Path) -> None:
    subprocess.run((sys.executable, "-c", LEAVE_FILES), env={"TMPDIR": str(temporary)}, check=False)
    left = {path.name for path in temporary.iterdir()}
    assert "releasekit-wheel-room-0123abcd" in left
    assert len(left) == 2
    with keep_temporary_files():
        assert len(list(temporary.iterdir())) == 1
    assert list(temporary.iterdir()) == []


def test_named_tempdir_is_at_the_same_place_in_each_run(temporary: Path) -> None:
    with keep_temporary_files(), open_named_tempdir("kind-", "0123abcd") as tempdir:
        assert tempdir == temporary / "kind-room-0123abcd"


# --- temporary directories with a name ------------------------------------------------------------


def test_named_tempdir_is_at_the_same_place_each_time_and_empty(temporary: Path) -> None:
    wanted = temporary / "kind-room-0123abcd"
    for _ in range(2):
        with open_named_tempdir("kind-", "0123abcd") as tempdir:
            assert tempdir == wanted
            assert list(tempdir.iterdir()) == []
            (tempdir / "file").touch()
        assert not wanted.exists()


def test_named_tempdir_is_cleared_of_what_a_killed_run_left(temporary: Path) -> None:
    left = temporary / "kind-room-0123abcd"
    (left / "folder" / "below").mkdir(parents=True)
    (left / "file").touch()
    (left / "link").symlink_to(temporary)
    with open_named_tempdir("kind-", "0123abcd") as tempdir:
        assert tempdir == left
        assert list(tempdir.iterdir()) == []


def test_named_tempdir_in_use_is_waited_for(temporary: Path) -> None:
    said = []

    def enter() -> None:
        with open_named_tempdir("kind-", "0123abcd") as tempdir:
            said.append(list(tempdir.iterdir()))

    with open_named_tempdir("kind-", "0123abcd") as tempdir:
        (tempdir / "file").touch()
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join(0.2)
        assert said == []
    thread.join()
    assert said == [[]]


@pytest.mark.parametrize("kind", ["file", "link"])
def test_named_tempdir_whose_name_is_taken_is_one_like_any_other(
    temporary: Path, kind: str
) -> None:
    taken = temporary / "kind-room-0123abcd"
    if kind == "file":
        taken.touch()
    else:
        taken.symlink_to(temporary)
    with open_named_tempdir("kind-", "0123abcd") as tempdir:
        assert tempdir != taken
        assert tempdir.parent == temporary
    assert list(temporary.iterdir()) == [taken]
