"""The order in which a plan is carried out, so that one that is killed can be finished."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from releasekit.nexus.documents import Document
from releasekit.nexus.model import Action, Change, Kind, Resource, ServerPlan

BLOCKING = (Kind.RULE, Kind.PROXY, Kind.GROUP)
"""What decides which files the group lists: it keeps pages that list what is blocked since."""
DESCRIPTION = "releasekit: names that only hosted repositories may have"
PENDING = f"{DESCRIPTION} (being applied)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Write:
    """Bring a thing to what is wanted; `change` is what that ends, None where it ends nothing."""

    resource: Resource
    change: Change | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Flush:
    """Make a group forget the pages that it keeps."""

    group: str


def order_steps(plan: ServerPlan) -> tuple[Write | Flush, ...]:
    """Return the steps of a plan.

    The routing rule says in its description that it is being applied until the group's cache is
    renewed: a run that is killed before that leaves a difference, which the next one finishes.
    """
    return tuple(_order(plan))


def _order(plan: ServerPlan) -> Iterator[Write | Flush]:
    changes = {(c.resource.kind, c.resource.name): c for c in plan.changes}
    blocking = any(kind in BLOCKING for kind, _ in changes)
    rule = next((resource for resource in plan.resources if resource.kind is Kind.RULE), None)
    for resource in plan.resources:
        change = changes.get((resource.kind, resource.name))
        if resource is rule and blocking:
            yield Write(resource=_mark(rule), change=change)
        elif change and change.action is not Action.BLOCKED:
            yield Write(resource=resource, change=change)
        if resource.kind is Kind.GROUP and blocking:
            yield Flush(group=resource.name)
            if rule:
                yield Write(resource=rule, change=None)


def _mark(rule: Resource) -> Resource:
    pending = Document(fields=(("description", PENDING),))
    return replace(rule, fields=rule.fields + pending)
