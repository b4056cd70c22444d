"""The server as it is, compared with what the configuration wants of it."""

from __future__ import annotations

from collections.abc import Iterator

from releasekit.commands.administrator import fits, has_first_password, open_administration
from releasekit.config.settings import Settings
from releasekit.context import NexusContext
from releasekit.errors import ReleasekitError
from releasekit.errors.failed import SERVER_UNSETTLED
from releasekit.errors.refused import SERVER_BLOCKED, SERVER_DIFFERS
from releasekit.nexus.desired_state import find_notes, publisher_name, rule_name, want
from releasekit.nexus.documents import COMMUNITY, Document, ServerVersion
from releasekit.nexus.drift import Action, Found, Kind, Secrets, ServerPlan, make_server_plan
from releasekit.nexus.resources import find_resource, list_blob_stores
from releasekit.nexus.rest import Rest, list_repositories, read_version
from releasekit.nexus.results import ServerPlanned, ServerSettled, describe_counts, render_plan
from releasekit.plural import plural

PUBLISHER_PASSWORD = "RELEASEKIT_PUBLISHER_PASSWORD"  # noqa: S105 - the name of a variable
UPSTREAM_PASSWORD = "RELEASEKIT_PROXY_PASSWORD"  # noqa: S105


def compare_server(ctx: NexusContext) -> ServerPlan:
    """Read the server and compare it with what is wanted; nothing is changed."""
    ctx.progress.begin("plan")
    found = _read_server(ctx)
    plan = make_server_plan(ctx.url, want(ctx.settings, found), found)
    for note in find_notes(ctx.settings, found):
        ctx.progress.note(note)
    ctx.progress.finish(ServerPlanned(plan=plan))
    return plan


def refuse_blocked(plan: ServerPlan) -> None:
    """Refuse a plan that a human has to decide about; raises SERVER_BLOCKED."""
    if blocked := plan.having(Action.BLOCKED):
        lines = "\n".join(f"{change.resource}: {change.why}" for change in blocked)
        resources = plural(len(blocked), "resource")
        raise ReleasekitError(SERVER_BLOCKED, url=plan.url, resources=resources, reasons=lines)


def refuse_changes(plan: ServerPlan) -> None:
    """Refuse a plan with anything in it; raises SERVER_BLOCKED, SERVER_DIFFERS."""
    refuse_blocked(plan)
    if plan.changes:
        raise ReleasekitError(SERVER_DIFFERS, url=plan.url, changes=describe_counts(plan))


def prove_settled(ctx: NexusContext) -> None:
    """Compare once more, and find nothing left to do; raises SERVER_UNSETTLED."""
    found = _read_server(ctx)
    plan = make_server_plan(ctx.url, want(ctx.settings, found), found)
    if plan.changes:
        lines = "\n".join(f"{sign:<2}{line}" for sign, line in render_plan(plan))
        raise ReleasekitError(SERVER_UNSETTLED, url=plan.url, changes=lines)
    ctx.progress.finish(ServerSettled(plan=plan))


def _read_server(ctx: NexusContext) -> Found:
    rest = open_administration(ctx)
    version = read_version(rest)
    documents = tuple(_read_documents(ctx.settings, rest, version))
    return Found(
        version=version,
        admin=rest.credentials.username,
        blob_stores=list_blob_stores(rest),
        repositories=list_repositories(rest),
        documents=documents,
        secrets=_check_secrets(ctx, rest, documents),
        accept_eula=ctx.options.accept_eula,
    )


def _read_documents(
    settings: Settings, rest: Rest, version: ServerVersion
) -> Iterator[tuple[Kind, str, Document]]:
    publisher, reader = publisher_name(settings), f"{settings.group or settings.hosted}-reader"
    wanted = [
        *([(Kind.LICENSE, "")] if version.edition == COMMUNITY else []),
        (Kind.REALMS, ""),
        (Kind.ANONYMOUS, ""),
        (Kind.HOSTED, settings.hosted),
        (Kind.HOSTED, settings.snapshots),
        (Kind.PROXY, settings.proxy),
        (Kind.GROUP, settings.group),
        (Kind.RULE, rule_name(settings)),
        (Kind.ROLE, publisher),
        (Kind.ROLE, reader),
        (Kind.USER, publisher),
        (Kind.USER, rest.credentials.username),
    ]
    for kind, name in wanted:
        if name is None or (document := find_resource(rest, kind, name)) is None:
            continue
        yield kind, name, document
        other = str(document.get("routingRuleName") or "")
        if other not in ("", rule_name(settings)):
            rule = find_resource(rest, Kind.RULE, other)
            if rule is not None:
                yield Kind.RULE, other, rule


def _check_secrets(
    ctx: NexusContext, rest: Rest, documents: tuple[tuple[Kind, str, Document], ...]
) -> Secrets:
    given = ctx.environ.get(PUBLISHER_PASSWORD, "")
    name = publisher_name(ctx.settings)
    exists = any((kind, found) == (Kind.USER, name) for kind, found, _ in documents)
    return Secrets(
        publisher_given=bool(given),
        publisher_fits=bool(given) and exists and fits(ctx, name, given),
        upstream_given=bool(ctx.environ.get(UPSTREAM_PASSWORD)),
        admin_changes=has_first_password(ctx, rest),
    )
