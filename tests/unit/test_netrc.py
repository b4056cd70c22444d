"""Passwords in files of the user's."""

from __future__ import annotations

from pathlib import Path

import pytest

from releasekit.home import find_netrc, is_known_to_uv
from releasekit.model.access import Credentials

URL = "https://nexus.example.com:8443/repository/pypi-group/simple/"
ENTRY = "machine nexus.example.com login reader password secret\n"
BROKEN = "machine nexus.example.com login\n"


@pytest.mark.parametrize(
    ("files", "text", "variables", "found"),
    [
        pytest.param([".netrc"], ENTRY, {}, ".netrc", id="of the home"),
        pytest.param(["_netrc"], ENTRY, {}, "_netrc", id="its other name"),
        pytest.param(["mine"], ENTRY, {"NETRC": "{home}/mine"}, "mine", id="named"),
        pytest.param([".netrc"], ENTRY, {"NETRC": "{home}/nothing"}, "", id="another one is named"),
        pytest.param(
            [".netrc"], "default login reader password secret\n", {}, ".netrc", id="of any host"
        ),
        pytest.param([".netrc"], ENTRY.replace("nexus", "other"), {}, "", id="another host"),
        pytest.param([".netrc"], BROKEN, {}, "", id="broken"),
        pytest.param([], "", {}, "", id="none"),
    ],
)
def test_netrc_is_found_as_pip_and_uv_find_it(
    tmp_path: Path, files: list[str], text: str, variables: dict[str, str], found: str
) -> None:
    for name in files:
        (tmp_path / name).write_text(text)
    named = {name: value.format(home=tmp_path) for name, value in variables.items()}
    source = f"netrc ({tmp_path / found})"
    reader = Credentials(username="reader", password="secret", source=source)
    environ = {"HOME": str(tmp_path), **named}
    assert find_netrc(URL, environ) == (reader if found else None)


@pytest.mark.parametrize(
    ("folder", "variables"),
    [
        pytest.param(".local/share/uv/credentials", {}, id="default"),
        pytest.param("data/uv/credentials", {"XDG_DATA_HOME": "{home}/data"}, id="data home"),
        pytest.param("own", {"UV_CREDENTIALS_DIR": "{home}/own"}, id="named"),
    ],
)
def test_what_uv_keeps_itself(tmp_path: Path, folder: str, variables: dict[str, str]) -> None:
    environ = {"HOME": str(tmp_path)}
    environ |= {name: value.format(home=tmp_path) for name, value in variables.items()}
    assert not is_known_to_uv(URL, environ)
    (tmp_path / folder).mkdir(parents=True)
    text = '[[credential]]\nservice = "https://nexus.example.com:8443/"\nusername = "bob"\n'
    (tmp_path / folder / "credentials.toml").write_text(text)
    assert is_known_to_uv(URL, environ)
    assert not is_known_to_uv("https://other.example.com/", environ)
