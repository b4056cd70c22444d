"""Checks: functions from facts to findings, kept as data."""

from releasekit.core.checks.facts import DistFacts, Place
from releasekit.core.checks.metadata import METADATA_CHECKS
from releasekit.core.checks.model import (
    Check,
    Finding,
    Rule,
    Severity,
    find_asked,
    run_checks,
)
from releasekit.core.checks.policy import Severities
from releasekit.core.checks.sdist import SDIST_CHECKS
from releasekit.core.checks.wheel import WHEEL_CHECKS

CHECKS: tuple[Check, ...] = (*METADATA_CHECKS, *SDIST_CHECKS, *WHEEL_CHECKS)
CODES: tuple[str, ...] = tuple(check.code for check in CHECKS)

__all__ = [
    "CHECKS",
    "CODES",
    "Check",
    "DistFacts",
    "Finding",
    "Place",
    "Rule",
    "Severities",
    "Severity",
    "find_asked",
    "run_checks",
]
