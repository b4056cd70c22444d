"""A plan compares dists with the index."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path

from packaging.version import Version

from releasekit.archives import read_dist
from releasekit.commands.project import read_dists, read_releasable_project, read_whole_record
from releasekit.context import ProjectContext
from releasekit.doctor.server import find_warnings
from releasekit.errors import ReleasekitError, refused
from releasekit.index.layouts import open_index
from releasekit.index.pages import Index
from releasekit.inspect.archive import DAMAGED, read_contents
from releasekit.model.dists import Dist
from releasekit.model.project import render_tag
from releasekit.model.published import (
    Difference,
    Plan,
    ProjectPage,
    PublishedFile,
    compare,
    find_difference,
    find_undecided,
)
from releasekit.model.record import Record
from releasekit.outcome import Planned
from releasekit.plural import plural
from releasekit.tempdirs import open_tempdir
from releasekit.threads import run_in_threads

POLL = 1.0
"""Seconds between two looks at an index that does not show an upload yet."""
COMPARED = 4
"""Files that are downloaded to compare them, at most: many wheels of one build differ alike."""


def run(ctx: ProjectContext) -> None:
    """Compare the dists that were built with the index."""
    record = read_whole_record(ctx, read_releasable_project(ctx))
    make_plan(ctx, record, read_dists(ctx.results, record))


def make_plan(ctx: ProjectContext, record: Record, dists: Sequence[Dist]) -> Plan:
    """Plan against the repository that is published to; raises CONFLICT for other bytes there."""
    ctx.progress.begin("plan")
    url, installed_from = upload_url(ctx, record), install_url(ctx, record)
    version = Version(record.version)
    if url == ctx.target.snapshots_url and not version.is_devrelease:
        # `==1.0` means 1.0+local as well (PEP 440), and 1.0rc1 and 1.0.post1 are released by a tag.
        raise ReleasekitError(
            refused.NOT_A_DEVELOPMENT_VERSION,
            version=str(version),
            root=str(ctx.root),
            commit=record.commit[:10],
            snapshots=url,
            tag=render_tag(version.public, ctx.settings.tag_patterns),
        )
    index = open_repository(ctx, url)
    page = read_decided_page(index, record, dists)
    note_server_oddities(ctx, index)
    plan = compare(dists, page, url=url)
    ctx.progress.finish(Planned(plan=plan))
    refuse_conflicts(ctx, record, plan, page)
    if installed_from != url:  # before the upload: is it an index, and has it other files?
        page = open_repository(ctx, installed_from).read_page(record.normalized_name)
        refuse_other_bytes(compare(dists, page, url=installed_from))
    return plan


def note_server_oddities(ctx: ProjectContext, index: Index) -> None:
    """Note what is odd about a server, as its last answer tells: no request is sent for it."""
    now, answer = datetime.now(timezone.utc), index.last_answer
    for row in find_warnings(answer, now) if answer else ():
        ctx.progress.note(f"{row.question.title}: {row.text}; {row.fix}")


def refuse_other_bytes(plan: Plan) -> None:
    """Raise OTHER_BYTES_SERVED where the index to install from has other bytes under a name."""
    if files := "\n".join(f"{file.dist.filename}: {file.why}" for file in plan.conflicts):
        raise ReleasekitError(refused.OTHER_BYTES_SERVED, url=plan.url, files=files)


def upload_url(ctx: ProjectContext, record: Record) -> str:
    """Return the repository for this version: development versions go to `snapshots`."""
    is_snapshot = record.tag is None and not ctx.target.sandbox
    return (is_snapshot and ctx.target.snapshots_url) or ctx.target.upload_url


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


def read_decided_page(index: Index, record: Record, dists: Sequence[Dist]) -> ProjectPage:
    """Read the project's page, and download what it does not decide."""
    page = index.read_page(record.normalized_name)
    return page.with_served(download_digests(index, find_undecided(dists, page), dists))


def download_digests(
    index: Index,
    files: Sequence[PublishedFile],
    dists: Sequence[Dist],
    paths: Mapping[str, Path] | None = None,
) -> dict[PublishedFile, PublishedFile | None]:
    """Download published dists, several at once, and return each with its SHA-256.

    None stands for a dead link. `paths` says where a file is kept, by its name.
    """
    expected = {dist.filename: dist for dist in dists}

    def read(file: PublishedFile) -> PublishedFile | None:
        path = (paths or {}).get(file.filename)
        return index.read_digest(file, expected[file.filename], path)

    return dict(zip(files, run_in_threads(read, files), strict=True))


def refuse_conflicts(ctx: ProjectContext, record: Record, plan: Plan, page: ProjectPage) -> None:
    """Raise CONFLICT where the repository has other bytes under a name; say what differs."""
    files = plan.conflicts
    if not files:
        return
    found = [_find_difference(ctx, record, file.dist, plan.url, page) for file in files[:COMPARED]]
    lines = []
    for number, file in enumerate(files):
        lines.append(f"{file.dist.filename}: {file.why}")
        lines += [f"  {line}" for line in found[number].lines] if number < COMPARED else []
    new = (
        "release a new version: [[git tag NEXT-VERSION]]"
        if record.tag
        else "commit again, or merge the other branch: with as many commits since the last "
        "release,\nboth have this number, and the first one keeps it"
    )
    fix = (
        f"{new}\n(reports/release.json holds the build requirements, should they be the difference)"
    )
    if pins := sorted({one.pin for one in found if one.pin}):
        fix = (
            f"build again with {', '.join(pins)}, a line in the file that build-constraints names\n"
            f"(RELEASEKIT_BUILD_CONSTRAINTS=FILE needs no commit); or {new}"
        )
    count = plural(len(files), "file is", "files are")
    differences = "\n".join(lines)
    raise ReleasekitError(
        refused.CONFLICT, url=plan.url, files=count, differences=differences, fix=fix
    )


def _find_difference(
    ctx: ProjectContext, record: Record, dist: Dist, url: str, page: ProjectPage
) -> Difference:
    listed = page.find(dist.filename)
    try:
        with open_tempdir("releasekit-compare-") as tempdir:
            path = tempdir / dist.filename
            index = open_repository(ctx, url)
            if listed is None or not index.download(listed, path, limit=64 << 20):
                return Difference(lines=("published is too large to compare",))
            published = read_contents(read_dist(path))
        build = next(build for build in record.builds if dist.filename in build.files)
        return find_difference(read_contents(dist), published, build.requirements)
    except (ReleasekitError, *DAMAGED) as error:
        reason = error.answers()["what"] if isinstance(error, ReleasekitError) else error
        return Difference(lines=(f"published cannot be compared: {reason}",))
