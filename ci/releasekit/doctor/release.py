"""The rows of what is to be released: the project's name, and its version."""

from __future__ import annotations

from releasekit.doctor.facts import NameFacts, VersionFacts
from releasekit.doctor.model import NAME, VERSION, Row
from releasekit.doctor.repositories import who_reads
from releasekit.model.plan import Action
from releasekit.plural import plural

CONTROL = "pip"
"""A project that every public index has: a proxy that answers for it works."""


def judge_name(facts: NameFacts, proxy: str) -> Row:
    """Tell whether a public project has the name: an installer would take the higher version."""
    name, answer = facts.name, facts.answer
    if name is None:
        return NAME.unknown(
            "it is not written in pyproject.toml or setup.cfg, and nothing is built yet",
            fix="[[build]], then run this again",
        )
    if answer is None or answer.status in (502, 503, 504):
        return NAME.unknown(f"{proxy} does not say who has {name}", fix="fix proxy first, above")
    if answer.status == 403 and answer.reason.startswith("Routing rules block"):
        return NAME.ok(f"{name} is blocked by a routing rule of {proxy}")
    if answer.status == 404:
        # A proxy gives the same 404 for a remote that is wrong or refuses, and Nexus for a
        # repository that does not exist (docs/nexus-behaviour.md#proxy): believe one that serves.
        if not (facts.control and facts.control.is_served):
            return NAME.unknown(
                f"{proxy} answered {facts.control} for {CONTROL} too, which every public index has",
                fix="fix proxy first, above",
            )
        return NAME.ok(f"nobody has {name} publicly, as {proxy} says")
    if answer.status in (401, 403):
        return NAME.unknown(
            f"{proxy} may not be read ({answer})",
            ask=who_reads(proxy),
        )
    if answer.status == 200 and facts.files:
        return NAME.failed(
            f"{name} exists publicly, with {plural(facts.files, 'file')}: its higher version wins",
            "write it into own-names, then [[provision --apply]]: a rule blocks the public "
            "one; or rename the project",
        )
    return NAME.unknown(f"{proxy} answered {answer}", ask="its administrator what that means")


def judge_version(facts: VersionFacts, hosted: str) -> Row:
    """Tell whether the version is free, or published with the same bytes."""
    version = facts.version
    if version is None:
        return VERSION.unknown(
            "HEAD has no release tag, and no version is written in pyproject.toml",
            fix="git tag it, then this again",
        )
    answer = facts.answer
    is_missing = facts.is_hosted and answer is not None and answer.status == 404
    if not is_missing and not (answer and answer.is_served):
        if answer and answer.status in (401, 403):
            return VERSION.unknown(f"{hosted} may not be read ({answer})", ask=who_reads(hosted))
        return VERSION.unknown(
            f"{hosted} does not say whether it has {version} ({answer or 'it was not asked'})",
            fix="fix hosted first, above",
        )
    if not facts.published:
        return VERSION.ok(f"{version} is free in {hosted}")
    count = plural(len(facts.published), "file")
    if facts.plan is None:
        return VERSION.unknown(
            f"{version} has {count} in {hosted}, and nothing is built to compare them with",
            fix="[[build]], then run this again",
        )
    conflicts = [f for f in facts.plan.files if f.action is Action.CONFLICT]
    if conflicts:
        return VERSION.failed(
            f"{version} is in {hosted} with other bytes: {conflicts[0].dist.filename}",
            "release a new version: git tag NEXT-VERSION",
        )
    return VERSION.ok(f"{version} is in {hosted} with the same bytes: {count}")
