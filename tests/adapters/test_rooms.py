from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from releasekit.adapters.rooms import open_room

LEAVE = """
import os, pathlib, signal, sys
from releasekit.adapters.rooms import open_room

with open_room("kind-", pathlib.Path(sys.argv[1])) as room:
    (room / "file").touch()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def leave_room(parent: Path) -> Path:
    """Let a run be killed in its room."""
    subprocess.run((sys.executable, "-c", LEAVE, str(parent)), check=False)
    (room,) = parent.glob("kind-*")
    assert (room / "file").exists()
    return room


def test_room_is_gone_afterwards(tmp_path: Path) -> None:
    with open_room("kind-", tmp_path) as room:
        (room / "folder").mkdir()
        (room / "folder" / "file").touch()
    assert list(tmp_path.iterdir()) == []


def test_room_of_a_run_that_was_killed_is_cleared_by_the_next_one(tmp_path: Path) -> None:
    left = leave_room(tmp_path)
    with open_room("kind-", tmp_path) as room:
        assert room != left
        assert list(tmp_path.iterdir()) == [room]


def test_room_of_another_kind_is_left_alone(tmp_path: Path) -> None:
    left = leave_room(tmp_path)
    with open_room("other-", tmp_path):
        assert left.exists()


def test_room_in_use_is_left_alone(tmp_path: Path) -> None:
    with open_room("kind-", tmp_path) as one, open_room("kind-", tmp_path) as two:
        assert sorted(tmp_path.iterdir()) == sorted((one, two))


def test_what_only_looks_like_a_room_is_left_alone(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").touch()
    (tmp_path / "kind-12345678").symlink_to(elsewhere)
    (tmp_path / "kind-abcdefgh").touch()
    for name in ("kind-", "kind-notes", "kind-ABCDEFGH", "my-kind-abcdefgh"):
        (tmp_path / name).mkdir()
    before = sorted(tmp_path.iterdir())
    with open_room("kind-", tmp_path):
        pass
    assert sorted(tmp_path.iterdir()) == before
    assert (elsewhere / "file").exists()
