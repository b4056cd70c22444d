"""The questions of the repositories and of what is to be released: its name and its version."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from packaging.version import Version

from releasekit.doctor.model import (
    GROUP,
    HOSTED,
    NAME,
    PROXY,
    REDEPLOY,
    VERSION,
    Question,
    Row,
)
from releasekit.doctor.probe import Answer, Visitor, read_project
from releasekit.doctor.server import FRONT
from releasekit.index.layouts import simple_url
from releasekit.model.dists import Dist, NotADistError, parse_filename
from releasekit.model.plan import Action, Plan, compare
from releasekit.model.simple_page import ProjectPage
from releasekit.nexus.documents import Document, Repository, list_names
from releasekit.plural import plural

PROVISION = "[[provision --apply]]"
NOT_FOUND = "Repository not found"
BLOCKED = "Routing rules block"
OFFLINE = "Repository offline"
OR_ADMIN = "or set RELEASEKIT_ADMIN_USERNAME and RELEASEKIT_ADMIN_PASSWORD"
CONTROL = "pip"
"""A project that every public index has: a proxy that answers for it works."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RepositoryFacts:
    """What is known of a repository: what it serves, how it is listed, how it is set up."""

    name: str
    serves: Answer
    """The answer for its index, or for one project of it."""
    listed: Repository | None = None
    settings: Document | None = None
    """None where nobody who asks may see them."""
    username: str = ""
    """Who asked."""


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
    """Tell whether a published file can be overwritten: "never overwrites" rests on that."""
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
    members = list_names(settings, "group.memberNames")
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


def read_control(user: Visitor, admin: Visitor, proxy_url: str) -> Answer:
    """Ask the proxy for a project that every public index has; a page without files is none."""
    answer, page = _read_page(user, admin, f"{simple_url(proxy_url)}{CONTROL}/")
    return answer if page.files or answer.status != 200 else replace(answer, is_foreign=True)


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
    if answer.status in (502, 503, 504):
        return question.unknown(f"the server answered {answer}", fix="fix the rows above first")
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class NameFacts:
    """The project's name, and what the proxy says of it."""

    name: str | None
    answer: Answer | None = None
    files: int = 0
    control: Answer | None = None
    """What the proxy answers for a project that every public index has."""


def read_name(
    user: Visitor,
    admin: Visitor,
    proxy_url: str,
    name: str | None,
    control: Answer | None,
) -> NameFacts:
    """Ask the proxy for the page of the project of that name."""
    if name is None:
        return NameFacts(name=None)
    answer, page = _read_page(user, admin, f"{simple_url(proxy_url)}{name}/")
    return NameFacts(name=name, answer=answer, files=len(page.files), control=control)


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


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionFacts:
    """The version to be released, and what the hosted repository has of it."""

    version: Version | None
    answer: Answer | None = None
    """How the hosted repository answered for the project's page."""
    is_hosted: bool = False
    """True if the hosted repository serves an index: its 404 then means that nothing is there."""
    published: tuple[str, ...] = ()
    """File names of that version."""
    plan: Plan | None = None
    """How the built dists compare with them; None where nothing is built."""


def read_version(
    user: Visitor,
    admin: Visitor,
    hosted_url: str,
    dists: Sequence[Dist],
    *,
    name: str | None,
    version: Version | None,
    is_hosted: bool,
) -> VersionFacts:
    """Read what the hosted repository has of the version, and compare what is built with it."""
    if name is None or version is None:
        return VersionFacts(version=None)
    answer, page = _read_page(user, admin, f"{simple_url(hosted_url)}{name}/")
    published = []
    for file in page.files:
        with contextlib.suppress(NotADistError):
            if parse_filename(file.filename).version == version:
                published.append(file.filename)
    plan = compare(dists, page, url=hosted_url) if dists else None
    return VersionFacts(
        version=version, answer=answer, is_hosted=is_hosted, published=tuple(published), plan=plan
    )


def judge_version(facts: VersionFacts, hosted: str) -> Row:
    """Tell whether the version is free, or published with the same bytes."""
    version = facts.version
    if version is None:
        return VERSION.unknown(
            "HEAD has no release tag, and no version is written in pyproject.toml",
            fix="[[git tag VERSION]], then run this again",
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
            "release a new version: [[git tag NEXT-VERSION]]",
        )
    return VERSION.ok(f"{version} is in {hosted} with the same bytes: {count}")


def _read_page(user: Visitor, admin: Visitor, url: str) -> tuple[Answer, ProjectPage]:
    """Read a project's page as the publisher; as the administrator if that user may not."""
    answer, page = read_project(user, url)
    if answer.status in (401, 403) and admin is not user:
        return read_project(admin, url)
    return answer, page


def _who(facts: RepositoryFacts) -> str:
    return f"user {facts.username}" if facts.username else "nobody"


def who_sees(name: str) -> str:
    """Return who could see the settings of a repository."""
    return f"somebody with nx-repository-admin-pypi-{name}-read, {OR_ADMIN}"


def who_reads(name: str) -> str:
    """Return who could read a repository."""
    return f"somebody with nx-repository-view-pypi-{name}-read, {OR_ADMIN}"
