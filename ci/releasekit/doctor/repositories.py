"""The rows of the repositories: hosted, redeploy, group, proxy."""

from __future__ import annotations

from collections.abc import Sequence

from releasekit.doctor.facts import Answer, RepositoryFacts
from releasekit.doctor.model import GROUP, HOSTED, PROXY, REDEPLOY, Question, Row
from releasekit.nexus.documents import Document, Repository

PROVISION = "[[provision --apply]]"
NOT_FOUND = "Repository not found"
BLOCKED = "Routing rules block"
FRONT = "let the front server pass /repository/ on to Nexus, without a login page of its own"
OFFLINE = "Repository offline"
OR_ADMIN = "or set RELEASEKIT_ADMIN_USERNAME and RELEASEKIT_ADMIN_PASSWORD"


def judge_hosted(facts: RepositoryFacts) -> Row:
    """Tell whether the repository is there, hosted, for Python packages, and online."""
    name = facts.name
    if row := _judge_presence(HOSTED, facts):
        return row
    if facts.listed and (facts.listed.format, facts.listed.type) != ("pypi", "hosted"):
        return HOSTED.failed(
            f"{name} is a {facts.listed.type} repository of format {facts.listed.format}",
            "set hosted to the name of a hosted PyPI repository",
        )
    if facts.serves.status in (401, 403):
        return HOSTED.failed(
            f"{_who(facts)} may not read {name} ({facts.serves}), and a release compares with it",
            f"ask the Nexus administrator for the privilege nx-repository-view-pypi-{name}-read",
        )
    if facts.serves.status != 200:
        return HOSTED.failed(
            f"{name} serves no index of Python packages ({facts.serves})",
            "set hosted to the name of a hosted PyPI repository",
        )
    if facts.serves.is_foreign:
        return HOSTED.unknown(f"{name} answered {facts.serves}", fix=FRONT)
    seen = facts.settings is not None or facts.listed is not None
    return HOSTED.ok(f"{name} is hosted, for PyPI, online" if seen else f"{name} serves an index")


def judge_redeploy(facts: RepositoryFacts) -> Row:
    """Tell whether a published file can be overwritten: guarantee 3 rests on that."""
    if facts.settings is None:
        return REDEPLOY.unknown(f"{_who(facts)} may not see the settings", ask=who_sees(facts.name))
    policy = str(facts.settings.get("storage.writePolicy")).lower()
    if policy == "allow_once":
        return REDEPLOY.ok(f"{facts.name} takes each file once")
    if policy == "allow":
        return REDEPLOY.failed(
            f"{facts.name} lets published files be overwritten",
            f"{PROVISION}, or set its deployment policy to Disable redeploy",
        )
    return REDEPLOY.failed(
        f"{facts.name} takes no uploads: its deployment policy is {policy}",
        f"{PROVISION}, or set its deployment policy to Disable redeploy",
    )


def judge_group(
    facts: RepositoryFacts | None, hosted: str, listed: Sequence[Repository], proxy: str
) -> Row:
    """Tell whether the group has the hosted repository, before any proxy."""
    if facts is None:
        return GROUP.ok(f"none is configured: releases are installed from {hosted} itself")
    if row := _judge_presence(GROUP, facts):
        return row
    name = facts.name
    if facts.listed and (facts.listed.format, facts.listed.type) != ("pypi", "group"):
        return GROUP.failed(
            f"{name} is a {facts.listed.type} repository of format {facts.listed.format}",
            "set group to the name of a PyPI group",
        )
    if facts.settings is None:
        if facts.serves.status in (401, 403):
            return GROUP.failed(
                f"{_who(facts)} may not read {name} ({facts.serves}), and releases install from it",
                f"ask the Nexus administrator for nx-repository-view-pypi-{name}-read",
            )
        return GROUP.unknown(f"{_who(facts)} may not see its members", ask=who_sees(name))
    proxies = {one.name for one in listed if one.type == "proxy"} | {proxy}
    return _judge_members(name, hosted, facts.settings, proxies)


