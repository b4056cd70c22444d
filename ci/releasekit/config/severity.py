"""What configuration says of severities, and what a check's severity is after it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from packaging.utils import canonicalize_name
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from releasekit.checks.model import Check, Rule, Severity

if TYPE_CHECKING:
    from releasekit.checks.facts import DistFacts

SeverityName = Literal["error", "warning", "note", "off"]
NEXT_PAIR = re.compile(r",(?=\s*(?:[\w-]+\s*=|default\b|strict\b|$))")
"""Where the environment's list goes on: a reason may have commas in it."""


def _read_rule(value: object) -> object:
    return {"severity": value} if isinstance(value, str) else value


class SeverityRule(BaseModel):
    """The severity that configuration gives a check, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    severity: SeverityName
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)] | None = None


class ProjectSeverities(BaseModel):
    """Severities: a level for all checks, and rules by code, which beat the level."""

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)
    __pydantic_extra__: dict[str, Annotated[SeverityRule, BeforeValidator(_read_rule)]] = Field(
        init=False
    )

    level: Annotated[
        Literal["default", "strict"] | None,
        Field(description='"strict" makes every warning an error'),
    ] = None

    def rules(self) -> Mapping[str, SeverityRule]:
        """Return the rules by code."""
        return self.__pydantic_extra__


class Severities(ProjectSeverities):
    """The key `severity`: what holds for all projects, and what for one alone."""

    projects: Annotated[
        dict[str, ProjectSeverities], Field(description="the same for one project, by its name")
    ] = {}

    def judge(self, check: Check, facts: DistFacts) -> Rule:
        """Return the severity of a check's findings in a dist.

        The project's rule beats the common rule, and a rule beats a level.
        """
        named = reversed(self.projects.items())  # of two spellings the first one counts
        projects = {canonicalize_name(name): rules for name, rules in named}
        own = projects.get(facts.dist.named.name) or ProjectSeverities()
        if check.fixed:
            return Rule(severity=check.severity)
        if rule := own.rules().get(check.code) or self.rules().get(check.code):
            return Rule(severity=Severity(rule.severity), reason=rule.reason)
        strict = (own.level or self.level) == "strict"
        if strict and check.severity is Severity.WARNING:
            return Rule(severity=Severity.ERROR)
        return Rule(severity=check.severity)


def parse_severities(value: object) -> object:
    """Return the mapping that a text stands for: strict,RK201=warning,RK101=off: reason.

    That is the form of an environment variable; `severity = "strict"` in a file is one too.
    """
    if not isinstance(value, str):
        if not isinstance(value, Mapping | BaseModel):
            raise ValueError('give "strict", or a severity for the code of a check')
        return value
    severities: dict[str, Any] = {}
    for pair in filter(None, map(str.strip, NEXT_PAIR.split(value))):
        code, equals, text = (part.strip() for part in pair.partition("="))
        severity, colon, reason = (part.strip() for part in text.partition(":"))
        if not equals:
            severities["level"] = code
        else:
            severities[code] = {"severity": severity, "reason": reason} if colon else severity
    return severities


def merge_severities(weaker: object, stronger: object) -> object:
    """Return two sources as one: each code and the level of the stronger one win."""
    if stronger is None:
        return weaker
    with contextlib.suppress(ValueError):  # told when it is validated
        weaker, stronger = parse_severities(weaker), parse_severities(stronger)
    if not isinstance(weaker, Mapping) or not isinstance(stronger, Mapping):
        return stronger
    merged = {**weaker, **stronger}
    projects = weaker.get("projects")
    if isinstance(projects, Mapping) and "projects" not in stronger:
        merged["projects"] = {
            name: {code: rule for code, rule in rules.items() if code not in stronger}
            if isinstance(rules, Mapping)
            else rules
            for name, rules in projects.items()
        }
    return merged


def find_rules(severities: object) -> Iterator[tuple[str, str, object]]:
    """Yield the rules of a source that is not validated yet: table, code and rule."""
    with contextlib.suppress(ValueError):
        severities = parse_severities(severities)
    if not isinstance(severities, Mapping):
        return
    tables = {"": severities}
    projects = severities.get("projects")
    if isinstance(projects, Mapping):
        tables |= {f".projects.{name}": table for name, table in projects.items()}
    for path, table in tables.items():
        for code, rule in table.items() if isinstance(table, Mapping) else ():
            if code not in ("level", "projects"):
                yield path, str(code), _read_rule(rule)
