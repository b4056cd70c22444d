from __future__ import annotations

import pytest
from packaging.version import Version

from releasekit.build.backend import pass_version

PASSED = {
    "SETUPTOOLS_SCM_PRETEND_VERSION": "1!2.0rc1",
    "VCS_VERSIONING_PRETEND_VERSION": "1!2.0rc1",
    "PDM_BUILD_SCM_VERSION": "1!2.0rc1",
    "PBR_VERSION": "1!2.0rc1",
    "POETRY_DYNAMIC_VERSIONING_BYPASS": "1!2.0rc1",
    "UV_DYNAMIC_VERSIONING_BYPASS": "1!2.0rc1",
}


def test_every_backend_gets_the_version_by_its_own_variable() -> None:
    environ = {"PATH": "/bin", "PBR_VERSION": "9"}
    assert pass_version(environ, Version("1!2.0-rc.1")) == {"PATH": "/bin", **PASSED}


@pytest.mark.parametrize(
    "name",
    [
        "SETUPTOOLS_SCM_PRETEND_VERSION_FOR_DEMO",
        "SETUPTOOLS_SCM_PRETEND_METADATA",
        "VCS_VERSIONING_PRETEND_METADATA_FOR_DEMO",
        "HATCH_VCS_PRETEND_VERSION",
        "POETRY_DYNAMIC_VERSIONING_OVERRIDE",
    ],
)
def test_variable_of_the_user_that_would_beat_the_tag_is_dropped(name: str) -> None:
    assert pass_version({name: "9"}, Version("1!2.0rc1")) == PASSED


@pytest.mark.parametrize("name", ["SETUPTOOLS_SCM_DEBUG", "PBR_REQUIREMENTS_FILES", "VERSION"])
def test_other_settings_of_the_user_stay(name: str) -> None:
    assert pass_version({name: "9"}, Version("1!2.0rc1")) == {name: "9", **PASSED}
