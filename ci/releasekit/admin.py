"""Administration and consumers, readable top to bottom: the sibling of `pipeline`.

Provisioning compares what the configuration wants with what the server has, and carries the
difference out; then it compares again and finds nothing left to do.
"""

from __future__ import annotations

from releasekit.tasks.carry_out import carry_out, refuse_unready
from releasekit.tasks.compare import compare_server, prove_settled, refuse_changes
from releasekit.tasks.doctor import diagnose, refuse_failed
from releasekit.tasks.pip_config import plan_settings, refuse_differences
from releasekit.tasks.pip_config import write_settings as write
from releasekit.tasks.search import search_group
from releasekit.tasks.task import Task


def plan_provision(task: Task) -> None:
    """Show how Nexus differs from what the configuration wants of it."""
    refuse_changes(compare_server(task))


def provision(task: Task) -> None:
    """Bring Nexus to what the configuration wants of it, and prove it."""
    plan = compare_server(task)
    if plan.changes:
        refuse_unready(task, plan)
        carry_out(task, plan)
        prove_settled(task)


def doctor(task: Task) -> None:
    """Find out before the tag what would stop a release after it."""
    refuse_failed(diagnose(task))


def search(task: Task) -> None:
    """Find projects of the group by name."""
    search_group(task)


def show_settings(task: Task) -> None:
    """Show what pip and uv need to install from the group."""
    refuse_differences(plan_settings(task))


def write_settings(task: Task) -> None:
    """Write what pip and uv need to install from the group."""
    write(task, plan_settings(task))
