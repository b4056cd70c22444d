"""What build backends are told: the variables by which they take a version instead of asking git.

Backends without one (versioneer, versioningit, dunamai's) ask git, and find the release's tag.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from packaging.version import InvalidVersion, Version

VERSION_VARIABLES = (
    "SETUPTOOLS_SCM_PRETEND_VERSION",  # setuptools-scm, hatch-vcs, scikit-build-core
    "VCS_VERSIONING_PRETEND_VERSION",  # vcs-versioning, the library below setuptools-scm 10
    "PDM_BUILD_SCM_VERSION",  # pdm-backend, metadata.md
    "PBR_VERSION",  # pbr, doc/source/user/packagers.rst
    "POETRY_DYNAMIC_VERSIONING_BYPASS",  # poetry-dynamic-versioning, README
    "UV_DYNAMIC_VERSIONING_BYPASS",  # uv-dynamic-versioning, README
)
OF_SCM = 2
"""How many of these are setuptools-scm's."""
OVERRIDES = re.compile(
    r"\w+_PRETEND_(VERSION|METADATA)(_FOR_\w+)?|POETRY_DYNAMIC_VERSIONING_OVERRIDE"
)
"""Variables of the user's by which these tools would pass ours over, or add to it."""


def tell_version(
    environ: Mapping[str, str], version: Version, *, scm_knows: bool = False
) -> dict[str, str]:
    """Return the environment of a build, with the version of the release tag and no other one.

    setuptools-scm is not told what it `knows` from the tag: else its sdists lack the commit
    (setuptools-scm 10: scm_version.json, commit_id).
    """
    kept = {name: value for name, value in environ.items() if not OVERRIDES.fullmatch(name)}
    told = VERSION_VARIABLES[OF_SCM:] if scm_knows else VERSION_VARIABLES
    return {**kept, **dict.fromkeys(told, str(version))}


def is_version(output: str, version: Version) -> bool:
    """Tell whether the last line of an output is this version."""
    lines = output.split("\n")
    try:
        return Version([line for line in lines if line.strip()][-1].strip()) == version
    except (IndexError, InvalidVersion):
        return False
