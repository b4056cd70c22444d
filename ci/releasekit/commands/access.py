"""What a release learns of the server before it sends anything."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from releasekit.context import ProjectContext
from releasekit.doctor.server import find_warnings
from releasekit.errors import ReleasekitError
from releasekit.index.layouts import open_index
from releasekit.index.nexus import split_url
from releasekit.index.pages import Index
from releasekit.inspect.project import read_static_metadata
from releasekit.model.plan import Action, Plan
from releasekit.model.project import Project
from releasekit.nexus.drift import Kind
from releasekit.nexus.rest import Rest, find_resource
from releasekit.threads import begin
from releasekit.tls.certificates import read_clock
from releasekit.uv.failures import ask_for_objection, is_unlike_a_server

OVERWRITES = (
    "{name} lets published files be overwritten: it cannot be excluded that another release does "
    "that to this one at the same instant; [[provision --apply]] sets its deployment policy to "
    "Disable redeploy"
)
UV_REFUSES = (
    "uv does not accept the certificate of {url}: {objection}; nobody installs with uv from there, "
    "and a release that needs something from there cannot be made"
)


def check_access(ctx: ProjectContext, project: Project, *, before: str) -> None:
    """Find out before a long step what would stop the release after it.

    A wrong password, an unknown CA, a repository that is not there. The step counts as begun.
    Raises what reading an index raises.
    """
    ctx.progress.begin(before)
    if ctx.target.sandbox:
        return
    snapshots = None if project.released_as else ctx.target.snapshots_url
    url, target = snapshots or ctx.target.upload_url, ctx.target
    reader, client = target.find_reader(url), ctx.network.client
    index = open_index(url, client=client, reader=reader, publisher=target.credentials)
    index.check_access(read_static_metadata(ctx.root).name)
    if index.last_answer and is_unlike_a_server(index.last_answer.certificate):
        network = ctx.network
        objection = ask_for_objection(
            url, network.environ, timeout=network.timeout, count=network.count_uv
        )
        if objection:
            ctx.progress.note(UV_REFUSES.format(url=url, objection=objection))


def note_server_oddities(ctx: ProjectContext, index: Index) -> None:
    """Note what is odd about a server, as its last answer tells: no request is sent for it."""
    for row in find_warnings(index.last_answer, read_clock()) if index.last_answer else ():
        ctx.progress.note(f"{row.question.title}: {row.text}; {row.fix}")


@contextlib.contextmanager
def note_overwriting(ctx: ProjectContext, plan: Plan) -> Iterator[None]:
    """Note that two releases at one instant are not kept apart; asked while the block uploads."""
    overwrites = begin(lambda: _can_overwrite(ctx, plan))
    yield
    if overwrites.result():
        ctx.progress.note(OVERWRITES.format(name=plan.url.rstrip("/").rpartition("/")[2]))


def _can_overwrite(ctx: ProjectContext, plan: Plan) -> bool:
    """Tell whether the repository lets files be overwritten, as far as this user may see it.

    Only the settings of a repository tell that. Who lacks nx-repository-admin-pypi-NAME-read is
    answered 404, as the publisher of `provision` is:
    docs/nexus-behaviour.md#settings-of-a-repository.
    """
    places = split_url(plan.url)
    releases = plan.url == ctx.target.upload_url  # snapshots are there to be overwritten
    if ctx.target.sandbox or not (places and releases and plan.having(Action.UPLOAD)):
        return False
    nexus, name = places
    reader, client = ctx.target.reader, ctx.network.client
    with contextlib.suppress(ReleasekitError):  # a front server may hide the API
        rest = Rest(url=nexus, client=client, credentials=reader, attempts=1)
        settings = find_resource(rest, Kind.HOSTED, name)
        return settings is not None and str(settings.get("storage.writePolicy")).lower() == "allow"
    return False
