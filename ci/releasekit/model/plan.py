"""The plan: what a release has to do, from comparing dists with an index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from releasekit.model.dists import Dist, DistKind
from releasekit.model.simple_page import ProjectPage, PublishedFile


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


def find_undecided(dists: Sequence[Dist], page: ProjectPage) -> tuple[PublishedFile, ...]:
    """Return the listed files about whose bytes the page says nothing.

    A page of Nexus 3.30 carries md5 (docs/nexus-behaviour.md#simple-pages). That is enough to plan
    by; before a release is done, SHA-256 proves every file.
    """
    return tuple(file for _, file in _find_listed(dists, page) if not file.hashes)


def find_unproven(dists: Sequence[Dist], page: ProjectPage) -> tuple[PublishedFile, ...]:
    """Return the listed files that may be the dists, and that no SHA-256 of the page proves."""
    return tuple(
        file
        for dist, file in _find_listed(dists, page)
        if file.digest("sha256") is None and file.digest("md5") in (None, dist.md5)
    )


def _find_listed(dists: Sequence[Dist], page: ProjectPage) -> Iterator[tuple[Dist, PublishedFile]]:
    for dist in dists:
        if file := page.find(dist.filename):
            yield dist, file


def compare(dists: Sequence[Dist], page: ProjectPage, *, url: str) -> Plan:
    """Return the plan for dists against a page whose undecided files carry SHA-256 by now.

    What a page says is believed, here; `find_unproven` tells what is still to be proven.
    """
    return Plan(
        url=url, files=tuple(_compare_file(dist, page.find(dist.filename)) for dist in dists)
    )


def _compare_file(dist: Dist, published: PublishedFile | None) -> PlannedFile:
    if published is None:
        return PlannedFile(dist=dist, action=Action.UPLOAD, why="not published yet")
    for algorithm, ours in (("sha256", dist.sha256), ("md5", dist.md5)):
        theirs = published.digest(algorithm)
        if theirs and theirs != ours:
            why = f"published with {algorithm} {theirs}, built with {ours}"
            return PlannedFile(dist=dist, action=Action.CONFLICT, why=why)
    return PlannedFile(dist=dist, action=Action.SKIP, why="published with the same bytes")
