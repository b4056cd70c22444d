"""RK124: whether a wheel describes the same project as its sdist."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, cast

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from releasekit.checks.facts import DistFacts, in_project
from releasekit.checks.model import Check, Fault, Severity
from releasekit.plural import list_some

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
README = re.compile(r"README(?:\.\w+)?", re.IGNORECASE)
OUTSIDE = re.compile(r"""["'](\.\./(?:[\w.-]+/)*[\w.-]+\.(?:md|rst|txt))["']""")
"""A description beside the project, which no sdist can have."""
TEXTS = re.compile(r"(?:^|/)[^./]+$|\.(?:md|rst|txt)$", re.IGNORECASE)
"""Files that descriptions are made of."""
DATA = re.compile(r"\.(?:txt|in|json|toml|py|ya?ml)$")
"""Files that the other fields are read from."""


def _find_other_description(facts: DistFacts) -> Iterator[Fault]:
    sdist = next((one for one in facts.others if not one.is_wheel), None)
    if not facts.is_wheel or sdist is None or not (sdist.metadata and facts.metadata):
        return
    fields = {field: said for field in FIELDS if (said := _compare(field, sdist, facts))}
    if not fields:
        return
    lacks = list(dict.fromkeys(_find_lacking(fields, sdist)))
    what = f", and the sdist lacks {list_some(lacks)}" if lacks else ""
    include = f"include it {sdist.project.packing.include}"
    yield Fault(
        message=f"the wheel does not say the same as the sdist: {'; '.join(fields.values())}{what}",
        fix=f"the wheel is built from the sdist: {include}"
        if lacks
        else "see what the build reads that the sdist lacks, or that differs between machines",
        place=in_project(facts, *(FIELDS[field] for field in fields)),
    )


def _compare(field: str, sdist: DistFacts, wheel: DistFacts) -> str:
    """Return how a field differs, "" where it does not or may."""
    ours, theirs = (_read(field, one.metadata or {}) for one in (sdist, wheel))
    if ours == theirs or not (_is_static(field, sdist.metadata or {}) or ours):
        return ""  # setuptools before 77 leaves fields out of sdists
    if field == "license_files" and ours <= theirs:
        return ""  # pbr writes AUTHORS into the sdist that it is making
    is_pure = all(tag.platform == "any" for tag in wheel.dist.named.tags)
    if field in BY_MACHINE and not is_pure and not _is_static(field, sdist.metadata or {}):
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


def _find_lacking(fields: Collection[str], sdist: DistFacts) -> Iterator[str]:
    """Yield files that the sdist lacks and that the configuration names, or else a README."""
    packed = {member.name.partition("/")[2] for member in sdist.members}
    texts = list(sdist.project.declared.texts.values())
    missing = [name for name in sdist.project.versioned if name not in packed]
    kinds = [TEXTS] if "description" in fields else []
    kinds += [DATA] if set(fields) - {"description", "description_content_type"} else []
    found = [
        name
        for name in missing
        if any(kind.search(name) for kind in kinds) and any(_names(text, name) for text in texts)
    ]
    if "description" in fields and not found:
        found = [name for text in texts for name in OUTSIDE.findall(text)]
        found = found or [name for name in missing if README.fullmatch(name)]
    yield from found


def _names(text: str, name: str) -> bool:
    """Tell whether a configuration names a file: in quotes, or as setup.cfg does."""
    return re.search(rf"""["'\s:]{re.escape(name)}(?:["'\s,]|$)""", text) is not None


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
