"""What build backends are told: the variables by which they take a version instead of asking git.

Backends without one (versioneer, versioningit, dunamai's) ask git, and find the release's tag.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from packaging.version import Version

VERSION_VARIABLES = (
    "SETUPTOOLS_SCM_PRETEND_VERSION",  # setuptools-scm, hatch-vcs, scikit-build-core
    "VCS_VERSIONING_PRETEND_VERSION",  # vcs-versioning, the library below setuptools-scm 10
    "PDM_BUILD_SCM_VERSION",  # pdm-backend, metadata.md
    "PBR_VERSION",  # pbr, doc/source/user/packagers.rst
    "POETRY_DYNAMIC_VERSIONING_BYPASS",  # poetry-dynamic-versioning, README
    "UV_DYNAMIC_VERSIONING_BYPASS",  # uv-dynamic-versioning, README
)
OVERRIDES = re.compile(
    r"\w+_PRETEND_(VERSION|METADATA)(_FOR_\w+)?|POETRY_DYNAMIC_VERSIONING_OVERRIDE"
)
"""Variables of the user's by which these tools would pass ours over, or add to it."""


def tell_version(environ: Mapping[str, str], version: Version) -> dict[str, str]:
    """Return the environment of a build, with the version of the release tag and no other one."""
    kept = {name: value for name, value in environ.items() if not OVERRIDES.fullmatch(name)}
    return {**kept, **dict.fromkeys(VERSION_VARIABLES, str(version))}
