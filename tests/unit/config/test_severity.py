"""Severities by configuration: rules, levels, projects, and how sources combine."""

from __future__ import annotations

from typing import Any

import pytest

from raising import raises_error
from releasekit.checks.catalog import CHECKS
from releasekit.checks.model import Rule, Severity
from releasekit.config.settings import Settings
from releasekit.config.sources import parse_settings, read_environment, read_table
from releasekit.errors.usage import INVALID_CONFIGURATION
from samples import make_facts

BY_CODE = {check.code: check for check in CHECKS}
OFF = {"severity": "off", "reason": "it is internal"}
WAIVED = Rule(severity=Severity.OFF, reason="it is internal")
ERROR, WARNING, NOTE = (Rule(severity=s) for s in list(Severity)[:3])


def read(severity: object, environment: str = "") -> Settings:
    sources = [read_table("T", {} if severity is None else {"severity": severity})]
    return parse_settings([*sources, read_environment({"RELEASEKIT_SEVERITY": environment})])


def judge(severity: object, environment: str = "") -> tuple[Rule, ...]:
    """RK101 is an error by default, RK102 too (fixed), and RK201 is a warning."""
    policy, facts = read(severity, environment).severity, make_facts()
    return tuple(policy.judge(BY_CODE[code], facts) for code in ("RK101", "RK102", "RK201"))


@pytest.mark.parametrize(
    ("severity", "rules"),
    [
        pytest.param(None, (ERROR, ERROR, WARNING), id="nothing"),
        pytest.param("", (ERROR, ERROR, WARNING), id="empty"),
        pytest.param("default", (ERROR, ERROR, WARNING), id="default"),
        pytest.param("strict", (ERROR, ERROR, ERROR), id="strict: a warning is an error"),
        pytest.param({"level": "strict"}, (ERROR, ERROR, ERROR), id="strict in the table"),
        pytest.param({"RK201": "note"}, (ERROR, ERROR, NOTE), id="one code"),
        pytest.param({"RK102": "error"}, (ERROR, ERROR, WARNING), id="what it is anyway"),
        pytest.param(
            {"level": "strict", "RK201": "warning"}, (ERROR, ERROR, WARNING), id="a rule beats it"
        ),
        pytest.param({"RK101": OFF}, (WAIVED, ERROR, WARNING), id="waived"),
        pytest.param({"RK201": OFF}, (ERROR, ERROR, WAIVED), id="warning waived"),
        pytest.param(
            {"RK101": "warning", "projects": {"De.Mo": {"RK101": OFF}, "demo": {"RK101": "note"}}},
            (NOTE, ERROR, WARNING),
            id="one project",
        ),
        pytest.param(
            {"RK201": "note", "projects": {"Demo": {"level": "strict"}}},
            (ERROR, ERROR, NOTE),
            id="a rule beats a project's level",
        ),
        pytest.param(
            {"projects": {"Demo": {"level": "strict"}}}, (ERROR, ERROR, ERROR), id="project's level"
        ),
        pytest.param(
            {"level": "strict", "projects": {"Demo": {"level": "default"}}},
            (ERROR, ERROR, WARNING),
            id="project's own level",
        ),
    ],
)
def test_table_says_how_severe_a_check_is(severity: object, rules: tuple[Rule, ...]) -> None:
    assert judge(severity) == rules


@pytest.mark.parametrize(
    ("table", "environment", "rules"),
    [
        pytest.param(None, "strict", (ERROR, ERROR, ERROR), id="level"),
        pytest.param(
            {"RK101": OFF}, "strict", (WAIVED, ERROR, ERROR), id="the table's rule beats its level"
        ),
        pytest.param(
            "strict",
            "RK101=off: it is internal, RK201=note",
            (WAIVED, ERROR, NOTE),
            id="rules beat the table's level",
        ),
        pytest.param(
            "strict", "default", (ERROR, ERROR, WARNING), id="its level beats the table's"
        ),
        pytest.param(
            {"RK101": "note", "RK201": "note"},
            "strict,RK101=error,",
            (ERROR, ERROR, NOTE),
            id="code by code",
        ),
        pytest.param(
            {"projects": {"demo": {"RK101": OFF, "RK201": "note"}}},
            "RK101=error",
            (ERROR, ERROR, NOTE),
            id="it beats a project's rule too",
        ),
    ],
)
def test_environment_beats_the_table_code_by_code(
    table: object, environment: str, rules: tuple[Rule, ...]
) -> None:
    assert judge(table, environment) == rules


def test_reason_in_the_environment_may_have_commas_and_colons() -> None:
    text = "strict, RK101=off: it is internal, see: the wiki = good, RK201=warning"
    rules = read(None, text).severity.rules()
    assert {code: (rule.severity, rule.reason) for code, rule in rules.items()} == {
        "RK101": ("off", "it is internal, see: the wiki = good"),
        "RK201": ("warning", None),
    }


def problem_of(severity: Any, environment: str = "") -> str:
    with raises_error(INVALID_CONFIGURATION) as caught:
        read(severity, environment)
    return str(caught.value.fields["problems"])


NO_REASON = (
    'RK101 is an error: to waive it, give the reason, as in RK101 = { severity = "off", '
    'reason = "…" } (RELEASEKIT_SEVERITY="RK101=off: …")'
)


@pytest.mark.parametrize(
    ("severity", "environment", "problem"),
    [
        pytest.param({"RK101": "off"}, "", f"T severity: {NO_REASON}", id="no reason"),
        pytest.param(
            {"RK101": {"severity": "off"}}, "", f"T severity: {NO_REASON}", id="no reason, either"
        ),
        pytest.param(None, "RK101=off", f"RELEASEKIT_SEVERITY: {NO_REASON}", id="nor there"),
        pytest.param(
            {"RK101": {"severity": "off", "reason": "  "}},
            "",
            "T severity.RK101.reason: string should have at least 1 character",
            id="blank reason",
        ),
        pytest.param(
            {"RK20l": OFF},
            "",
            "T severity: there is no check RK20l; did you mean RK201?",
            id="code",
        ),
        pytest.param(
            {"projects": {"a": {"RK102": OFF}}},
            "",
            "T severity.projects.a: RK102 stays an error: a guarantee rests on it",
            id="fixed, for a project",
        ),
        pytest.param(
            "strickt", "", "T severity.level: input should be 'default' or 'strict'", id="level"
        ),
        pytest.param(
            {"RK101": {"level": "off"}},
            "",
            "T severity.RK101.severity: field required\n"
            "T severity.RK101.level: there is no such key",
            id="rule without a severity",
        ),
    ],
)
def test_wrong_rule_is_refused(severity: object, environment: str, problem: str) -> None:
    assert problem_of(severity, environment) == problem
