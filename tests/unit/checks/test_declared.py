"""Lines of pyproject.toml, setup.cfg and setup.py, as findings name them."""

from __future__ import annotations

import pytest

from releasekit.checks.declared import NOWHERE, Place, parse_declared

PYPROJECT = '''\
[build-system]
requires = ["hatchling"]

[tool.other]
license = "not ours"

[project]  # what it is
name = "demo"
readme = """
[project.urls]
version = "no"
"""
version = "1.0"
dependencies = [
    "alpha",
    "beta>=2",
]
license.text = "MIT"
"requires-python" = ">=3.10"

[project.scripts]
demo = "demo:main"
'''
SETUP_CFG = """\
# version = 0
[metadata]
name = demo
version = attr: demo.__version__
url = https://demo.example.com
long-description = file: README.md
author_email = a@example.com
license_files = LICENSE
classifiers =
    Private :: Do Not Upload
    Framework :: Nothing

[options]
python_requires = >=3.10
install_requires =
    alpha
    beta>=2

[options.entry_points]
console_scripts =
    demo = demo:main
"""
SETUP_PY = """\
import setuptools

NAME = "demo"

setuptools.setup(
    name=NAME,
    version="1.0",
    url="https://demo.example.com",
    python_requires=">=3.10",
    install_requires=[
        "alpha",
        "beta>=2",
    ],
    entry_points={"console_scripts": ["demo = demo:main"]},
)
"""
POETRY = """\
[tool.poetry]
name = "demo"
homepage = "https://demo.example.com"

[tool.poetry.dependencies]
alpha = "*"
"""
TEXTS = {"pyproject.toml": PYPROJECT, "setup.cfg": SETUP_CFG, "setup.py": SETUP_PY}


@pytest.mark.parametrize(
    ("file", "names", "near", "line"),
    [
        pytest.param("pyproject.toml", ("version",), "", 13, id="key"),
        pytest.param("pyproject.toml", ("dependencies",), "", 14, id="list"),
        pytest.param("pyproject.toml", ("dependencies",), "beta", 16, id="item of a list"),
        pytest.param("pyproject.toml", ("dependencies",), "gamma", 14, id="item that is not there"),
        pytest.param("pyproject.toml", ("license",), "", 18, id="dotted key"),
        pytest.param("pyproject.toml", ("requires-python",), "", 19, id="quoted key"),
        pytest.param("pyproject.toml", ("scripts",), "demo:main", 22, id="item of a table"),
        pytest.param("pyproject.toml", ("build-system",), "", 1, id="build system"),
        pytest.param("pyproject.toml", ("urls",), "", 7, id="not declared: the table"),
        pytest.param("pyproject.toml", ("urls", "readme"), "", 9, id="the first that is declared"),
        pytest.param("setup.cfg", ("version",), "", 4, id="setup.cfg, key"),
        pytest.param("setup.cfg", ("urls",), "", 5, id="setup.cfg, by its own name"),
        pytest.param("setup.cfg", ("readme",), "", 6, id="setup.cfg, with a dash"),
        pytest.param("setup.cfg", ("authors",), "", 7, id="setup.cfg, authors"),
        pytest.param("setup.cfg", ("license-files",), "", 8, id="setup.cfg, license files"),
        pytest.param("setup.cfg", ("classifiers",), "Framework", 11, id="setup.cfg, item"),
        pytest.param("setup.cfg", ("requires-python",), "", 14, id="setup.cfg, options"),
        pytest.param("setup.cfg", ("dependencies",), "beta", 17, id="setup.cfg, dependency"),
        pytest.param("setup.cfg", ("scripts",), "demo:main", 21, id="setup.cfg, entry point"),
        pytest.param("setup.cfg", ("maintainers",), "", 2, id="setup.cfg, not declared"),
        pytest.param("setup.py", ("version",), "", 7, id="setup.py, keyword"),
        pytest.param("setup.py", ("urls",), "", 8, id="setup.py, by its own name"),
        pytest.param("setup.py", ("requires-python",), "", 9, id="setup.py, requires-python"),
        pytest.param("setup.py", ("dependencies",), "beta", 12, id="setup.py, item"),
        pytest.param("setup.py", ("scripts",), "demo:main", 14, id="setup.py, entry point"),
        pytest.param("setup.py", ("license",), "", 5, id="setup.py, not declared: the call"),
    ],
)
def test_field_is_found_in_its_line(
    file: str, names: tuple[str, ...], near: str, line: int
) -> None:
    declared = parse_declared({file: TEXTS[file]})
    assert declared.find(*names, near=near) == Place(file=file, line=line)


@pytest.mark.parametrize(
    ("name", "line"), [("urls", 3), ("name", 2), ("dependencies", 5), ("license", 1)]
)
def test_poetrys_own_table_is_read_too(name: str, line: int) -> None:
    declared = parse_declared({"pyproject.toml": POETRY})
    assert declared.find(name) == Place(file="pyproject.toml", line=line)


def test_pyproject_goes_before_setup_cfg_and_that_before_setup_py() -> None:
    declared = parse_declared(TEXTS)
    assert declared.find("version") == Place(file="pyproject.toml", line=13)
    assert declared.find("urls") == Place(file="setup.cfg", line=5)
    assert declared.find("maintainers") == Place(file="pyproject.toml", line=7)


@pytest.mark.parametrize(
    ("texts", "place"),
    [
        pytest.param({}, Place(file="setup.py"), id="no file"),
        pytest.param({"setup.py": "setup("}, Place(file="setup.py"), id="syntax error"),
        pytest.param({"setup.py": "\0"}, Place(file="setup.py"), id="null byte"),
        pytest.param(
            {"setup.py": "from pbr import run\nrun()"}, Place(file="setup.py"), id="no setup()"
        ),
        pytest.param({"setup.cfg": "[["}, Place(file="setup.cfg"), id="damaged"),
        pytest.param(
            {"pyproject.toml": "[build-system]\n", "setup.cfg": "[metadata]\n"},
            Place(file="setup.cfg", line=1),
            id="metadata in the second file",
        ),
    ],
)
def test_where_nothing_is_declared_the_file_is_named(texts: dict[str, str], place: Place) -> None:
    assert parse_declared(texts).find("urls") == place


SETUP_CFG = "[metadata]\nname = demo\n"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"pyproject.toml": "[project]\n"}, 'add requires-python = ">=3" to [project]'),
        (
            {"pyproject.toml": '[tool.poetry]\nname = "demo"\n'},
            'add python = ">=3" to [tool.poetry.dependencies]',
        ),
        (
            {"pyproject.toml": '[tool.poetry]\npackages = []\n[project]\nname = "demo"\n'},
            'add requires-python = ">=3" to [project]',
        ),
        ({"setup.cfg": SETUP_CFG}, "add python_requires = >=3 to [options] of setup.cfg"),
        (
            {"pyproject.toml": "[build-system]\n", "setup.py": "setup(name='demo')"},
            'add python_requires=">=3" to setup()',
        ),
        ({}, 'add requires-python = ">=3" to [project]'),
    ],
    ids=["PEP 621", "poetry", "poetry 2", "setup.cfg", "setup.py", "no project at hand"],
)
def test_a_field_is_added_where_the_project_declares_its_metadata(
    texts: dict[str, str], expected: str
) -> None:
    poetry = 'python = ">=3" to [tool.poetry.dependencies]'
    declared = parse_declared(texts) if texts else NOWHERE
    spelled = declared.spell_addition(
        'requires-python = ">=3"', "python_requires", ">=3", poetry=poetry
    )
    assert spelled == expected
