"""A plan compares dists with the index."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from packaging.version import Version

from releasekit.commands.access import note_server_oddities
from releasekit.commands.conflict import refuse_conflicts
from releasekit.commands.record import read_dists, read_whole_record
from releasekit.commands.version import read_releasable_project, refuse_final_snapshot
from releasekit.context import ProjectContext
from releasekit.errors import ReleasekitError
from releasekit.errors.refused import OTHER_BYTES_SERVED
from releasekit.index.layouts import open_index
from releasekit.index.pages import Index
from releasekit.model.dists import Dist
from releasekit.model.plan import Action, Plan, compare, find_undecided, find_unproven
from releasekit.model.record import Record
from releasekit.model.simple_page import ProjectPage, PublishedFile
from releasekit.outcome import Planned
from releasekit.threads import run_in_threads

POLL = 1.0
"""Seconds between two looks at an index that does not show an upload yet."""


def run(ctx: ProjectContext) -> None:
    """Compare the dists that were built with the index."""
    record = read_whole_record(ctx, read_releasable_project(ctx))
    make_plan(ctx, record, read_dists(ctx, record))


def make_plan(ctx: ProjectContext, record: Record, dists: Sequence[Dist]) -> Plan:
    """Plan against the repository that is published to; raises Conflict for other bytes there."""
    ctx.progress.begin("plan")
    url = upload_url(ctx, record)
    if url == ctx.target.snapshots_url:
        refuse_final_snapshot(ctx, Version(record.version), record.commit)
    index = open_repository(ctx, url)
    page = _decide(ctx, dists, index.read_page(record.normalized_name), url)
    note_server_oddities(ctx, index)
    plan = compare(dists, page, url=url)
    ctx.progress.finish(Planned(plan=plan))
    refuse_conflicts(ctx, record, plan, page)
    _look_ahead(ctx, record, dists)
    return plan


def _look_ahead(ctx: ProjectContext, record: Record, dists: Sequence[Dist]) -> None:
    """Find out before the upload that the group is none, or has other files of these names."""
    url = install_url(ctx, record)
    if url != upload_url(ctx, record):
        page = open_repository(ctx, url).read_page(record.normalized_name)
        refuse_other_bytes(compare(dists, page, url=url))


def refuse_other_bytes(plan: Plan) -> None:
    """Raise OTHER_BYTES_SERVED where the index to install from has other bytes under a name."""
    if files := _list_conflicts(plan):
        raise ReleasekitError(OTHER_BYTES_SERVED, url=plan.url, files="\n".join(files))


def _list_conflicts(plan: Plan) -> list[str]:
    return [
        f"{file.dist.filename}: {file.why}" for file in plan.files if file.action is Action.CONFLICT
    ]


def upload_url(ctx: ProjectContext, record: Record) -> str:
    """Return the repository for this version: development versions go to `snapshots`."""
    snapshots = ctx.target.snapshots_url
    if record.tag is None and not ctx.target.sandbox and snapshots:
        return snapshots
    return ctx.target.upload_url


def install_url(ctx: ProjectContext, record: Record) -> str:
    """Return the repository that this version is installed from: the group has no snapshots."""
    goes_to = upload_url(ctx, record)
    return ctx.target.install_url if goes_to == ctx.target.upload_url else goes_to


def open_repository(ctx: ProjectContext, url: str) -> Index:
    """Return the index of a repository of the target, with its credentials."""
    return open_index(
        url,
        client=ctx.network.client,
        reader=ctx.target.find_reader(url),
        publisher=ctx.target.credentials,
    )


def is_published(ctx: ProjectContext, record: Record, dists: Sequence[Dist]) -> str:
    """Return the hosted repository if it lists one of these files, with our SHA-256; else ""."""
    url = upload_url(ctx, record)
    if not url:
        return ""
    with contextlib.suppress(ReleasekitError):  # what is not known is not published
        page = open_repository(ctx, url).read_page(record.normalized_name)
        listed = [dist for dist in dists if page.find(dist.filename)]
        unproven = find_unproven(listed, page)
        page = page.with_served(download_digests(ctx, unproven, listed, url))
        for dist in listed:
            served = page.find(dist.filename)
            if served and served.digest("sha256") == dist.sha256:
                return url
    return ""


def read_decided_page(
    ctx: ProjectContext, record: Record, dists: Sequence[Dist], url: str
) -> ProjectPage:
    """Read the project's page, and download what it does not decide."""
    return _decide(ctx, dists, open_repository(ctx, url).read_page(record.normalized_name), url)


def _decide(ctx: ProjectContext, dists: Sequence[Dist], page: ProjectPage, url: str) -> ProjectPage:
    return page.with_served(download_digests(ctx, find_undecided(dists, page), dists, url))


def download_digests(
    ctx: ProjectContext,
    files: Sequence[PublishedFile],
    dists: Sequence[Dist],
    url: str,
    paths: Mapping[str, Path] | None = None,
) -> dict[PublishedFile, PublishedFile | None]:
    """Download published dists, several at once, and return each with its SHA-256.

    None stands for a dead link. `paths` says where a file is kept, by its name.
    """
    index, expected = open_repository(ctx, url), {dist.filename: dist for dist in dists}

    def read(file: PublishedFile) -> PublishedFile | None:
        path = (paths or {}).get(file.filename)
        return index.read_digest(file, expected[file.filename], path)

    return dict(zip(files, run_in_threads(read, files), strict=True))
