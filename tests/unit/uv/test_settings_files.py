from __future__ import annotations

import os
from pathlib import Path

import pytest

from raising import raises_error
from releasekit.errors.usage import BROKEN_SETTINGS
from releasekit.uv.indexes import read_pip_settings, read_uv_settings


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def places(tmp_path: Path) -> dict[str, str]:
    """An environment whose home and system directories of settings are the test's own."""
    (tmp_path / "home").mkdir()
    return {"HOME": str(tmp_path / "home"), "XDG_CONFIG_DIRS": str(tmp_path / "etc")}


def find_links(environ: dict[str, str]) -> str | None:
    """A setting that no machine's own pip.conf names."""
    return read_pip_settings(environ).get("log")


@pytest.mark.parametrize(
    "later",
    [
        pytest.param("home/.pip/pip.conf", id="legacy"),
        pytest.param("home/.config/pip/pip.conf", id="user"),
    ],
)
def test_user_s_pip_conf_beats_the_system_s(
    places: dict[str, str], tmp_path: Path, later: str
) -> None:
    write(tmp_path / "etc" / "pip" / "pip.conf", "[global]\nlog = /system\n")
    assert find_links(places) == "/system"
    write(tmp_path / later, "[global]\nlog = /user\n")
    assert find_links(places) == "/user"


def test_file_that_the_environment_names_replaces_the_user_s(
    places: dict[str, str], tmp_path: Path
) -> None:
    write(tmp_path / "home/.config/pip/pip.conf", "[global]\nlog = /user\nretries = 9\n")
    named = write(tmp_path / "named.conf", "[install]\nlog = /named\n")
    settings = read_pip_settings({**places, "PIP_CONFIG_FILE": str(named)})
    assert (settings["log"], settings.get("retries")) == ("/named", None)
    assert find_links({**places, "PIP_CONFIG_FILE": os.devnull}) is None


SYSTEM, USER = "etc/pip/pip.conf", "home/.config/pip/pip.conf"


@pytest.mark.parametrize(
    ("files", "environ", "log"),
    [
        pytest.param({}, {"PATH": "/bin"}, None, id="nothing"),
        pytest.param({SYSTEM: "[global]\nlog = /a\n"}, {}, "/a", id="a file"),
        pytest.param(
            {SYSTEM: "[global]\nlog = /a\n", USER: "[global]\nlog = /b\n"}, {}, "/b", id="later"
        ),
        pytest.param(
            {SYSTEM: "[install]\nlog = /a\n", USER: "[global]\nlog = /b\n"},
            {},
            "/a",
            id="the command's section",
        ),
        pytest.param({USER: "[download]\nlog = /a\n"}, {}, None, id="another command's"),
        pytest.param(
            {USER: "[install]\nlog = /a\n[global]\nproxy =\n"},
            {"PIP_LOG": "/c", "PIP_PROXY": ""},
            "/c",
            id="environment, and what is empty",
        ),
    ],
)
def test_pips_own_precedence(
    places: dict[str, str],
    tmp_path: Path,
    files: dict[str, str],
    environ: dict[str, str],
    log: str | None,
) -> None:
    for name, text in files.items():
        write(tmp_path / name, text)
    settings = read_pip_settings({**places, **environ})
    assert (settings.get("log"), settings.get("proxy")) == (log, None)


def test_options_of_several_lines_are_read(places: dict[str, str], tmp_path: Path) -> None:
    text = "[global]\nextra_index-url =\n    https://a.example.com\n    https://b.example.com\n"
    write(tmp_path / "home/.config/pip/pip.conf", text)
    found = read_pip_settings(places)["extra-index-url"].split()
    assert found == ["https://a.example.com", "https://b.example.com"]


def test_directories_that_are_not_there_are_no_links(
    places: dict[str, str], tmp_path: Path
) -> None:
    environ = {**places, "PIP_FIND_LINKS": f"/nowhere {tmp_path} https://a.example.com/w"}
    assert read_pip_settings(environ)["find-links"] == f"{tmp_path} https://a.example.com/w"


def test_broken_pip_conf_is_named(places: dict[str, str], tmp_path: Path) -> None:
    path = write(tmp_path / "home/.config/pip/pip.conf", "index-url = x\n")
    with raises_error(BROKEN_SETTINGS) as caught:
        read_pip_settings(places)
    assert caught.value.fields["path"] == str(path)


def test_all_settings_of_uv_are_found(places: dict[str, str], tmp_path: Path) -> None:
    root = tmp_path / "repository" / "packages" / "a"
    write(root / "pyproject.toml", '[project]\nname = "a"\n')
    write(tmp_path / "repository" / "uv.toml", 'index-url = "parent"\n')
    write(tmp_path / "repository" / "pyproject.toml", '[tool.uv]\nindex-url = "workspace"\n')
    write(tmp_path / "home/.config/uv/uv.toml", 'index-url = "user"\n')
    write(tmp_path / "etc" / "uv" / "uv.toml", 'index-url = "system"\n')
    found = {str(table.get("index-url")) for table in read_uv_settings(root, places)}
    assert found >= {"parent", "workspace", "user", "system"}
    assert read_uv_settings(root, {**places, "UV_NO_CONFIG": "1"}) == ()
    named = write(tmp_path / "named.toml", 'index-url = "named"\n')
    only = read_uv_settings(root, {**places, "UV_CONFIG_FILE": str(named)})
    assert only == ({"index-url": "named"},)


def test_broken_uv_toml_is_named(places: dict[str, str], tmp_path: Path) -> None:
    path = write(tmp_path / "uv.toml", "index-url")
    with raises_error(BROKEN_SETTINGS) as caught:
        read_uv_settings(tmp_path, places)
    assert caught.value.fields["path"] == str(path)
