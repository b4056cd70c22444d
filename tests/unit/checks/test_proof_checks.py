"""What is proposed where an import fails."""

from __future__ import annotations

from releasekit.checks.facts import FailedTest, ProjectFacts
from releasekit.checks.proof import find_failed_imports
from samples import WHEEL, make_facts


def test_a_part_of_python_is_not_proposed_as_a_dependency() -> None:
    reason = "ModuleNotFoundError: No module named 'zoneinfo'"
    failed = FailedTest(code="RK120", wheel=WHEEL, python="3.8", subject="demo", reason=reason)
    (fault,) = find_failed_imports(make_facts(project=ProjectFacts(test_failures=(failed,))))
    assert fault.fix == (
        "zoneinfo is a part of Python that this Python 3.8 lacks: install it there, import what "
        "takes its place, or leave that version out of requires-python"
    )
