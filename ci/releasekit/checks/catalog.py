"""All checks, in the order of their codes."""

from __future__ import annotations

from releasekit.checks.agreement import RK124
from releasekit.checks.dists import RK123, SDIST_CHECKS, WHEEL_CHECKS
from releasekit.checks.metadata_errors import METADATA_ERRORS
from releasekit.checks.metadata_warnings import METADATA_WARNINGS
from releasekit.checks.model import Check
from releasekit.checks.origins import ORIGIN_CHECKS
from releasekit.checks.proof import PROOF_CHECKS, RK117
from releasekit.checks.safety import SAFETY_CHECKS

CHECKS: tuple[Check, ...] = (
    *METADATA_ERRORS,
    *METADATA_WARNINGS,
    RK117,
    *ORIGIN_CHECKS,
    *PROOF_CHECKS,
    RK123,
    RK124,
    *SDIST_CHECKS,
    *WHEEL_CHECKS,
    *SAFETY_CHECKS,
)
CODES: tuple[str, ...] = tuple(check.code for check in CHECKS)
