"""A plan for the server carried out: every write is read back and compared.

Nexus takes in silence what it does not do: a blob store or a routing rule that does not exist, a
proxy's rule under the name that its own answer uses.
"""

from __future__ import annotations

import secrets
import time

from releasekit.commands.administrator import change_first_password, open_administration
from releasekit.commands.provision_plan import PUBLISHER_PASSWORD, UPSTREAM_PASSWORD, refuse_blocked
from releasekit.context import NexusContext
from releasekit.errors import ReleasekitError
from releasekit.errors.access import MISSING_PUBLISHER_PASSWORD
from releasekit.errors.failed import NOT_AS_WRITTEN
from releasekit.nexus.documents import ServerVersion
from releasekit.nexus.drift import (
    PASSWORD,
    Action,
    Change,
    Difference,
    Flush,
    Kind,
    Resource,
    ServerPlan,
    Write,
    find_differences,
    order_steps,
)
from releasekit.nexus.resources import (
    create_resource,
    find_resource,
    invalidate_cache,
    render_creation,
    render_update,
    set_password,
    update_resource,
)
from releasekit.nexus.rest import Rest
from releasekit.nexus.results import describe_change, render_difference

PATIENCE = (0.0, 0.5, 1.0, 2.0)
"""Seconds before each look at what was written: where several Nexus share a database, it may take
a moment to be seen (terraform-provider-nexus #593)."""


def apply_plan(ctx: NexusContext, plan: ServerPlan) -> None:
    """Make every change of the plan, in an order that the next run can finish."""
    ctx.progress.begin("apply")
    for change in plan.changes:
        # The administrator's own password comes before all else.
        if change.resource not in plan.resources:
            change_first_password(ctx)
            ctx.progress.change(describe_change(change))
    rest = open_administration(ctx)
    for step in order_steps(plan):
        match step:
            case Write():
                _write(ctx, rest, plan.version, step)
            case Flush():
                invalidate_cache(rest, step.group)
                ctx.progress.change(f"renewed the pages of {step.group}")


def refuse_unready(ctx: NexusContext, plan: ServerPlan) -> None:
    """Refuse, before the first change, what could not be carried out to its end.

    No password is generated where nobody sees it, or where a log would keep it.
    """
    refuse_blocked(plan)
    for change in plan.having(Action.CREATE):
        if change.resource.kind is not Kind.USER or ctx.attended:
            continue
        if not ctx.environ.get(PUBLISHER_PASSWORD):
            raise ReleasekitError(
                MISSING_PUBLISHER_PASSWORD, url=plan.url, username=change.resource.name
            )


def _write(ctx: NexusContext, rest: Rest, version: ServerVersion, step: Write) -> None:
    """Bring one thing to what is wanted: as it is now, not as it was when the plan was made."""
    resource = step.resource
    found = find_resource(rest, resource.kind, resource.name)
    if found is None:
        body = render_creation(resource, version)
        password = _choose_password(ctx, resource, body)
        create_resource(rest, resource.kind, body)
        if password:
            ctx.progress.show_password(resource.name, password)
    elif find_differences(resource.fields, found):
        upstream = ctx.environ.get(UPSTREAM_PASSWORD)
        body = render_update(resource, found, version, upstream_password=upstream)
        update_resource(rest, resource.kind, resource.name, body)
    if found is not None and step.change and _gives_password(step.change):
        set_password(rest, resource.name, ctx.environ[PUBLISHER_PASSWORD])
    _read_back(rest, resource)
    if step.change:
        ctx.progress.change(describe_change(step.change))


def _choose_password(ctx: NexusContext, resource: Resource, body: dict[str, object]) -> str:
    """Put the password of a new user into the body; return it if it was generated."""
    if resource.kind is not Kind.USER:
        return ""
    given = ctx.environ.get(PUBLISHER_PASSWORD)
    body["password"] = given or secrets.token_urlsafe(24)
    ctx.redactor.add(str(body["password"]), resource.name)
    return "" if given else str(body["password"])


def _gives_password(change: Change) -> bool:
    return any(difference.path == PASSWORD for difference in change.differences)


def _read_back(rest: Rest, resource: Resource) -> None:
    """See that the server has what it was told; raises NOT_AS_WRITTEN."""
    differences: tuple[Difference, ...] = ()
    for seconds in PATIENCE:
        time.sleep(seconds)
        differences = find_differences(
            resource.fields, find_resource(rest, resource.kind, resource.name)
        )
        if not differences:
            return
    lines = "\n".join(map(render_difference, differences))
    raise ReleasekitError(NOT_AS_WRITTEN, url=rest.url, resource=str(resource), differences=lines)
