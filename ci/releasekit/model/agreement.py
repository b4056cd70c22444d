"""Whether a wheel describes the same project as its sdist."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, cast

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from releasekit.plural import list_some

if TYPE_CHECKING:
    from packaging.metadata import RawMetadata

FIELDS = {
    "summary": "description",
    "description": "readme",
    "description_content_type": "readme",
    "keywords": "keywords",
    "home_page": "urls",
    "download_url": "urls",
    "project_urls": "urls",
    "author": "authors",
    "author_email": "authors",
    "maintainer": "maintainers",
    "maintainer_email": "maintainers",
    "license": "license",
    "license_expression": "license",
    "license_files": "license-files",
    "classifiers": "classifiers",
    "requires_python": "requires-python",
    "requires_dist": "dependencies",
    "provides_extra": "optional-dependencies",
}
"""Fields of core metadata that are compared, and where a project declares them. RK102 compares
name and version."""
HEADERS = {
    "license_files": "License-File",
    "classifiers": "Classifier",
    "project_urls": "Project-URL",
}
"""Headers of fields that are not called so."""
BY_MACHINE = ("requires_dist", "provides_extra")
"""What setup.py may compute for the machine that it runs on."""
STATIC = (2, 2)
"""The metadata version from which an sdist says what a wheel must not change (PEP 643)."""


def find_disagreements(sdist: RawMetadata, wheel: RawMetadata, *, is_pure: bool) -> dict[str, str]:
    """Return how the metadata of a wheel differs from its sdist's, by field.

    What the sdist declares as dynamic may differ (PEP 643) where the machine may decide it, which
    it does not for a wheel that is pure.
    """
    found = {field: _compare(field, sdist, wheel, is_pure=is_pure) for field in FIELDS}
    return {field: said for field, said in found.items() if said}


def _compare(field: str, sdist: RawMetadata, wheel: RawMetadata, *, is_pure: bool) -> str:
    """Return how a field differs, "" where it does not or may."""
    ours, theirs = (_read(field, one) for one in (sdist, wheel))
    if ours == theirs or not (_is_static(field, sdist) or ours):
        return ""  # setuptools before 77 leaves fields out of sdists
    if field == "license_files" and ours <= theirs:
        return ""  # pbr writes AUTHORS into the sdist that it is making
    if field in BY_MACHINE and not is_pure and not _is_static(field, sdist):
        return ""
    name = HEADERS.get(field) or "-".join(word.capitalize() for word in field.split("_"))
    if not theirs:
        return f"{name} is empty in the wheel"
    if not ours:
        return f"{name} is empty in the sdist"
    if field == "description":
        return f"{name} differs"
    said = [
        f"only the {dist} has {list_some(sorted(more))}"
        for dist, more in (("sdist", ours - theirs), ("wheel", theirs - ours))
        if more
    ]
    return f"{name}: {', '.join(said)}"


def _is_static(field: str, metadata: Mapping[str, Any]) -> bool:
    """Tell whether an sdist promises that each wheel of it has the same value (PEP 643)."""
    version = tuple(map(int, re.findall(r"\d+", metadata.get("metadata_version", ""))))
    header = HEADERS.get(field, field).lower().replace("_", "-")
    dynamic = {str(name).lower() for name in metadata.get("dynamic", ())}
    return version >= STATIC and header not in dynamic


def _read(field: str, metadata: Mapping[str, Any]) -> frozenset[str]:
    """Return the values of a field, without what makes no difference."""
    value = metadata.get(field)
    if isinstance(value, Mapping):
        return frozenset(f"{label}, {url}" for label, url in value.items())
    if field == "keywords":
        return frozenset(re.split(r"[,\s]+", ",".join(value or ()))) - {""}
    if field == "requires_python":
        return frozenset(part.strip() for part in (value or "").split(",")) - {""}
    texts = [value] if isinstance(value, str) else cast("Collection[str]", value or ())
    plain = {" ".join(_normalize(field, text).split()) for text in texts}
    return frozenset(plain - {"", "UNKNOWN"})


def _normalize(field: str, text: str) -> str:
    if field == "provides_extra":
        return canonicalize_name(text)
    if field != "requires_dist":
        return text
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return text
    requirement.name = canonicalize_name(requirement.name)
    return str(requirement)
