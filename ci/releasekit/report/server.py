"""What provisioning found and planned, as a part of outcome.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from releasekit.nexus import ServerPlan


def server_document(plan: ServerPlan) -> dict[str, Any]:
    """Return a plan for a server as a JSON object; it holds no secret."""
    return {
        "url": plan.url,
        "version": str(plan.version),
        "as_wanted": plan.settled,
        "changes": [
            {
                "kind": change.thing.kind.value,
                "name": change.thing.name,
                "action": change.action.value,
                "why": change.why,
                "fields": [
                    {"path": field.path, "old": field.old, "new": field.new}
                    for field in change.differences
                ],
            }
            for change in plan.changes
        ],
    }
