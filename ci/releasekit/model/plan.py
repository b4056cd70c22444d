"""What a release has to do: dists compared with an index, and a file with what is published."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from packaging.utils import canonicalize_name
from packaging.version import Version

from releasekit.model.dists import Dist, DistKind
from releasekit.model.simple_page import ProjectPage, PublishedFile
from releasekit.plural import list_some


class Action(Enum):
    """What is to be done with a file."""

    UPLOAD = "upload"
    SKIP = "skip"
    CONFLICT = "conflict"


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedFile:
    """A dist and what is to be done with it."""

    dist: Dist
    action: Action
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is to be done with every file of a release, against the index at `url`."""

    url: str
    files: tuple[PlannedFile, ...]

    def having(self, action: Action) -> tuple[Dist, ...]:
        """Return the dists with that action, wheels first and the sdist last.

        An installer that sees half a release then finds a wheel, never a lone sdist that it
        would have to build.
        """
        dists = [file.dist for file in self.files if file.action is action]
        return tuple(sorted(dists, key=lambda d: (d.named.kind is DistKind.SDIST, d.filename)))


def compare(dists: Sequence[Dist], page: ProjectPage, *, url: str) -> Plan:
    """Return the plan for dists against a page whose undecided files carry SHA-256 by now.

    What a page says is believed, here; `find_unproven` tells what is still to be proven.
    """
    files = (_compare_file(dist, page.find(dist.filename)) for dist in dists)
    return Plan(url=url, files=tuple(files))


def _compare_file(dist: Dist, published: PublishedFile | None) -> PlannedFile:
    if published is None:
        return PlannedFile(dist=dist, action=Action.UPLOAD, why="not published yet")
    for algorithm, ours in (("sha256", dist.sha256), ("md5", dist.md5)):
        theirs = published.digest(algorithm)
        if theirs and theirs != ours:
            why = f"published with {algorithm} {theirs}, built with {ours}"
            return PlannedFile(dist=dist, action=Action.CONFLICT, why=why)
    return PlannedFile(dist=dist, action=Action.SKIP, why="published with the same bytes")


def find_undecided(dists: Sequence[Dist], page: ProjectPage) -> tuple[PublishedFile, ...]:
    """Return the listed files about whose bytes the page says nothing.

    A page of Nexus 3.30 carries md5 (docs/nexus-behaviour.md#simple-pages). That is enough to plan
    by; before a release is done, SHA-256 proves every file.
    """
    listed = (page.find(dist.filename) for dist in dists)
    return tuple(file for file in listed if file and not file.hashes)


def find_unproven(dists: Sequence[Dist], page: ProjectPage) -> tuple[PublishedFile, ...]:
    """Return the listed files that may be the dists, and that no SHA-256 of the page proves."""
    return tuple(
        file
        for dist in dists
        if (file := page.find(dist.filename))
        if file.digest("sha256") is None and file.digest("md5") in (None, dist.md5)
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """What an archive holds: the digests of its members by name, and what made a wheel (WHEEL)."""

    members: Mapping[str, str]
    generator: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """Sentences that tell what differs, and the constraint that fixes it where a tool does."""

    lines: tuple[str, ...]
    pin: str | None = None


def find_difference(
    built: Contents, published: Contents, requirements: Sequence[str]
) -> Difference:
    """Return what differs; `requirements` are those of the build here, pinned."""
    lines = _compare_members(built.members, published.members)
    ours, theirs = parse_generator(built.generator), parse_generator(published.generator)
    if not ours or not theirs or ours == theirs:
        return Difference(lines=lines)
    by = f"published was built by {' '.join(theirs)}, this one by {' '.join(ours)}"
    used = {canonicalize_name(requirement.partition("==")[0]) for requirement in requirements}
    pin = "==".join(theirs) if theirs[0] in used else None
    return Difference(lines=(*lines, by), pin=pin)


def _compare_members(built: Mapping[str, str], published: Mapping[str, str]) -> tuple[str, ...]:
    both = built.keys() & published.keys()
    groups = {
        "the content differs of": {name for name in both if built[name] != published[name]},
        "only published has": published.keys() - both,
        "only this one has": built.keys() - both,
    }
    lines = []
    for said, names in groups.items():
        # RECORD follows from the others. A tool that changed its output may differ in all.
        ordered = sorted(names, key=lambda name: (name.endswith(".dist-info/RECORD"), name))
        shown = [name if name.isprintable() else ascii(name) for name in ordered]
        lines += [f"{said} {list_some(shown, 4)}"] if shown else []
    return tuple(lines) or ("all files in it have the same content: it was packed in another way",)


# Names that tools give themselves in WHEEL, and those that they are installed by.
PACKAGES = {"flit": "flit-core", "bdist-wheel": "wheel", "poetry": "poetry-core"}


def parse_generator(text: str) -> tuple[str, str] | None:
    """Return the name to install and the version of what made a wheel.

    Backends write "flit 3.12.0" or "setuptools (80.1.0)".
    """
    form = r"([A-Za-z0-9][\w.-]{0,60}) \(?v?([0-9][\w.+!-]{0,60})\)?"
    if (match := re.fullmatch(form, text.strip())) is None:
        return None
    name = canonicalize_name(match[1])
    try:
        return PACKAGES.get(name, name), str(Version(match[2]))
    except ValueError:
        return None
