"""A plan for a server as text, like a diff: what it has, and what it shall have."""

from __future__ import annotations

from collections.abc import Iterator

from releasekit.nexus.documents import Value
from releasekit.nexus.drift import SETS
from releasekit.nexus.model import Action, Change, Difference, ServerPlan

SIGNS = {Action.CREATE: "+", Action.CHANGE: "~", Action.BLOCKED: "!"}


def render_plan(plan: ServerPlan) -> Iterator[tuple[str, str]]:
    """Yield the lines of a plan, each with its sign; a line of a field has none."""
    for change in plan.changes:
        yield SIGNS[change.action], str(change.resource)
        for line in _render_change(change):
            yield "", line


def _render_change(change: Change) -> Iterator[str]:
    if change.action is Action.BLOCKED:
        yield from change.why.splitlines()
        return
    for difference in change.differences:
        if difference.path in SETS and difference.new:
            yield from _render_set(difference)
        elif change.action is Action.CREATE:
            yield f"{difference.path}: {_show(difference.new)}"
        else:
            yield render_difference(difference)


def _render_set(difference: Difference) -> Iterator[str]:
    old, new = (v if isinstance(v, tuple) else () for v in (difference.old, difference.new))
    yield f"{difference.path}:"
    yield from (f"  - {item}" for item in old if item not in new)
    yield from (f"  + {item}" for item in new if item not in old)


def render_difference(difference: Difference) -> str:
    """Return a field with its old and its new value, in one line."""
    return f"{difference.path}: {_show(difference.old)} -> {_show(difference.new)}"


def _show(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return "none" if value is None else str(value)


def describe_plan(plan: ServerPlan) -> str:
    """Return a plan in one line."""
    return f"{describe_counts(plan)}, {plan.settled} as wanted on {plan.url}, Nexus {plan.version}"


def describe_counts(plan: ServerPlan) -> str:
    """Return how much there is to do."""
    counts = {action: len(plan.having(action)) for action in Action}
    words = (
        (counts[Action.CREATE], "to create"),
        (counts[Action.CHANGE], "to change"),
        (counts[Action.BLOCKED], "in the way"),
    )
    return ", ".join(f"{count} {word}" for count, word in words if count) or "nothing to change"


def describe_change(change: Change) -> str:
    """Return what was done about one thing, in one line."""
    return f"{'created' if change.action is Action.CREATE else 'changed'} {change.resource}"
