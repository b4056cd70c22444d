"""Files that belong to the packages of a project, and those that only developers need."""

from __future__ import annotations

import pytest

from releasekit.checks.dists import list_sources

FLAT = ("acme/__init__.py", "acme/core.py", "tests/acme/test_core.py", "README.md")
SRC = ("src/acme/__init__.py", "docs/acme/conf.py", "tests/test_core.py")
NAMESPACE = ("src/acme/tools/core.py", "README.md")
MODULE = ("acme.py", "README.md")
WHEEL = ("acme/__init__.py", "acme/core.py", "acme-1.0.dist-info/METADATA")


@pytest.mark.parametrize(
    ("packed", "installed", "name", "belongs"),
    [
        pytest.param(FLAT, WHEEL, "acme/data.json", True, id="data of a package"),
        pytest.param(FLAT, WHEEL, "acme/docs/help.rst", True, id="pages of a package"),
        pytest.param(FLAT, WHEEL, "acme/tools/x.py", True, id="a package named as developers do"),
        pytest.param(FLAT, WHEEL, "acme/.env.example", True, id="a dot file of a package"),
        pytest.param(FLAT, WHEEL, "acme/.gitkeep", False, id="git's own"),
        pytest.param(FLAT, WHEEL, "acme/tests/data.json", False, id="tests in a package"),
        pytest.param(FLAT, WHEEL, "tests/acme/data.json", False, id="tests beside it"),
        pytest.param(FLAT, WHEEL, "other/__init__.py", True, id="a package that was forgotten"),
        pytest.param(FLAT, WHEEL, "other.py", True, id="a module that was forgotten"),
        pytest.param(FLAT, WHEEL, "noxfile.py", False, id="noxfile"),
        pytest.param(FLAT, WHEEL, "get-acme.py", False, id="a script that cannot be imported"),
        pytest.param(FLAT, WHEEL, ".pre-commit-config.yaml", False, id="dot file"),
        pytest.param(FLAT, WHEEL, ".ci/build.py", False, id="directory with a dot"),
        pytest.param(FLAT, WHEEL, "docs/index.rst", False, id="docs"),
        pytest.param(FLAT, WHEEL, "CHANGES.rst", False, id="changes"),
        pytest.param(FLAT, WHEEL, "uv.lock", False, id="lock"),
        pytest.param(SRC, WHEEL, "src/acme/data.json", True, id="src"),
        pytest.param(SRC, WHEEL, "src/other/__init__.py", True, id="src, another package"),
        pytest.param(SRC, WHEEL, "docs/acme/guide.rst", False, id="docs of that name"),
        pytest.param(
            NAMESPACE, ("acme/tools/core.py",), "src/acme/tools/a.txt", True, id="namespace"
        ),
        pytest.param(MODULE, ("acme.py",), "other.py", True, id="single module"),
        pytest.param(MODULE, ("acme.py",), "data/a.txt", False, id="single module, data"),
        pytest.param(
            ("docker/__init__.py",), ("docker/__init__.py",), "docker/a", True, id="docker"
        ),
        pytest.param((), (), "acme/data.json", False, id="nothing is known"),
    ],
)
def test_files_of_packages_are_distinguished_from_those_of_developers(
    packed: tuple[str, ...], installed: tuple[str, ...], name: str, belongs: bool
) -> None:
    versioned = (*packed, "other/__init__.py", "tests/__init__.py")
    found = list_sources([name], packed=packed, installed=installed, versioned=versioned)
    assert found == ([name] if belongs else [])
