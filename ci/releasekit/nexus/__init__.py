"""What a Nexus ought to be: the wanted state, and how what is there differs from it."""

from releasekit.nexus.desired_state import want
from releasekit.nexus.drift import make_server_plan
from releasekit.nexus.model import (
    Action,
    Change,
    Difference,
    Found,
    Kind,
    Resource,
    Secrets,
    ServerPlan,
)

__all__ = [
    "Action",
    "Change",
    "Difference",
    "Found",
    "Kind",
    "Resource",
    "Secrets",
    "ServerPlan",
    "make_server_plan",
    "want",
]
