from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from releasekit.home import expand_home, find_cache_home, find_config_home, find_home

ENVIRON = {"HOME": "/home/of/the/run"}


@pytest.fixture(autouse=True)
def another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, "/home/of/the/process")


def test_home_is_that_of_the_run() -> None:
    assert find_home(ENVIRON) == Path("/home/of/the/run")
    assert find_config_home(ENVIRON) == Path("/home/of/the/run/.config")
    assert find_cache_home(ENVIRON).is_relative_to("/home/of/the/run")


def test_home_that_is_not_set_is_that_of_the_user() -> None:
    assert find_home({}) == Path(pwd.getpwuid(os.getuid()).pw_dir)


def test_other_places_may_be_named() -> None:
    environ = {"XDG_CONFIG_HOME": "/config", "XDG_CACHE_HOME": "/cache"}
    assert (find_config_home(environ), find_cache_home(environ)) == (
        Path("/config"),
        Path("/cache"),
    )


@pytest.mark.parametrize(
    ("path", "expanded"),
    [
        ("~", "/home/of/the/run"),
        ("~/a/b.pem", "/home/of/the/run/a/b.pem"),
        ("a/~/b", "a/~/b"),
        ("/a", "/a"),
        ("", "."),
    ],
)
def test_path_below_the_home(path: str, expanded: str) -> None:
    assert expand_home(path, ENVIRON) == Path(expanded)
