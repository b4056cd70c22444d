"""Whether the metadata of a wheel is that of its sdist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from packaging.metadata import RawMetadata

OF_ONE_DIST = {"metadata_version", "dynamic", "license_files"}
"""Fields that say how a dist is written. (Where license files lie in a wheel is its affair.)"""
SHOWN = 60
"""Characters of a value in a sentence."""


def find_disagreements(wheel: RawMetadata, sdist: RawMetadata) -> tuple[str, ...]:
    """Return the fields in which a wheel differs from its sdist, a sentence each.

    Fields that the sdist calls dynamic may differ (PEP 643); how a field is written, by which
    system, does not matter.
    """
    left: dict[str, Any] = dict(wheel)
    right: dict[str, Any] = dict(sdist)
    dynamic = {name.lower().replace("-", "_") for name in right.get("dynamic", [])}
    plurals = {f"{name}s" for name in dynamic} | {"classifiers" if "classifier" in dynamic else ""}
    skipped = (
        OF_ONE_DIST
        | dynamic
        | plurals
        | ({"provides_extra"} if "requires_dist" in dynamic else set())
    )
    names = sorted((left.keys() | right.keys()) - skipped)
    return tuple(
        f"{name.replace('_', '-')}: the wheel has {_show(left.get(name))}, "
        f"the sdist has {_show(right.get(name))}"
        for name in names
        if _normalize(name, left.get(name)) != _normalize(name, right.get(name))
    )


def _normalize(name: str, value: Any) -> Any:
    """Return a value as it is compared."""
    if isinstance(value, dict):
        return {key: _normalize(name, one) for key, one in value.items()}
    if isinstance(value, list):
        return sorted({str(_normalize(name, one)) for one in value})
    if not isinstance(value, str):
        return value or None
    text = "\n".join(line.rstrip() for line in value.splitlines()).strip()
    try:
        if name == "version":
            return Version(text)
        if name == "requires_dist":
            requirement = Requirement(text)
            requirement.name = canonicalize_name(requirement.name)
            return str(requirement)
    except (InvalidVersion, InvalidRequirement):
        return text
    return canonicalize_name(text) if name in ("name", "provides_extra") else text or None


def _show(value: Any) -> str:
    if not value:
        return "none"
    text = " ".join(str(value).split())
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
