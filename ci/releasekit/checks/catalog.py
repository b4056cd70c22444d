"""All checks, in the order of their codes."""

from releasekit.checks.build_and_proof import PROOF_CHECKS, RK117, RK118
from releasekit.checks.dists import DIST_CHECKS
from releasekit.checks.metadata_errors import METADATA_ERRORS
from releasekit.checks.metadata_warnings import METADATA_WARNINGS
from releasekit.checks.model import Check
from releasekit.checks.safety import SAFETY_CHECKS

UNSORTED = (
    *METADATA_ERRORS,
    *METADATA_WARNINGS,
    *(RK117, RK118, *PROOF_CHECKS),
    *DIST_CHECKS,
    *SAFETY_CHECKS,
)
CHECKS: tuple[Check, ...] = tuple(sorted(UNSORTED, key=lambda check: check.code))
CODES: tuple[str, ...] = tuple(check.code for check in CHECKS)
