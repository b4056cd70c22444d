from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from releasekit.inspect.project import find_counter, find_stated_version

POETRY = (
    '[build-system]\nrequires = ["poetry-core>=1.9"]\nbuild-backend = "poetry.core.masonry.api"\n'
)
PLUGIN = POETRY.replace('"]', '", "poetry-dynamic-versioning>=1.4,<2"]')
CFG = "[metadata]\nversion = 1.2.3\n"
PROJECT = '[project]\nversion = "1.2.3"\n'
DYNAMIC = '[project]\ndynamic = ["version"]\n'
SETUPTOOLS = '[build-system]\nrequires = ["setuptools>=80"]\n'


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (root / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("files", "place"),
    [
        pytest.param({"pyproject.toml": PROJECT}, "pyproject.toml project.version", id="PEP 621"),
        pytest.param(
            {"pyproject.toml": f'{POETRY}[tool.poetry]\nversion = "1.2.3"\n'},
            "pyproject.toml tool.poetry.version",
            id="poetry",
        ),
        pytest.param(
            {"pyproject.toml": f'{POETRY}{DYNAMIC}[tool.poetry]\nversion = "1.2.3"\n'},
            "pyproject.toml tool.poetry.version",
            id="poetry 2, dynamic",
        ),
        pytest.param(
            {"pyproject.toml": f'{POETRY}{PROJECT}[tool.poetry]\nversion = "1.2.3"\n'},
            "pyproject.toml project.version",
            id="poetry 2, static",
        ),
        pytest.param(
            {"pyproject.toml": f'{PLUGIN}[tool.poetry]\nversion = "0.0.0"\n'}, None, id="plugin"
        ),
        pytest.param({"setup.cfg": CFG}, "setup.cfg metadata.version", id="setup.cfg alone"),
        pytest.param(
            {"setup.cfg": CFG, "pyproject.toml": SETUPTOOLS},
            "setup.cfg metadata.version",
            id="setup.cfg, and requirements",
        ),
        pytest.param(
            {"setup.cfg": CFG, "pyproject.toml": SETUPTOOLS + DYNAMIC},
            "setup.cfg metadata.version",
            id="setup.cfg, and a project",
        ),
        pytest.param(
            {"setup.cfg": CFG, "pyproject.toml": SETUPTOOLS + PROJECT},
            "pyproject.toml project.version",
            id="both",
        ),
        pytest.param(
            {"setup.cfg": CFG, "setup.py": "from setuptools import setup\nsetup()\n"},
            "setup.cfg metadata.version",
            id="setup.cfg and an empty setup.py",
        ),
        pytest.param(
            {"setup.cfg": CFG, "setup.py": "from setuptools import setup\nsetup(version='2')\n"},
            None,
            id="setup.py has another",
        ),
        pytest.param(
            {"setup.cfg": CFG, "pyproject.toml": POETRY.replace("poetry", "hatchling")},
            None,
            id="setup.cfg that the backend does not read",
        ),
        pytest.param(
            {
                "setup.cfg": CFG,
                "pyproject.toml": f"{SETUPTOOLS}{DYNAMIC}"
                '[tool.setuptools.dynamic]\nversion = { file = "VERSION" }\n',
            },
            None,
            id="setuptools reads a file",
        ),
        pytest.param(
            {
                "setup.cfg": CFG,
                "pyproject.toml": '[build-system]\nrequires = ["pbr", "setuptools"]',
            },
            None,
            id="pbr counts from it",
        ),
        pytest.param({"setup.cfg": "[metadata]\nversion = attr: x.y\n"}, None, id="attr"),
        pytest.param({"pyproject.toml": '[project]\nversion = "one"\n'}, None, id="no version"),
        pytest.param({"pyproject.toml": "[project]\nversion = 1\n"}, None, id="no text"),
        pytest.param({"pyproject.toml": DYNAMIC}, None, id="dynamic"),
        pytest.param({"pyproject.toml": "tool = 1\nbuild-system = []\n"}, None, id="odd tables"),
        pytest.param({}, None, id="nothing"),
    ],
)
def test_version_that_can_be_written_anew(
    tmp_path: Path, files: Mapping[str, str], place: str | None
) -> None:
    write(tmp_path, files)
    stated = find_stated_version(tmp_path)
    assert (f"{stated.file} {'.'.join(stated.keys)}" if stated else None) == place


@pytest.mark.parametrize(
    ("files", "counter"),
    [
        (
            {"pyproject.toml": SETUPTOOLS.replace("setuptools", "Setuptools_SCM[toml]")},
            "setuptools-scm",
        ),
        ({"pyproject.toml": SETUPTOOLS.replace("setuptools", "hatch-vcs")}, "hatch-vcs"),
        ({"pyproject.toml": PLUGIN}, "poetry-dynamic-versioning"),
        ({"pyproject.toml": '[tool.pdm.version]\nsource = "scm"\n'}, "pdm-backend"),
        ({"setup.py": "setup(use_scm_version=True)\n"}, "use_scm_version"),
        ({"setup.py": "import versioneer\n"}, "versioneer"),
        ({"setup.py": "run(['git', 'describe', '--tags'])\n"}, "setup.py"),
        ({"setup.cfg": "[options]\nsetup_requires = pbr\n"}, "pbr"),
        ({"pyproject.toml": SETUPTOOLS, "setup.py": "setup(version='1')\n"}, ""),
        ({"pyproject.toml": PROJECT}, ""),
        ({}, ""),
    ],
)
def test_tool_that_counts_from_tags(tmp_path: Path, files: Mapping[str, str], counter: str) -> None:
    write(tmp_path, files)
    assert find_counter(tmp_path) == counter
