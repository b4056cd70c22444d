"""RK2xx and RK3xx: for each check a dist that has the fault, and one that has not."""

from __future__ import annotations

import pytest

from releasekit.checks.catalog import CHECKS
from releasekit.checks.declared import Place
from releasekit.checks.model import DistFacts, Finding, ProjectFacts, Severity
from samples import SDIST, WHEEL, make_facts, run_checks


def find(code: str, facts: DistFacts) -> tuple[Finding, ...]:
    return run_checks([check for check in CHECKS if check.code == code], [facts])


FILES = tuple(f"demo/{number:02}.json" for number in range(12))


@pytest.mark.parametrize(
    ("missing", "messages"),
    [
        pytest.param((), [], id="none"),
        pytest.param(("demo/a b",), ["1 file in git is not in the sdist: demo/a b"], id="one"),
        pytest.param(
            FILES[:10],
            [f"10 files in git are not in the sdist: {', '.join(FILES[:10])}"],
            id="as many as are shown",
        ),
        pytest.param(
            FILES,
            [f"12 files in git are not in the sdist: {', '.join(FILES[:10])} and 2 more"],
            id="more",
        ),
    ],
)
def test_rk201_file_missing_from_the_sdist(missing: tuple[str, ...], messages: list[str]) -> None:
    project = ProjectFacts(versioned=("demo/__init__.py",))
    assert find("RK201", make_facts(SDIST, missing_files=missing, project=project)) == tuple(
        Finding(
            code="RK201",
            severity=Severity.WARNING,
            message=message,
            place=Place(file=SDIST),
            fix="include them in MANIFEST.in, or list them in [tool.check-manifest] ignore",
        )
        for message in messages
    )


@pytest.mark.parametrize("problems", [(), ("demo.py is not mentioned in RECORD", "x")])
def test_rk301_record_untrue(problems: tuple[str, ...]) -> None:
    assert find("RK301", make_facts(record_problems=problems)) == tuple(
        Finding(
            code="RK301",
            severity=Severity.ERROR,
            message=f"RECORD is untrue: {problem}",
            place=Place(file=f"{WHEEL}/RECORD"),
            fix="build the wheel again, and change nothing in it afterwards",
        )
        for problem in problems
    )
