"""`provision`: bring Nexus to the state that the configuration asks for.

It compares that state with what the server has, and applies the difference; then it compares again
and finds nothing left to do. Every write is read back and compared: Nexus takes in silence what it
does not do, a blob store or a routing rule that does not exist, a proxy's rule under the name that
its own answer uses.
"""

import secrets
import time
from collections.abc import Iterator

from releasekit.config.settings import Settings
from releasekit.context import NexusContext
from releasekit.errors import ReleasekitError, WrongCredentials, access, failed, refused
from releasekit.model.access import Credentials
from releasekit.nexus.desired_state import find_notes, publisher_name, reader_name, rule_name, want
from releasekit.nexus.documents import COMMUNITY, Document, ServerVersion
from releasekit.nexus.drift import (
    PASSWORD,
    Action,
    Change,
    Found,
    Kind,
    ServerPlan,
    ServerSettled,
    find_differences,
    make_server_plan,
    order_steps,
)
from releasekit.nexus.rest import (
    Rest,
    create_resource,
    find_resource,
    invalidate_cache,
    list_blob_stores,
    list_repositories,
    read_version,
    render_body,
    set_password,
    update_resource,
)
from releasekit.plural import plural

PUBLISHER_PASSWORD = "RELEASEKIT_PUBLISHER_PASSWORD"  # noqa: S105 - the name of a variable
UPSTREAM_PASSWORD = "RELEASEKIT_PROXY_PASSWORD"  # noqa: S105


def run(ctx: NexusContext) -> None:
    """Show how Nexus differs from the desired state; with --apply change it, and prove it."""
    ctx.progress.begin("plan")
    found = _read_server(ctx)
    plan = make_server_plan(ctx.url, want(ctx.settings, found), found)
    for note in find_notes(ctx.settings, found):
        ctx.progress.note(note)
    ctx.progress.finish(plan)
    if blocked := plan.having(Action.BLOCKED):  # a human has to decide
        lines = "\n".join(f"{change.resource}: {change.why}" for change in blocked)
        resources = plural(len(blocked), "resource")
        raise ReleasekitError(
            refused.SERVER_BLOCKED, url=plan.url, resources=resources, reasons=lines
        )
    if not plan.changes:
        return
    if not ctx.options.apply:
        raise ReleasekitError(refused.SERVER_DIFFERS, url=plan.url, changes=plan.count_changes())
    _apply(ctx, plan)
    found = _read_server(ctx)
    plan = make_server_plan(ctx.url, want(ctx.settings, found), found)
    if plan.changes:
        lines = "\n".join(f"{sign:<2}{line}" for sign, line in plan.render())
        raise ReleasekitError(failed.SERVER_UNSETTLED, url=plan.url, changes=lines)
    ctx.progress.finish(ServerSettled(url=plan.url, settled=plan.settled))


def _read_server(ctx: NexusContext) -> Found:
    rest = _open_administration(ctx)
    version = read_version(rest)
    documents = dict(_read_documents(ctx.settings, rest, version))
    publisher, password = publisher_name(ctx.settings), ctx.environ.get(PUBLISHER_PASSWORD, "")
    login = Credentials(username=publisher, password=password, source="")
    can_log_in = bool(password) and (Kind.USER, publisher) in documents and _fits(ctx, login)
    return Found(
        version=version,
        admin=rest.credentials.username,
        blob_stores=list_blob_stores(rest),
        repositories=list_repositories(rest),
        documents=documents,
        has_publisher_password=bool(password),
        publisher_can_log_in=can_log_in,
        has_upstream_password=bool(ctx.environ.get(UPSTREAM_PASSWORD)),
        admin_changes=rest.credentials != ctx.admin,
        accept_eula=ctx.options.accept_eula,
    )


