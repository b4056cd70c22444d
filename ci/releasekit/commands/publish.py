"""Publishing carries out the plan."""

import contextlib
import functools
import time
from collections.abc import Mapping, Sequence

from releasekit.commands.check import check_bytes
from releasekit.commands.plan import (
    POLL,
    make_plan,
    open_repository,
    read_decided_page,
    refuse_conflicts,
)
from releasekit.commands.project import (
    read_dists,
    read_proof,
    read_releasable_project,
    read_whole_record,
    refuse_unproven,
)
from releasekit.context import ProjectContext
from releasekit.errors import ReleasekitError, failed
from releasekit.index.layouts import split_url
from releasekit.inspect.project import read_static_metadata
from releasekit.model.dists import Dist, DistKind
from releasekit.model.project import Project
from releasekit.model.published import Action, Plan, compare
from releasekit.model.record import Proof, Record
from releasekit.nexus.drift import Kind
from releasekit.nexus.rest import Rest, find_resource
from releasekit.outcome import Published
from releasekit.plural import plural
from releasekit.threads import begin, run_in_threads
from releasekit.uv.program import ask_for_objection, is_unlike_a_server

POSTS = 3
"""A file is sent at most three times; the index is read after each failure."""


def run(ctx: ProjectContext) -> None:
    """Check the dists that were built again, and publish them; with --dry-run only plan.

    No code of others runs here: the dists must have a proof.
    """
    project = read_releasable_project(ctx)
    record = read_whole_record(ctx, project)
    if ctx.options.dry_run:
        make_plan(ctx, record, read_dists(ctx.results, record))
        return
    proof = read_proof(ctx, record)
    check_access(ctx, project, before="check")
    dists = check_bytes(ctx, project, record)
    publish(ctx, make_plan(ctx, record, dists), record, proof)


def check_access(ctx: ProjectContext, project: Project, *, before: str) -> None:
    """Find out before a long step what would stop the release after it.

    A wrong password, an unknown CA, a repository that is not there. The step counts as begun.
    Raises what reading an index raises.
    """
    ctx.progress.begin(before)
    if ctx.target.sandbox:
        return
    snapshots = None if project.released_as else ctx.target.snapshots_url
    url, network = snapshots or ctx.target.upload_url, ctx.network
    index = open_repository(ctx, url)
    index.check_access(read_static_metadata(ctx.root).name)
    if index.last_answer and is_unlike_a_server(index.last_answer.certificate):
        objection = ask_for_objection(
            url, network.environ, timeout=network.timeout, count=network.count_uv
        )
        if objection:
            ctx.progress.note(
                f"uv does not accept the certificate of {url}: {objection}; nobody installs with "
                "uv from there, and a release that needs something from there cannot be made"
            )


def publish(ctx: ProjectContext, plan: Plan, record: Record, proof: Proof) -> None:
    """Upload what is not published yet, if it is proven: the wheels, then the sdist.

    A file counts as uploaded once the hosted repository lists it with these bytes: a login page
    answers 200 too. The sdist is sent when all wheels of the release are listed.
    """
    ctx.progress.begin("publish")
    refuse_unproven(ctx, record, proof)
    overwrites = begin(functools.partial(_can_overwrite, ctx, plan))  # while files are uploaded
    missing = plan.having(Action.UPLOAD)
    release = [file.dist for file in plan.files]
    wheels = [dist for dist in missing if dist.named.kind is DistKind.WHEEL]
    upload = functools.partial(_upload, ctx, plan.url, record)
    answered = dict(zip(wheels, run_in_threads(upload, wheels), strict=True))
    if missing:
        all_wheels = [dist for dist in release if dist.named.kind is DistKind.WHEEL]
        _require_listed(ctx, plan.url, record, all_wheels, answered)
    for sdist in missing[len(wheels) :]:
        answered[sdist] = upload(sdist)
        _require_listed(ctx, plan.url, record, release, answered)
    if overwrites.result():
        ctx.progress.note(
            f"{plan.url.rstrip('/').rpartition('/')[2]} lets published files be overwritten: it "
            "cannot be excluded that another release does that to this one at the same instant; "
            "[[provision --apply]] sets its deployment policy to Disable redeploy"
        )
    ctx.progress.finish(Published(url=plan.url, uploaded=tuple(dist.filename for dist in missing)))


