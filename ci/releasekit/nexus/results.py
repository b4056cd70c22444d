"""The results of `provision`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from releasekit.nexus.model import ServerPlan
from releasekit.nexus.render import describe_plan, render_plan
from releasekit.outcome import Clean, Line, Outcome, Result
from releasekit.redact import map_all_texts, map_texts

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