def _read_documents(
    settings: Settings, rest: Rest, version: ServerVersion
) -> Iterator[tuple[tuple[Kind, str], Document]]:
    publisher, reader = publisher_name(settings), reader_name(settings)
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
        yield (kind, name), document
        other = str(document.get("routingRuleName") or "")
        is_other = other not in ("", rule_name(settings))
        if is_other and (rule := find_resource(rest, Kind.RULE, other)) is not None:
            yield (Kind.RULE, other), rule


def _apply(ctx: NexusContext, plan: ServerPlan) -> None:
    """Make every change of the plan, in an order that the next run can finish.

    What could not be carried out to its end is refused before the first change: no password is
    generated where nobody sees it, or where a log would keep it.
    """
    has_password = ctx.attended or ctx.environ.get(PUBLISHER_PASSWORD)
    for change in plan.having(Action.CREATE):
        if change.resource.kind is Kind.USER and not has_password:
            username = change.resource.name
            raise ReleasekitError(
                access.MISSING_PUBLISHER_PASSWORD, url=plan.url, username=username
            )
    ctx.progress.begin("apply")
    for change in plan.changes:
        # The administrator's own password comes before all else.
        if change.resource not in plan.resources:
            set_password(_open_rest(ctx, ctx.first), ctx.admin.username, ctx.admin.password)
            ctx.progress.say("apply", change.describe())
    rest = _open_administration(ctx)
    for step in order_steps(plan):
        match step:
            case Change():
                _write(ctx, rest, plan.version, step)
            case group:
                invalidate_cache(rest, group)
                ctx.progress.say("apply", f"renewed the pages of {group}")


def _write(ctx: NexusContext, rest: Rest, version: ServerVersion, step: Change) -> None:
    """Bring a resource to what is wanted, from what it is now, and read it back.

    What it was when the plan was made may have changed. Raises NOT_AS_WRITTEN.
    """
    resource = step.resource
    found = find_resource(rest, resource.kind, resource.name)
    if found is None:
        body, password = render_body(resource, None, version), ctx.environ.get(PUBLISHER_PASSWORD)
        if resource.kind is Kind.USER:
            body["password"] = password or secrets.token_urlsafe(24)
            ctx.redactor.add(body["password"], resource.name)
        create_resource(rest, resource.kind, body)
        if resource.kind is Kind.USER and not password:
            ctx.progress.show_password(resource.name, body["password"])
    elif find_differences(resource.fields, found):
        upstream = ctx.environ.get(UPSTREAM_PASSWORD)
        body = render_body(resource, found, version, upstream_password=upstream)
        update_resource(rest, resource.kind, resource.name, body)
    if found is not None and any(d.path == PASSWORD for d in step.differences):
        set_password(rest, resource.name, ctx.environ[PUBLISHER_PASSWORD])
    # Where several Nexus share a database, it may take a moment until what was written is seen
    # (terraform-provider-nexus #593).
    for seconds in (0.0, 0.5, 1.0, 2.0):
        time.sleep(seconds)
        served = find_resource(rest, resource.kind, resource.name)
        if not (left := find_differences(resource.fields, served)):
            break
    else:
        lines = "\n".join(map(str, left))
        raise ReleasekitError(
            failed.NOT_AS_WRITTEN, url=rest.url, resource=str(resource), differences=lines
        )
    if step.differences:
        ctx.progress.say("apply", step.describe())


def _open_administration(ctx: NexusContext) -> Rest:
    """Return the API for the administrator, with the first password if that is still valid.

    Nexus generates that one on a fresh server. Raises WrongCredentials, for the password that is
    wanted.
    """
    is_first = ctx.first.username and not _fits(ctx, ctx.admin) and _fits(ctx, ctx.first)
    return _open_rest(ctx, ctx.first if is_first else ctx.admin)


def _open_rest(ctx: NexusContext, credentials: Credentials) -> Rest:
    return Rest(url=ctx.url, client=ctx.network.client, credentials=credentials)


def _fits(ctx: NexusContext, credentials: Credentials) -> bool:
    """Tell whether somebody can log in: a wrong password is refused on every path."""
    try:
        read_version(_open_rest(ctx, credentials))
    except WrongCredentials:
        return False
    return True