def _can_overwrite(ctx: ProjectContext, plan: Plan) -> bool:
    """Tell whether the repository lets files be overwritten, as far as this user may see it.

    Two releases at one instant are not kept apart then. Only the settings of a repository tell
    that. Who lacks nx-repository-admin-pypi-NAME-read is answered 404, as the publisher of
    `provision` is: docs/nexus-behaviour.md#settings-of-a-repository.
    """
    places = split_url(plan.url)
    releases = plan.url == ctx.target.upload_url  # snapshots are there to be overwritten
    if ctx.target.sandbox or not (places and releases and plan.having(Action.UPLOAD)):
        return False
    nexus, name = places
    reader, client = ctx.target.reader, ctx.network.client
    rest = Rest(url=nexus, client=client, credentials=reader, attempts=1)
    with contextlib.suppress(ReleasekitError):  # a front server may hide the API
        settings = find_resource(rest, Kind.HOSTED, name)
        return settings is not None and str(settings.get("storage.writePolicy")).lower() == "allow"
    return False


def _upload(ctx: ProjectContext, url: str, record: Record, dist: Dist) -> str:
    """Upload one file, and return what was answered; after a failure the index decides."""
    on_sent = functools.partial(ctx.progress.sent, dist.filename)
    for attempt in range(1, POSTS + 1):
        tried = open_repository(ctx, url).upload(dist, on_sent)
        if tried.error is None:
            return tried.reason
        # A refusal after an answer that was lost may mean the file itself, which a cache in front
        # of the index does not show yet.
        stored_perhaps = tried.exists or (tried.final and attempt > 1)
        seconds = ctx.settings.stale_limit if stored_perhaps else 0
        if not _await_listed(ctx, url, record, [dist], seconds):
            return tried.reason
        if tried.final or (tried.wait and attempt == POSTS):
            raise tried.error
        if tried.wait:
            ctx.progress.note(f"{tried.reason}, and asks to wait {tried.wait:.0f} s: waiting")
        time.sleep(max(attempt, tried.wait))
    raise ReleasekitError(
        failed.UPLOAD_FAILED,
        filename=dist.filename,
        url=url,
        reason=tried.reason,
        attempts=plural(POSTS, "time"),
    )


def _require_listed(
    ctx: ProjectContext,
    url: str,
    record: Record,
    dists: Sequence[Dist],
    answered: Mapping[Dist, str],
) -> None:
    limit = ctx.settings.stale_limit
    if missing := _await_listed(ctx, url, record, dists, limit):
        before = "it was listed before this run uploaded anything"
        lines = (f"{dist.filename}: {answered.get(dist, before)}" for dist in missing)
        raise ReleasekitError(failed.NOT_LISTED, url=url, files="\n".join(lines), seconds=limit)


def _await_listed(
    ctx: ProjectContext, url: str, record: Record, dists: Sequence[Dist], seconds: float
) -> tuple[Dist, ...]:
    """Wait until the hosted repository lists these files; return those that it does not list.

    Nexus lists a file at once (docs/nexus-behaviour.md#visibility), a cache in front of it may not.
    Raises Conflict where another release was quicker with other bytes.
    """
    deadline = time.monotonic() + (0 if ctx.target.sandbox else seconds)
    while True:
        page = read_decided_page(open_repository(ctx, url), record, dists)
        plan = compare(dists, page, url=url)
        refuse_conflicts(ctx, record, plan, page)
        missing = plan.having(Action.UPLOAD)
        if not missing or time.monotonic() >= deadline:
            return missing
        ctx.progress.work(f"waiting for {url} to list {missing[0].filename}")
        time.sleep(POLL)
