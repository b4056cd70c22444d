"""Facts about dists, gathered with the tools that know them; judging is not done here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from releasekit.archives import read_metadata
from releasekit.checks.facts import NO_PROJECT, DistFacts, ProjectFacts
from releasekit.inspect.archive import Archive, read_archive
from releasekit.inspect.metadata import find_deprecated, find_unknown, render_description
from releasekit.inspect.sdist import find_missing_files
from releasekit.inspect.wheel import (
    ContentsCheck,
    find_dead_entry_points,
    find_record_problems,
    read_contents_check,
)
from releasekit.model.dists import Dist, DistKind, parse_metadata


def gather_facts(
    dists: Sequence[Dist], project: ProjectFacts = NO_PROJECT, root: Path | None = None
) -> tuple[DistFacts, ...]:
    """Gather what the checks want to know of dists; `root` is their project's directory, if known.

    Changes the current directory for check-manifest: call it in the main thread.
    """
    check_contents = read_contents_check(root)
    return tuple(_gather(dist, project, root, check_contents) for dist in dists)


def _gather(
    dist: Dist, project: ProjectFacts, root: Path | None, check_contents: ContentsCheck
) -> DistFacts:
    archive = read_archive(dist)
    if archive.problem is not None:
        # What is left of it, a second tool might read without bounds.
        return DistFacts(
            dist=dist,
            metadata=None,
            project=project,
            archive_problem=archive.problem,
            members=archive.members,
            folders=archive.folders,
            secrets=archive.secrets,
        )
    text = read_metadata(dist)
    metadata, problems = parse_metadata(text) if text is not None else (None, ())
    said = metadata or {}
    is_wheel = dist.named.kind is DistKind.WHEEL
    classifiers = said.get("classifiers", [])
    return DistFacts(
        dist=dist,
        metadata=metadata,
        project=project,
        members=archive.members,
        folders=archive.folders,
        secrets=archive.secrets,
        metadata_problems=problems,
        description_problem=render_description(
            said.get("description"), said.get("description_content_type")
        ),
        unknown_classifiers=find_unknown(classifiers),
        deprecated_classifiers=find_deprecated(classifiers),
        record_problems=find_record_problems(dist.path, archive.members) if is_wheel else (),
        content_problems=check_contents(dist.path) if is_wheel else (),
        dead_entry_points=(
            find_dead_entry_points(dist.path, archive.members, said.get("requires_dist", []))
            if is_wheel
            else ()
        ),
        missing_files=() if is_wheel else _compare(archive, project, root),
    )


def _compare(archive: Archive, project: ProjectFacts, root: Path | None) -> tuple[str, ...]:
    if root is None:
        return ()
    packed = [member.name for member in archive.members]
    return find_missing_files(packed, root, project.versioned)
