"""A directory of the cache is whole, or it is made again."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from releasekit_nexus.cache import provide


def make(directory: Path) -> None:
    (directory / "file").write_text("whole", encoding="utf-8")


def fail(_: Path) -> None:
    raise AssertionError("it was made twice")


def ignore(_: str) -> None:
    pass


def test_it_is_made_once(tmp_path: Path) -> None:
    first = provide(tmp_path / "made", make, ignore)
    assert provide(tmp_path / "made", fail, ignore) == first
    assert (first / "file").read_text(encoding="utf-8") == "whole"


def test_what_a_killed_process_left_is_made_again(tmp_path: Path) -> None:
    for name in ("made", "made.part-1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "half").touch()
    made = provide(tmp_path / "made", make, ignore)
    assert sorted(path.name for path in made.iterdir()) == ["complete", "file"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made", "made.lock"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failure_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    def stop(directory: Path) -> None:
        make(directory)
        raise error

    with pytest.raises(error):
        provide(tmp_path / "made", stop, ignore)
    assert [path.name for path in tmp_path.iterdir()] == ["made.lock"]
    assert provide(tmp_path / "made", make, ignore).is_dir()


def test_of_two_at_once_the_second_waits_and_says_so(tmp_path: Path) -> None:
    begun = threading.Event()
    said: list[str] = []

    def make_slowly(directory: Path) -> None:
        begun.set()
        while not said:
            time.sleep(0.01)
        make(directory)

    first = threading.Thread(target=provide, args=(tmp_path / "made", make_slowly, ignore))
    first.start()
    begun.wait()
    second = provide(tmp_path / "made", fail, said.append)
    first.join()
    assert (second / "file").is_file()
    assert said == [f"another process is making {tmp_path}/made: waiting for it"]
