from __future__ import annotations

import pytest
import tomlkit

from raising import raises_error
from releasekit.consumer.uv_toml import UvToml, set_index
from releasekit.errors.usage import BROKEN_SETTINGS

WANTED = {"name": "pypi-group", "url": "https://new/simple/", "default": "true"}
INDEX = '[[index]]\nname = "pypi-group"\nurl = "https://new/simple/"\ndefault = true\n'
CORP = '[[index]]\nname = "corp"  # ours\nurl = "https://corp/simple"\n'

TEXTS = {
    "nothing yet": ("", INDEX),
    "comments and other settings stay": (
        '# mine\nresolution = "highest"  # sic\n\n[pip]\nno-deps = true\n',
        '# mine\nresolution = "highest"  # sic\n\n[pip]\nno-deps = true\n' + INDEX,
    ),
    "another index stays": (CORP, CORP + INDEX),
    "the default one becomes ours, and keeps its other keys": (
        '[[index]]\nname = "old"\n# why\nurl = "https://old/"\ndefault = true\n'
        'authenticate = "always"\n',
        '[[index]]\nname = "pypi-group"\n# why\nurl = "https://new/simple/"\ndefault = true\n'
        'authenticate = "always"\n',
    ),
    "the one of that name becomes the default one": (
        '[[index]]\nurl = "https://old/"\nname = "pypi-group"\n' + CORP,
        '[[index]]\nurl = "https://new/simple/"\nname = "pypi-group"\ndefault = true\n' + CORP,
    ),
    "a list on one line": (
        'index = [{ name = "corp", url = "https://corp/" }]\n',
        'index = [{ name = "corp", url = "https://corp/" }, '
        '{name = "pypi-group", url = "https://new/simple/", default = true}]\n',
    ),
    "all is well": (INDEX, INDEX),
}


@pytest.mark.parametrize(("text", "result"), TEXTS.values(), ids=TEXTS)
def test_index_is_set_and_all_else_stays(text: str, result: str) -> None:
    assert set_index(text, WANTED, "uv.toml").text == result


@pytest.mark.parametrize("text", [text for text, _ in TEXTS.values()], ids=TEXTS)
def test_what_was_set_is_read_and_is_the_first_default(text: str) -> None:
    done = set_index(text, WANTED, "uv.toml").text
    again = set_index(done, WANTED, "uv.toml")
    assert WANTED.items() <= again.index.items()
    tables = [table for table in tomlkit.parse(done).unwrap()["index"] if table.get("default")]
    assert tables[0]["url"] == "https://new/simple/"
    assert again.text == done


def test_settings_are_read() -> None:
    text = (
        'offline = false\nallow-insecure-host = ["a", "b"]\n'
        f'{CORP}[[index]]\nname = "torch"\nurl = "https://t"\nexplicit = true\n'
        '[[index]]\nurl = "https://nameless"\n'
        '[[index]]\nname = "d"\nurl = "https://d"\ndefault = true\n'
        "[pip]\nno-deps = true\n"
    )
    found = set_index(text, WANTED, "uv.toml")
    assert found == UvToml(
        index={"name": "d", "url": "https://d", "default": "true"},
        others={"corp": "https://corp/simple", "https://nameless": "https://nameless"},
        options={"offline": "false", "allow-insecure-host": "a b", "pip.no-deps": "true"},
        text=found.text,
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("a = \n", "Unexpected character: '\\n' at line 1 col 4", id="no TOML"),
        pytest.param('index = "https://x"\n', "index is no list of tables ([[index]])", id="text"),
        pytest.param("[index]\na = 1\n", "index is no list of tables ([[index]])", id="table"),
        pytest.param("index = [1]\n", "index is no list of tables ([[index]])", id="numbers"),
        pytest.param("pip = 1\n", "pip is no table ([pip])", id="pip"),
        pytest.param("a = 1\na = 2\n", 'Key "a" already exists. at line 2 col 0', id="a key twice"),
    ],
)
def test_a_broken_file_is_refused(text: str, reason: str) -> None:
    with raises_error(BROKEN_SETTINGS) as caught:
        set_index(text, WANTED, "/x/uv.toml")
    assert str(caught.value) == (
        "error E216: a settings file cannot be read\n"
        "  where: /x/uv.toml\n"
        f"  why:   {reason}\n"
        "  next:  correct that file, or move it away; nothing was changed"
    )
