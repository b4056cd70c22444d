"""Where several projects go is found out before any of them is begun."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from releasekit.cli import find_door, make_parser
from releasekit.cli import make_request as make
from releasekit.config.settings import hosted_url, make_target
from releasekit.destination import choose_destinations
from releasekit.model.access import Credentials
from releasekit.request import Request

UPLOADER = {"TWINE_USERNAME": "publisher", "TWINE_PASSWORD": "hunter2"}
URL = "https://nexus.example.com"


def make_request(root: Path, command: str, text: str, **environ: str) -> Request:
    root.mkdir(exist_ok=True)
    (root / "pyproject.toml").write_text(text, encoding="utf-8")
    options = make_parser().parse_args([command])
    request = make(options, root, {"RELEASEKIT_URL": URL, **environ}, door=find_door())
    return replace(request, interactive=True)


def never(label: str, text: str) -> None:
    pytest.fail(f"said: {label} {text}")


def test_credentials_of_the_environment_need_no_prompt(tmp_path: Path) -> None:
    (chosen,) = choose_destinations([make_request(tmp_path, "release", "", **UPLOADER)], never)
    credentials = Credentials(
        username="publisher", password="hunter2", source="TWINE_USERNAME and TWINE_PASSWORD"
    )
    assert not chosen.interactive
    assert chosen.destination
    settings = chosen.destination.settings
    target = make_target(hosted_url(settings), settings, credentials, credentials)
    assert chosen.destination.target == target
    assert "hunter2" not in repr(chosen)


def test_a_build_needs_no_credentials(tmp_path: Path) -> None:
    (chosen,) = choose_destinations([make_request(tmp_path, "build", "")], never)
    assert chosen.destination
    assert chosen.destination.target.credentials.password == ""


def test_settings_that_are_wrong_are_left_to_the_project_that_has_them(tmp_path: Path) -> None:
    wrong = make_request(tmp_path / "wrong", "release", "[tool.releasekit]\nx = 1\n", **UPLOADER)
    right = make_request(tmp_path / "right", "release", "", **UPLOADER)
    chosen = choose_destinations([wrong, right], never)
    assert [bool(request.destination) for request in chosen] == [False, True]
