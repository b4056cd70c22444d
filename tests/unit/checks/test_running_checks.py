from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasekit.checks.catalog import CHECKS, CODES
from releasekit.checks.declared import Declared, Place
from releasekit.checks.model import (
    Check,
    DistFacts,
    Fault,
    Finding,
    ProjectFacts,
    Rule,
    Severity,
    in_dist,
    in_project,
)
from samples import SDIST, WHEEL, make_facts, run_checks

PROJECT = ProjectFacts(declared=Declared(base=Place(file="pyproject.toml")))
FACTS = (make_facts(WHEEL, project=PROJECT), make_facts(SDIST, project=PROJECT))


def find_in_project(facts: DistFacts) -> Iterator[Fault]:
    yield Fault(message="in the project", fix="fix it", place=in_project(facts))


def find_in_dist(facts: DistFacts) -> Iterator[Fault]:
    yield Fault(message="in the dist", fix="fix it", place=in_dist(facts, "x"))


ONE = Check(
    code="RK901",
    title="one",
    severity=Severity.NOTE,
    explanation="",
    why="",
    fix="",
    find=find_in_project,
)
EACH = Check(
    code="RK902",
    title="each",
    severity=Severity.ERROR,
    explanation="",
    why="",
    fix="",
    find=find_in_dist,
)


def finding(code: str, severity: Severity, message: str, file: str) -> Finding:
    place = Place(file=file)
    return Finding(code=code, severity=severity, message=message, place=place, fix="fix it")


def test_errors_come_first_and_a_fault_of_the_project_once() -> None:
    assert run_checks((ONE, EACH), FACTS) == (
        finding("RK902", Severity.ERROR, "in the dist", f"{WHEEL}/x"),
        finding("RK902", Severity.ERROR, "in the dist", f"{SDIST}/x"),
        finding("RK901", Severity.NOTE, "in the project", "pyproject.toml"),
    )


def test_project_sets_the_severity() -> None:
    rules = {"RK901": Rule(severity=Severity.WARNING), "RK902": Rule(severity=Severity.OFF)}
    assert run_checks((ONE, EACH), FACTS, lambda check, _: rules[check.code]) == (
        finding("RK901", Severity.WARNING, "in the project", "pyproject.toml"),
    )


def test_waived_finding_comes_last_with_its_reason() -> None:
    rules = {
        "RK901": Rule(severity=Severity.NOTE),
        "RK902": Rule(severity=Severity.OFF, reason="known"),
    }
    found = run_checks((EACH, ONE), FACTS[:1], lambda check, _: rules[check.code])
    assert found == (
        finding("RK901", Severity.NOTE, "in the project", "pyproject.toml"),
        replace(finding("RK902", Severity.OFF, "in the dist", f"{WHEEL}/x"), reason="known"),
    )
    assert [(f.word, f.is_waived) for f in found] == [("note", False), ("waived", True)]


@given(st.permutations(list(itertools.product((ONE, EACH), FACTS))))
def test_order_of_checks_and_dists_changes_nothing(pairs: list[tuple[Check, DistFacts]]) -> None:
    checks = tuple(dict.fromkeys(check for check, _ in pairs))
    found = set(run_checks(checks, FACTS))
    assert found == set(run_checks((ONE, EACH), FACTS))


def test_faultless_dists_have_no_findings() -> None:
    assert run_checks(CHECKS, FACTS) == ()


def test_codes_are_unique_and_in_order() -> None:
    assert list(CODES) == sorted(set(CODES))


@pytest.mark.parametrize("check", CHECKS, ids=CODES)
def test_check_says_what_it_looks_for_and_why(check: Check) -> None:
    assert check.title
    assert check.why
    assert check.fix
    assert check.explanation.endswith(".")


@pytest.mark.parametrize(
    ("place", "text"),
    [(Place(file="setup.py", line=3), "setup.py:3"), (Place(file="setup.py"), "setup.py")],
)
def test_place_is_shown_as_editors_do(place: Place, text: str) -> None:
    assert str(place) == text


@pytest.mark.parametrize(
    ("severity", "reason", "found"),
    [
        pytest.param(Severity.WARNING, None, [Severity.NOTE], id="warning"),
        pytest.param(Severity.ERROR, None, [Severity.NOTE], id="strict"),
        pytest.param(Severity.OFF, "it is so", [Severity.OFF], id="waived"),
        pytest.param(Severity.OFF, None, [], id="off"),
    ],
)
def test_fault_that_is_a_note_stays_one(
    severity: Severity, reason: str | None, found: list[Severity]
) -> None:
    check = replace(
        ONE,
        severity=Severity.WARNING,
        find=lambda facts: [replace(f, is_note=True) for f in find_in_project(facts)],
    )
    rule = Rule(severity=severity, reason=reason)
    assert [one.severity for one in run_checks((check,), FACTS, lambda *_: rule)] == found
