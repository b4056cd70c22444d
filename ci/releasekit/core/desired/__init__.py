"""What a Nexus ought to be: the wanted state, and how what is there differs from it."""

from releasekit.core.desired.diff import make_server_plan
from releasekit.core.desired.model import (
    Action,
    Change,
    Difference,
    Found,
    Kind,
    Secrets,
    ServerPlan,
    Thing,
)
from releasekit.core.desired.state import want

__all__ = [
    "Action",
    "Change",
    "Difference",
    "Found",
    "Kind",
    "Secrets",
    "ServerPlan",
    "Thing",
    "make_server_plan",
    "want",
]