def _judge_members(name: str, hosted: str, settings: Document, proxies: set[str]) -> Row:
    members = settings.names("group.memberNames")
    shown = ", ".join(members)
    if hosted not in members:
        return GROUP.failed(
            f"{name} does not have {hosted} ({shown}): releases would not be installable from it",
            f"{PROVISION}, or add {hosted} to its members, first",
        )
    before = [member for member in members[: members.index(hosted)] if member in proxies]
    if before:
        return GROUP.failed(
            f"{name} has {before[0]} before {hosted}: a public file of the same name would win",
            f"{PROVISION}, or move {hosted} before it",
        )
    return GROUP.ok(f"{name} has {shown}")


def judge_proxy(facts: RepositoryFacts, control: Answer | None = None) -> Row:
    """Tell whether the proxy gets answers; it was asked for a project that cannot exist.

    `control` is its answer for a project that every public index has: only that tells a remote
    that has no such project from one that refuses, or that is not an index.
    """
    name, answer = facts.name, facts.serves
    if facts.listed and (facts.listed.format, facts.listed.type) != ("pypi", "proxy"):
        return PROXY.warning(
            f"{name} is a {facts.listed.type} repository of format {facts.listed.format}",
            "set proxy to the name of a PyPI proxy repository",
        )
    remote = (facts.settings and facts.settings.get("proxy.remoteUrl")) or (
        facts.listed and facts.listed.remote
    )
    where = str(remote or "its remote")
    if answer.status == 404 and answer.reason == NOT_FOUND:
        return PROXY.warning(
            f"there is no repository {name}", f"set proxy to the name of yours, or {PROVISION}"
        )
    if answer.reason == OFFLINE:
        return PROXY.failed(f"{name} is offline", f"{PROVISION}, or tick Online in its settings")
    if facts.settings and facts.settings.get("httpClient.blocked"):
        return PROXY.failed(
            f"{name} is blocked by hand: it does not ask {where}",
            f"{PROVISION}, or untick Blocked in its settings",
        )
    if answer.status == 403 and answer.reason.startswith(BLOCKED):
        return PROXY.unknown(
            f"a routing rule of {name} blocks what was asked for", ask="who wrote that rule"
        )
    if answer.status in (404, 200):
        if control and control.is_served:
            return PROXY.ok(f"{name} reaches {where}")
        return PROXY.unknown(
            f"{name} answered {control or 'nothing'} for pip, which every public index has",
            ask=f"its administrator whether its remote is right ({where}), and answers Nexus",
        )
    if answer.status in (401, 403):
        return PROXY.unknown(
            f"{_who(facts)} may not read {name} ({answer})",
            ask=who_reads(name),
        )
    return PROXY.failed(
        f"{name} cannot reach {where} ({answer})",
        "its administrator sees why in its settings: the remote's address, the HTTP proxy, or a "
        "CA that the trust store lacks",
    )


def _judge_presence(question: Question, facts: RepositoryFacts) -> Row | None:
    """Return the row of a repository that is not there or offline."""
    name, answer = facts.name, facts.serves
    if answer.status == 404 and answer.reason == NOT_FOUND:
        return question.failed(
            f"there is no repository {name}", f"check {question.title}, or create it: {PROVISION}"
        )
    if answer.reason == OFFLINE or (facts.settings and facts.settings.get("online") is False):
        return question.failed(f"{name} is offline", f"{PROVISION}, or tick Online in its settings")
    if _is_ill(answer):
        return question.unknown(f"the server answered {answer}", fix="fix the rows above first")
    return None


def _is_ill(answer: Answer) -> bool:
    return answer.status in (502, 503, 504)


def _who(facts: RepositoryFacts) -> str:
    return f"user {facts.username}" if facts.username else "nobody"


def who_sees(name: str) -> str:
    """Return who could see the settings of a repository."""
    return f"somebody with nx-repository-admin-pypi-{name}-read, {OR_ADMIN}"


def who_reads(name: str) -> str:
    """Return who could read a repository."""
    return f"somebody with nx-repository-view-pypi-{name}-read, {OR_ADMIN}"
