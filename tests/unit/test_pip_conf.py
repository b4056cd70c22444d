from __future__ import annotations

import configparser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raising import raises_error
from releasekit.errors import BrokenSettings
from releasekit.errors.usage import BROKEN_SETTINGS
from releasekit.pip_conf import find_pip_folder, read_options, set_options

WANTED = {"global.index-url": "https://new/simple/", "global.cert": "/ca.pem"}
SETTINGS = "[global]\nindex-url = https://new/simple/\ncert = /ca.pem\n"

TEXTS = {
    "nothing yet": ("", SETTINGS),
    "comments, other keys and other sections stay": (
        "# mine\n[global]\n; why\nindex-url = https://old/\ntimeout: 60\n\n"
        "[install]\nno-deps = 1\n",
        "# mine\n[global]\n; why\nindex-url = https://new/simple/\ntimeout: 60\ncert = /ca.pem\n\n"
        "[install]\nno-deps = 1\n",
    ),
    "another section alone": (
        "[install]\nno-deps = 1",
        "[install]\nno-deps = 1\n" + SETTINGS,
    ),
    "a comment in an empty section": (
        "[global]\n# soon\n",
        "[global]\n# soon\nindex-url = https://new/simple/\ncert = /ca.pem\n",
    ),
    "keys as people spell them": (
        "[global]\nIndex_URL=https://old/\n",
        "[global]\nIndex_URL = https://new/simple/\ncert = /ca.pem\n",
    ),
    "a value on several lines": (
        "[global]\nindex-url =\n    https://a/\n    https://b/\ntimeout = 3\n",
        "[global]\nindex-url = https://new/simple/\ntimeout = 3\ncert = /ca.pem\n",
    ),
    "other values on several lines": (
        "[global]\nextra-index-url =\n    https://a/\n    https://b/\n\n# tail\n",
        "[global]\nextra-index-url =\n    https://a/\n    https://b/\n"
        "index-url = https://new/simple/\ncert = /ca.pem\n\n# tail\n",
    ),
    "line ends of Windows": (
        "[global]\r\ntimeout = 3\r\n",
        "[global]\r\ntimeout = 3\r\nindex-url = https://new/simple/\r\ncert = /ca.pem\r\n",
    ),
    "a percent sign is no interpolation": (
        "[global]\nproxy = http://u:%20@h\n",
        "[global]\nproxy = http://u:%20@h\nindex-url = https://new/simple/\ncert = /ca.pem\n",
    ),
    "all is well": (SETTINGS, SETTINGS),
}


@pytest.mark.parametrize(("text", "result"), TEXTS.values(), ids=TEXTS)
def test_options_are_set_and_all_else_stays(text: str, result: str) -> None:
    assert set_options(text, WANTED, "pip.conf") == result


@pytest.mark.parametrize("text", [text for text, _ in TEXTS.values()], ids=TEXTS)
def test_pip_reads_what_was_set(text: str) -> None:
    done = set_options(text, WANTED, "pip.conf")
    parser = configparser.RawConfigParser()  # as pip does
    parser.read_string(done)
    spelled = {key.lower().replace("_", "-"): value for key, value in parser["global"].items()}
    assert {f"global.{key}": spelled[key] for key in ("index-url", "cert")} == WANTED
    assert WANTED.items() <= read_options(done, "pip.conf").items()
    assert set_options(done, WANTED, "pip.conf") == done


def test_options_are_read_as_pip_spells_them() -> None:
    text = "[Global]\nx = 1\n[install]\nIndex_Url =\n  a\n  b\nno-value =\n"
    assert read_options(text, "pip.conf") == {
        "Global.x": "1",
        "install.index-url": "a\nb",
        "install.no-value": "",
    }


@pytest.mark.parametrize(
    ("platform", "exists", "folder"),
    [
        pytest.param("linux", True, ".config/pip", id="Linux"),
        pytest.param("darwin", True, "Library/Application Support/pip", id="macOS"),
        pytest.param("darwin", False, ".config/pip", id="macOS without a directory of its own"),
    ],
)
def test_directory_of_the_users_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, exists: bool, folder: str
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    if exists:
        (tmp_path / "Library" / "Application Support" / "pip").mkdir(parents=True)
    assert find_pip_folder({"HOME": str(tmp_path)}) == tmp_path / folder


KEYS = st.from_regex(r"[a-z]{1,8}", fullmatch=True).filter(lambda key: key != "cert")
VALUES = st.from_regex(r"[a-z0-9:/.%@-]{0,20}", fullmatch=True)
LINES = st.one_of(
    st.builds("{} = {}\n".format, KEYS, VALUES),
    st.builds("# {}\n".format, VALUES),
    st.just("\n"),
)


@given(st.lists(LINES, max_size=8).map(lambda lines: "[global]\n" + "".join(lines)))
def test_no_line_of_the_users_is_lost(text: str) -> None:
    try:
        done = set_options(text, WANTED, "pip.conf")
    except BrokenSettings:  # two of the same name
        return
    added = {"index-url = https://new/simple/\n", "cert = /ca.pem\n"}
    assert [line for line in done.splitlines(keepends=True) if line not in added] == (
        text.splitlines(keepends=True)
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(
            "index-url = a\n",
            "File contains no section headers. file: the file, line: 1 'index-url = a\\n'",
            id="no section",
        ),
        pytest.param(
            "[global]\njunk\n",
            "Source contains parsing errors: the file [line 2]: 'junk\\n'",
            id="no setting",
        ),
        pytest.param(
            "[global]\nx = 1\nx = 2\n",
            "While reading from the file [line 3]: option 'x' in section 'global' already exists",
            id="a key twice",
        ),
        pytest.param(
            "\ufeff[global]\n",
            "File contains no section headers. file: the file, line: 1 '\\ufeff[global]\\n'",
            id="a byte order mark, which pip does not read either",
        ),
    ],
)
def test_a_broken_file_is_refused(text: str, reason: str) -> None:
    for use in (
        lambda: read_options(text, "/x/pip.conf"),
        lambda: set_options(text, WANTED, "/x/pip.conf"),
    ):
        with raises_error(BROKEN_SETTINGS) as caught:
            use()
        assert str(caught.value) == (
            "error E216: a settings file cannot be read\n"
            "  where: /x/pip.conf\n"
            f"  why:   {reason}\n"
            "  next:  correct that file, or move it away; nothing was changed"
        )
