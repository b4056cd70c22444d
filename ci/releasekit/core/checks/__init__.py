"""Checks: functions from facts to findings, kept as data."""

from releasekit.core.checks.declared import Declared, Place
from releasekit.core.checks.facts import DistFacts, ProjectFacts
from releasekit.core.checks.metadata_errors import METADATA_ERRORS
from releasekit.core.checks.metadata_warnings import METADATA_WARNINGS
from releasekit.core.checks.model import (
    Check,
    Finding,
    Rule,
    Severity,
    find_asked,
    run_checks,
)
from releasekit.core.checks.origins import ORIGIN_CHECKS
from releasekit.core.checks.policy import Severities
from releasekit.core.checks.safety import SAFETY_CHECKS
from releasekit.core.checks.sdist import SDIST_CHECKS
from releasekit.core.checks.wheel import WHEEL_CHECKS

CHECKS: tuple[Check, ...] = (
    *METADATA_ERRORS,
    *METADATA_WARNINGS,
    *ORIGIN_CHECKS,
    *SDIST_CHECKS,
    *WHEEL_CHECKS,
    *SAFETY_CHECKS,
)
CODES: tuple[str, ...] = tuple(check.code for check in CHECKS)

__all__ = [
    "CHECKS",
    "CODES",
    "Check",
    "Declared",
    "DistFacts",
    "Finding",
    "Place",
    "ProjectFacts",
    "Rule",
    "Severities",
    "Severity",
    "find_asked",
    "run_checks",
]
