"""By which key of the build backend a file gets into the sdist."""

from __future__ import annotations

from typing import Any

import pytest

from releasekit.checks.declared import find_packing


@pytest.mark.parametrize(
    ("system", "include"),
    [
        pytest.param(None, "in MANIFEST.in", id="no table"),
        pytest.param({"requires": ["setuptools"]}, "in MANIFEST.in", id="no backend"),
        pytest.param({"build-backend": "setuptools.build_meta:__legacy__"}, "in MANIFEST.in"),
        pytest.param({"build-backend": "pbr.build"}, "in MANIFEST.in"),
        pytest.param({"build-backend": "scikit_build_core.setuptools.build_meta"}, "MANIFEST.in"),
        pytest.param({"build-backend": "hatchling.build"}, "[tool.hatch.build.targets.sdist]"),
        pytest.param({"build-backend": "flit_core.buildapi"}, "[tool.flit.sdist]"),
        pytest.param({"build-backend": "flit_scm:buildapi"}, "[tool.flit.sdist]"),
        pytest.param({"build-backend": "poetry.core.masonry.api"}, "[tool.poetry]"),
        pytest.param({"build-backend": "poetry_dynamic_versioning.backend"}, "[tool.poetry]"),
        pytest.param({"build-backend": "pdm.backend"}, "[tool.pdm.build]"),
        pytest.param({"build-backend": "pdm.pep517.api"}, "[tool.pdm.build]"),
        pytest.param({"build-backend": "uv_build"}, "[tool.uv.build-backend]"),
        pytest.param({"build-backend": "scikit_build_core.build"}, "[tool.scikit-build]"),
        pytest.param({"build-backend": "mesonpy"}, ".gitattributes"),
        pytest.param({"build-backend": "maturin"}, "[tool.maturin]"),
        pytest.param(
            {"build-backend": "own", "backend-path": ["."], "requires": ["Hatchling>=1"]},
            "[tool.hatch.build.targets.sdist]",
            id="a wrapper of the project's own",
        ),
        pytest.param(
            {"build-backend": "hatchling", "backend-path": ["."], "requires": ["flit_core"]},
            "[tool.flit.sdist]",
            id="a wrapper with another's name",
        ),
        pytest.param({"build-backend": "acme.build"}, "as the documentation of acme.build says"),
        pytest.param({"build-backend": 1, "requires": 2}, "documentation of 1", id="nonsense"),
    ],
)
def test_key_is_that_of_the_backend_in_use(system: dict[str, Any] | None, include: str) -> None:
    pyproject = {} if system is None else {"build-system": system}
    assert include in find_packing(pyproject).include


@pytest.mark.parametrize(
    ("tables", "include"),
    [
        pytest.param({}, "`artifacts` in [tool.hatch.build.targets.sdist]", id="no list"),
        pytest.param(
            {"targets": {"sdist": {"include": ["src"]}}},
            "`include` in [tool.hatch.build.targets.sdist]",
            id="include",
        ),
        pytest.param(
            {"targets": {"sdist": {"include": ["a"], "only-include": ["src"]}}},
            "`only-include` in [tool.hatch.build.targets.sdist]",
            id="only-include",
        ),
        pytest.param({"include": ["src"]}, "`include` in [tool.hatch.build]", id="of all targets"),
    ],
)
def test_hatchlings_key_is_the_list_that_the_project_has(
    tables: dict[str, Any], include: str
) -> None:
    system = {"build-backend": "hatchling.build"}
    found = find_packing({"build-system": system, "tool": {"hatch": {"build": tables}}})
    assert include in found.include
