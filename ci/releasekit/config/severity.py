"""What configuration says of severities, and what a check's severity is after it."""

from __future__ import annotations

import contextlib
import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from packaging.utils import canonicalize_name
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from releasekit.checks.model import Check, Rule, Severity

if TYPE_CHECKING:
    from releasekit.checks.model import DistFacts


class SeverityRule(BaseModel):
    """The severity that configuration gives a check, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    severity: Literal["error", "warning", "note", "off"]
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)] | None = None


def _read_rule(value: object) -> object:
    return {"severity": value} if isinstance(value, str) else value


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
        if check.fixed:
            return Rule(severity=check.severity)
        named = reversed(self.projects.items())  # of two spellings the first one counts
        projects = {canonicalize_name(name): rules for name, rules in named}
        own = projects.get(facts.dist.named.name) or ProjectSeverities()
        if rule := own.rules().get(check.code) or self.rules().get(check.code):
            return Rule(severity=Severity(rule.severity), reason=rule.reason)
        is_raised = (own.level or self.level) == "strict" and check.severity is Severity.WARNING
        return Rule(severity=Severity.ERROR if is_raised else check.severity)


def parse_severities(value: object) -> object:
    """Return the mapping that a text stands for: strict,RK201=warning,RK101=off: reason.

    That is the form of an environment variable; `severity = "strict"` in a file is one too.
    """
    if not isinstance(value, str):
        if not isinstance(value, Mapping | BaseModel):
            raise ValueError('give "strict", or a severity for the code of a check')
        return value
    severities: dict[str, Any] = {}
    # The list goes on only there: a reason may have commas in it.
    pairs = re.split(r",(?=\s*(?:[\w-]+\s*=|default\b|strict\b|$))", value)
    for pair in filter(None, map(str.strip, pairs)):
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
    with contextlib.suppress(ValueError):  # raised again when it is validated
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


def find_wrong_rules(severities: object, spelled: str) -> Iterator[str]:
    """Yield what a source says of checks that there are not, or that no configuration may touch.

    `spelled` is how the source names the key; its value is not validated yet.
    """
    with contextlib.suppress(ValueError):
        severities = parse_severities(severities)
    if not isinstance(severities, Mapping):
        return
    projects = severities.get("projects")
    tables = {spelled: severities}
    if isinstance(projects, Mapping):
        tables |= {f"{spelled}.projects.{name}": table for name, table in projects.items()}
    for where, table in tables.items():
        for code, rule in table.items() if isinstance(table, Mapping) else ():
            if code not in ("level", "projects") and (wrong := _explain_wrong_rule(code, rule)):
                yield f"{where}: {wrong}"


def _explain_wrong_rule(code: str, rule: object) -> str:
    from releasekit.checks.catalog import CHECKS, CODES  # takes long, and few projects need it

    found = _read_rule(rule)
    severity, reason = (
        found.get(key) if isinstance(found, Mapping) else None for key in ("severity", "reason")
    )
    check = next((check for check in CHECKS if check.code == code), None)
    if check is None:
        return f"there is no check {code}{suggest(code, CODES)}"
    if check.fixed and severity != check.severity.value:
        return f"{code} stays an error: a guarantee rests on it"
    if check.severity is Severity.ERROR and severity == "off" and not reason:
        return (
            f"{code} is an error: to waive it, give the reason, as in "
            f'{code} = {{ severity = "off", reason = "…" }} '
            f'(RELEASEKIT_SEVERITY="{code}=off: …")'
        )
    return ""


def suggest(word: str, known: Iterable[str]) -> str:
    """Return a question after a word that may be a slip of the pen for a known one."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""
