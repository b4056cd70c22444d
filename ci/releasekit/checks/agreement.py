"""RK124: whether a wheel describes the same project as its sdist."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from releasekit.checks.facts import DistFacts, in_project
from releasekit.checks.model import Check, Fault, Severity
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


def find_disagreements(sdist: RawMetadata, wheel: RawMetadata, *, is_pure: bool) -> dict[str, str]:
    """Return how the metadata of a wheel differs from its sdist's, by field.

    What the sdist declares as dynamic may differ (PEP 643) where the machine may decide it, which
    it does not for a wheel that is pure.
    """
    found = {field: _compare(field, sdist, wheel, is_pure=is_pure) for field in FIELDS}
    return {field: said for field, said in found.items() if said}


def _compare(field: str, sdist: RawMetadata, wheel: RawMetadata, *, is_pure: bool) -> str:
    """Return how a field differs, "" where it does not or may."""
    ours, theirs = _read(field, sdist), _read(field, wheel)
    is_static = _is_static(field, sdist)
    if ours == theirs or not (is_static or ours):
        return ""  # setuptools before 77 leaves fields out of sdists
    if field == "license_files" and ours <= theirs:
        return ""  # pbr writes AUTHORS into the sdist that it is making
    if field in ("requires_dist", "provides_extra") and not is_pure and not is_static:
        return ""  # setup.py may compute these for the machine that it runs on
    name = HEADERS.get(field) or "-".join(word.capitalize() for word in field.split("_"))
    if not (ours and theirs):
        return f"{name} is empty in the {'wheel' if ours else 'sdist'}"
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
    return version >= (2, 2) and header not in map(str.lower, metadata.get("dynamic", ()))


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
    if field == "requires_dist":
        with contextlib.suppress(InvalidRequirement):
            requirement = Requirement(text)
            requirement.name = canonicalize_name(requirement.name)
            return str(requirement)
    return text


def _find_other_description(facts: DistFacts) -> Iterator[Fault]:
    sdist = next((one for one in facts.others if not one.is_wheel), None)
    if not facts.is_wheel or sdist is None or not (sdist.metadata and facts.metadata):
        return
    is_pure = all(tag.platform == "any" for tag in facts.dist.named.tags)
    fields = find_disagreements(sdist.metadata, facts.metadata, is_pure=is_pure)
    if not fields:
        return
    what, fix = (
        "",
        "see what the build reads that the sdist lacks, or that differs between machines",
    )
    if lacks := list(dict.fromkeys(_find_lacking(fields, sdist))):
        what = f", and the sdist lacks {list_some(lacks)}"
        fix = f"the wheel is built from the sdist: include it {sdist.project.packing.include}"
    yield Fault(
        message=f"the wheel does not say the same as the sdist: {'; '.join(fields.values())}{what}",
        fix=fix,
        place=in_project(facts, *(FIELDS[field] for field in fields)),
    )


def _find_lacking(fields: Collection[str], sdist: DistFacts) -> list[str]:
    """Return files that the sdist lacks and that the configuration names, or else a README."""
    packed = {member.name.partition("/")[2] for member in sdist.members}
    texts = list(sdist.project.declared.texts.values())
    missing = [name for name in sdist.project.versioned if name not in packed]
    # Files that descriptions are made of, and files that the other fields are read from.
    kinds = [r"(?i)(?:^|/)[^./]+$|\.(?:md|rst|txt)$"] if "description" in fields else []
    if set(fields) - {"description", "description_content_type"}:
        kinds.append(r"\.(?:txt|in|json|toml|py|ya?ml)$")
    found = []
    for name in missing:
        # In quotes, or as setup.cfg names a file.
        named = rf"""["'\s:]{re.escape(name)}(?:["'\s,]|$)"""
        if any(re.search(kind, name) for kind in kinds) and any(
            re.search(named, text) for text in texts
        ):
            found.append(name)
    if "description" in fields and not found:
        # A description beside the project, which no sdist can have.
        outside = r"""["'](\.\./(?:[\w.-]+/)*[\w.-]+\.(?:md|rst|txt))["']"""
        readme = [name for name in missing if re.fullmatch(r"(?i)README(?:\.\w+)?", name)]
        found = [name for text in texts for name in re.findall(outside, text)] or readme
    return found


RK124 = Check(
    code="RK124",
    title="sdist and wheel differ",
    severity=Severity.ERROR,
    explanation="Finds a wheel whose metadata is not that of its sdist: another description, "
    "other requirements, another license. What an sdist declares as dynamic (PEP 643) may differ "
    "where the machine may decide it.",
    why="who installs the wheel gets another project than who builds the sdist",
    fix="The wheel is built from the sdist. Mostly setup.py reads a file that is in git and not "
    "in the sdist, and goes on without it: include that file.",
    example="include README.md requirements.txt   # MANIFEST.in",
    find=_find_other_description,
)
