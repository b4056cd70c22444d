"""What differs between a file as it was built here and as it is published."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from packaging.utils import canonicalize_name
from packaging.version import Version

from releasekit.plural import list_some

SHOWN = 4
"""Members that are named; a tool that changed its output may differ in all of them."""
GENERATOR = re.compile(r"([A-Za-z0-9][\w.-]{0,60}) \(?v?([0-9][\w.+!-]{0,60})\)?")
"""As backends write it: "flit 3.12.0", "setuptools (80.1.0)"."""
PACKAGES = {"flit": "flit-core", "bdist-wheel": "wheel", "poetry": "poetry-core"}
"""Names that tools give themselves there, and those that they are installed by."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """What an archive holds."""

    members: tuple[tuple[str, str], ...]
    """Pairs of name and digest."""
    generator: str = ""
    """What made a wheel, as its file WHEEL says (the wheel specification)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """Sentences that tell what differs, and the constraint that fixes it where a tool does."""

    lines: tuple[str, ...]
    pin: str | None = None


def find_difference(
    built: Contents, published: Contents, requirements: Sequence[str]
) -> Difference:
    """Return what differs; `requirements` are those of the build here, pinned."""
    lines = _compare_members(dict(built.members), dict(published.members))
    ours, theirs = parse_generator(built.generator), parse_generator(published.generator)
    if not ours or not theirs or ours == theirs:
        return Difference(lines=lines)
    by = f"published was built by {' '.join(theirs)}, this one by {' '.join(ours)}"
    used = {canonicalize_name(requirement.partition("==")[0]) for requirement in requirements}
    pin = "==".join(theirs) if theirs[0] in used else None
    return Difference(lines=(*lines, by), pin=pin)


def parse_generator(text: str) -> tuple[str, str] | None:
    """Return the name to install and the version of what made a wheel."""
    match = GENERATOR.fullmatch(text.strip())
    if match is None:
        return None
    name = canonicalize_name(match[1])
    try:
        return PACKAGES.get(name, name), str(Version(match[2]))
    except ValueError:
        return None


def _compare_members(built: dict[str, str], published: dict[str, str]) -> tuple[str, ...]:
    both = built.keys() & published.keys()
    changed = [name for name in both if built[name] != published[name]]
    groups = (
        ("the content differs of", changed),
        ("only published has", [*published.keys() - both]),
        ("only this one has", [*built.keys() - both]),
    )
    lines = tuple(f"{said} {_list_names(names)}" for said, names in groups if names)
    return lines or ("all files in it have the same content: it was packed in another way",)


def _list_names(names: Sequence[str]) -> str:
    """Return names for a sentence; RECORD, which follows from the others, comes last."""
    ordered = sorted(names, key=lambda name: (name.endswith(".dist-info/RECORD"), name))
    return list_some([name if name.isprintable() else ascii(name) for name in ordered], SHOWN)
