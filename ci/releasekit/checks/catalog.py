"""All checks, in the order of their codes."""

from __future__ import annotations

from releasekit.checks.agreement import RK124
from releasekit.checks.build_and_proof import PROOF_CHECKS, RK117, RK118
from releasekit.checks.dists import RK123, RK201, WHEEL_CHECKS
from releasekit.checks.metadata_errors import METADATA_ERRORS
from releasekit.checks.metadata_warnings import METADATA_WARNINGS
from releasekit.checks.model import Check
from releasekit.checks.safety import SAFETY_CHECKS

CHECKS: tuple[Check, ...] = (
    *METADATA_ERRORS,
    *METADATA_WARNINGS,
    *(RK117, RK118),
    *PROOF_CHECKS,
    *(RK123, RK124, RK201),
    *WHEEL_CHECKS,
    *SAFETY_CHECKS,
)
CODES: tuple[str, ...] = tuple(check.code for check in CHECKS)
