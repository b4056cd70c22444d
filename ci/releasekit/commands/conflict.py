"""A published file with other bytes: what differs, and how to fix it."""

from __future__ import annotations

from releasekit.archives import read_dist
from releasekit.context import ProjectContext
from releasekit.errors import ReleasekitError
from releasekit.errors.refused import CONFLICT
from releasekit.index.layouts import open_index
from releasekit.inspect.archive import DAMAGED, read_contents
from releasekit.model.dists import Dist
from releasekit.model.plan import Action, Difference, Plan, find_difference
from releasekit.model.record import Record
from releasekit.model.simple_page import ProjectPage
from releasekit.plural import plural
from releasekit.tempdirs import open_tempdir

COMPARED = 4
"""Files that are downloaded to compare them, at most: many wheels of one build differ alike."""
LIMIT = 64 << 20
"""Bytes of a published file that are downloaded."""
NEW_VERSION = "release a new version: [[git tag NEXT-VERSION]]"
NEXT_COMMIT = (
    "commit again, or merge the other branch: with as many commits since the last release,\n"
    "both have this number, and the first one keeps it"
)


def refuse_conflicts(ctx: ProjectContext, record: Record, plan: Plan, page: ProjectPage) -> None:
    """Raise CONFLICT where the repository has other bytes under a name; say what differs."""
    files = [file for file in plan.files if file.action is Action.CONFLICT]
    if not files:
        return
    found = [_find_difference(ctx, record, file.dist, plan.url, page) for file in files[:COMPARED]]
    lines = []
    for number, file in enumerate(files):
        lines.append(f"{file.dist.filename}: {file.why}")
        lines += [f"  {line}" for line in found[number].lines] if number < COMPARED else []
    pins = sorted({one.pin for one in found if one.pin})
    new = NEW_VERSION if record.tag else NEXT_COMMIT
    fix = (
        f"build again with {', '.join(pins)}, a line in the file that build-constraints names\n"
        f"(RELEASEKIT_BUILD_CONSTRAINTS=FILE needs no commit); or {new}"
    )
    if not pins:
        held = "(reports/release.json holds the build requirements, should they be the difference)"
        fix = f"{new}\n{held}"
    raise ReleasekitError(
        CONFLICT,
        url=plan.url,
        files=plural(len(files), "file is", "files are"),
        differences="\n".join(lines),
        fix=fix,
    )


def _find_difference(
    ctx: ProjectContext, record: Record, dist: Dist, url: str, page: ProjectPage
) -> Difference:
    index = open_index(url, client=ctx.network.client, reader=ctx.target.find_reader(url))
    listed = page.find(dist.filename)
    try:
        with open_tempdir("releasekit-compare-") as tempdir:
            path = tempdir / dist.filename
            if listed is None or not index.download(listed, path, limit=LIMIT):
                return Difference(lines=("published is too large to compare",))
            published = read_contents(read_dist(path))
        requirements = record.find_build(dist.filename).requirements
        return find_difference(read_contents(dist), published, requirements)
    except ReleasekitError as error:
        return Difference(lines=(f"published cannot be compared: {error.answers()['what']}",))
    except DAMAGED as error:
        return Difference(lines=(f"published cannot be compared: {error}",))
