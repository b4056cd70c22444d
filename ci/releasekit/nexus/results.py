"""The plan for a server as text, and the results of `provision`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from releasekit.nexus.documents import Value
from releasekit.nexus.drift import SETS, Action, Change, Difference, ServerPlan
from releasekit.outcome import Clean, Line, Outcome, Result
from releasekit.redact import map_all_texts, map_texts

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
            old, new = (v if isinstance(v, tuple) else () for v in (difference.old, difference.new))
            yield f"{difference.path}:"
            yield from (f"  - {item}" for item in old if item not in new)
            yield from (f"  + {item}" for item in new if item not in old)
        elif change.action is Action.CREATE:
            yield f"{difference.path}: {_show(difference.new)}"
        else:
            yield render_difference(difference)


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


STYLES = {"+": "green", "~": "yellow", "!": "bold red"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerPlanned(Result):
    """The server was compared with the desired state."""

    step: ClassVar[str] = "plan"
    plan: ServerPlan

    def describe(self) -> str:
        """Return the plan in one line."""
        return describe_plan(self.plan)

    def details(self) -> Iterable[Line]:
        """Return the plan, like a diff."""
        for sign, line in render_plan(self.plan):
            yield Line((("          ", ""), (f"{sign:<2}{line}", STYLES.get(sign, ""))))

    def document(self) -> dict[str, Any]:
        """Return the plan as a JSON object; it holds no secret."""
        changes = [
            {
                "kind": change.resource.kind.value,
                "name": change.resource.name,
                "action": change.action.value,
                "why": change.why,
                "fields": [
                    {"path": field.path, "old": field.old, "new": field.new}
                    for field in change.differences
                ],
            }
            for change in self.plan.changes
        ]
        document = {
            "url": self.plan.url,
            "version": str(self.plan.version),
            "as_wanted": self.plan.settled,
            "changes": changes,
        }
        return {"server": document}

    def redact(self, clean: Clean) -> Result:
        """Return it with clean texts."""
        changes = tuple(
            replace(
                map_texts(change, clean, "why"),
                differences=map_all_texts(change.differences, clean, "old", "new"),
            )
            for change in self.plan.changes
        )
        return replace(self, plan=replace(map_texts(self.plan, clean, "url"), changes=changes))


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerSettled(Result):
    """The plan is applied: the server was compared again, and nothing is left to do."""

    step: ClassVar[str] = "apply"
    plan: ServerPlan

    def describe(self) -> str:
        """Return how much is as desired."""
        return f"nothing is left to do, {self.plan.settled} as wanted on {self.plan.url}"

    def add_to(self, outcome: Outcome) -> Outcome:
        """Return the outcome as it is: reports show what was changed."""
        return outcome
