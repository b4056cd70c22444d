"""Settings are added to a file, and all else in it stays as it is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from releasekit.errors import ReleasekitError
from releasekit.scaffold import FIVE, OWN_FILE, add_settings, find_settings_file

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PYPROJECT, OWN = Path("pyproject.toml"), Path(OWN_FILE)
URL = {"url": "https://nexus.example.com"}
COMMENTS = """\
# hosted = "pypi-hosted"                 # releases go here
# group = "pypi-group"                   # verified and installed from here; absent: hosted
# ca-bundle = "certs/corporate-ca.pem"   # the company's CA, if the system does not have it
# tag = "v{version}"                     # release tags; absent: with or without the v
"""
TABLE = f'[tool.releasekit]\nurl = "https://nexus.example.com"\n{COMMENTS}'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", TABLE, id="empty"),
        pytest.param('[project]\nname = "x"\n', f'[project]\nname = "x"\n\n{TABLE}', id="project"),
        pytest.param(
            '[project]\nname = "x"', f'[project]\nname = "x"\n\n{TABLE}', id="no line end"
        ),
        pytest.param("# only this\n\n\n", f"# only this\n\n\n\n{TABLE}", id="blank lines"),
        pytest.param(
            "[tool.b]\nx = 1 # why\n[project]\n[tool.a]\n",
            f"[tool.b]\nx = 1 # why\n[project]\n[tool.a]\n\n{TABLE}",
            id="tables in any order",
        ),
        pytest.param("tool.x.y = 1\n", f"tool.x.y = 1\n\n{TABLE}", id="dotted keys"),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_file_gets_a_table_at_its_end(before: str, after: str, line_end: str) -> None:
    before, after = before.replace("\n", line_end), after.replace("\n", line_end)
    if line_end in before:  # else nothing tells which line ends the file has
        assert add_settings(PYPROJECT, before, URL) == after


def test_a_file_with_both_line_ends_keeps_each_of_them() -> None:
    text = "[project]\r\nname = 'x'\n"
    assert add_settings(PYPROJECT, text, URL) == f"{text}\n{TABLE}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            '[tool.releasekit]  # ours\nurl = "https://old.example.com" # since 2020\n'
            'tag = "{version}"\n[tool.a]\n',
            '[tool.releasekit]  # ours\nurl = "https://nexus.example.com" # since 2020\n'
            'tag = "{version}"\n[tool.a]\n',
            id="another value",
        ),
        pytest.param(
            '[tool.releasekit]\ntag = "{version}"\n\n[tool.a]\nx = [\n  1,  # one\n]\n',
            '[tool.releasekit]\ntag = "{version}"\nurl = "https://nexus.example.com"\n\n'
            "[tool.a]\nx = [\n  1,  # one\n]\n",
            id="a key more",
        ),
        pytest.param(
            "[tool]\nreleasekit = { tag = '{version}' }\n",
            "[tool]\nreleasekit = { tag = '{version}' , url = \"https://nexus.example.com\"}\n",
            id="a table in one line",
        ),
        pytest.param(
            "[tool.a]\n[project]\n[tool.releasekit]\n[tool.c]\n",
            '[tool.a]\n[project]\n[tool.releasekit]\nurl = "https://nexus.example.com"\n[tool.c]\n',
            id="tables in any order",
        ),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_table_that_exists_is_changed(before: str, after: str, line_end: str) -> None:
    before, after = before.replace("\n", line_end), after.replace("\n", line_end)
    changed = add_settings(PYPROJECT, before, URL)
    assert changed.replace(" ,", ",") == after.replace(" ,", ",")
    assert add_settings(PYPROJECT, changed, URL) == changed


@pytest.mark.parametrize(
    "text",
    [
        "[tool.releasekit]\n",
        "[tool.releasekit]\nurl = 'https://nexus.example.com'\n",
        '[tool]\nreleasekit.url = "https://nexus.example.com"\r\n',
    ],
)
def test_what_is_there_stays_as_it_is(text: str) -> None:
    wanted = URL if "url" in text else {}
    assert add_settings(PYPROJECT, text, wanted) == text


def test_a_file_of_its_own_has_no_table() -> None:
    assert add_settings(OWN, "", URL) == f'url = "https://nexus.example.com"\n{COMMENTS}'
    text = "# ours\ntag = '{version}'\n\n[severity]\nRK101 = 'note'\n"
    changed = tomllib.loads(add_settings(OWN, text, URL))
    assert changed == {"tag": "{version}", "severity": {"RK101": "note"}, **URL}


@pytest.mark.parametrize("value", ['C:\\ca\\"new".pem', "größe/ca.pem", "a'b", "\U0001f512.pem"])
def test_any_text_is_a_value(value: str) -> None:
    text = add_settings(PYPROJECT, "", {"ca-bundle": value})
    assert tomllib.loads(text)["tool"]["releasekit"] == {"ca-bundle": value}


def test_examples_are_settings_when_they_are_uncommented() -> None:
    text = add_settings(OWN, "", {}).replace("# ", "", 1).replace("\n# ", "\n")
    assert tomllib.loads(text) == {key: example for key, (example, _) in FIVE.items()}


@pytest.mark.parametrize("text", ["tool = { a = { x = 1 } }\n", "tool = {}\n[project]\n"])
def test_what_cannot_be_added_is_shown_and_the_file_stays(text: str) -> None:
    with pytest.raises(ReleasekitError) as raised:
        add_settings(PYPROJECT, text, URL)
    answers = raised.value.answers()
    assert raised.value.entry.code == "E285"
    assert answers["next"] == f"add this by hand:\n{TABLE.rstrip()}"


def test_a_project_with_a_setup_py_alone_gets_no_pyproject_toml(tmp_path: Path) -> None:
    (tmp_path / "setup.py").touch()
    assert find_settings_file(tmp_path) == tmp_path / OWN_FILE
    (tmp_path / "pyproject.toml").touch()
    assert find_settings_file(tmp_path) == tmp_path / "pyproject.toml"
    (tmp_path / OWN_FILE).touch()  # it would hide the table of the other one
    assert find_settings_file(tmp_path) == tmp_path / OWN_FILE
