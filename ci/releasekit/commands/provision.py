"""`provision`: bring Nexus to the state that the configuration asks for.

It compares that state with what the server has, and applies the difference; then it compares again
and finds nothing left to do.
"""

from __future__ import annotations

from releasekit.commands.provision_apply import apply_plan, refuse_unready
from releasekit.commands.provision_plan import compare_server, prove_settled, refuse_changes
from releasekit.context import NexusContext


def run(ctx: NexusContext) -> None:
    """Show how Nexus differs from the desired state; with --apply change it, and prove it."""
    plan = compare_server(ctx)
    if not ctx.options.apply:
        refuse_changes(plan)
    elif plan.changes:
        refuse_unready(ctx, plan)
        apply_plan(ctx, plan)
        prove_settled(ctx)
