"""The questions of the repositories, and of the release: name, version, build requirements."""

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
    REQUIRES,
    VERSION,
    Question,
    Row,
)
from releasekit.doctor.probe import Answer, Visitor, read_page
from releasekit.doctor.server import FRONT
from releasekit.errors import ReleasekitError, Status
from releasekit.index.layouts import simple_url
from releasekit.model.dists import Dist, NotADistError, parse_filename
from releasekit.model.published import compare
from releasekit.nexus.documents import Document, Repository, list_names
from releasekit.plural import list_some, plural

PROVISION = "[[provision --apply]]"
RULE = "Routing rules block"
"""How Nexus answers for what a routing rule blocks, with 403; more words follow."""
CONTROL = "pip"  # a project that every public index has: a proxy that answers for it works


@dataclass(frozen=True, kw_only=True, slots=True)
class RepositoryFacts:
    """What is known of a repository: what it serves, how it is listed, how it is set up."""

    name: str
    serves: Answer  # how it answered for its index, or for one project of it
    listed: Repository | None = None
    settings: Document | None = None  # None where this user may not see them
    username: str = ""


def judge_hosted(facts: RepositoryFacts) -> Row:
    """Tell whether the repository is there, hosted, for Python packages, and online."""
    name = facts.name
    fix = "set hosted to the name of a hosted PyPI repository"
    if row := _judge_presence(HOSTED, facts, fix):
        return row
    match facts.serves.status:
        case 200 if facts.serves.is_foreign:
            return HOSTED.unknown(f"{name} answered {facts.serves}", fix=FRONT)
        case 200 if facts.settings is None and facts.listed is None:
            return HOSTED.ok(f"{name} serves an index")
        case 200:
            return HOSTED.ok(f"{name} is hosted, for PyPI, online")
        case 401 | 403:
            return HOSTED.failed(
                f"{_who(facts)} may not read {name} ({facts.serves}), "
                "and a release compares with it",
                "ask the Nexus administrator for the privilege "
                f"nx-repository-view-pypi-{name}-read",
            )
    return HOSTED.failed(f"{name} serves no index of Python packages ({facts.serves})", fix)


def judge_redeploy(facts: RepositoryFacts) -> Row:
    """Tell whether a published file can be overwritten: "never overwrites" rests on that."""
    if facts.settings is None:
        return REDEPLOY.unknown(
            f"{_who(facts)} may not see the settings", ask=who_reads(facts.name, "admin")
        )
    fix = f"{PROVISION}, or set its deployment policy to Disable redeploy"
    match str(facts.settings.get("storage.writePolicy")).lower():
        case "allow_once":
            return REDEPLOY.ok(f"{facts.name} takes each file once")
        case "allow":
            return REDEPLOY.failed(f"{facts.name} lets published files be overwritten", fix)
        case policy:
            return REDEPLOY.failed(
                f"{facts.name} takes no uploads: its deployment policy is {policy}", fix
            )


def judge_group(
    facts: RepositoryFacts | None, hosted: str, listed: Sequence[Repository], proxy: str
) -> Row:
    """Tell whether the group has the hosted repository, before any proxy."""
    if facts is None:
        return GROUP.ok(f"none is configured: releases are installed from {hosted} itself")
    name = facts.name
    if row := _judge_presence(GROUP, facts, "set group to the name of a PyPI group"):
        return row
    if facts.settings is None:
        if facts.serves.status in (401, 403):
            return GROUP.failed(
                f"{_who(facts)} may not read {name} ({facts.serves}), and releases install from it",
                f"ask the Nexus administrator for nx-repository-view-pypi-{name}-read",
            )
        return GROUP.unknown(f"{_who(facts)} may not see its members", ask=who_reads(name, "admin"))
    members = list_names(facts.settings, "group.memberNames")
    shown = ", ".join(members)
    if hosted not in members:
        return GROUP.failed(
            f"{name} does not have {hosted} ({shown}): releases would not be installable from it",
            f"{PROVISION}, or add {hosted} to its members, first",
        )
    proxies = {one.name for one in listed if one.type == "proxy"} | {proxy}
    for member in members[: members.index(hosted)]:
        if member in proxies:
            return GROUP.failed(
                f"{name} has {member} before {hosted}: a public file of the same name would win",
                f"{PROVISION}, or move {hosted} before it",
            )
    return GROUP.ok(f"{name} has {shown}")


def read_control(user: Visitor, admin: Visitor, proxy_url: str) -> Answer:
    """Ask the proxy for a project that every public index has; a page without files is none."""
    answer, page = read_page(user, admin, f"{simple_url(proxy_url)}{CONTROL}/")
    return answer if page.files or answer.status != 200 else replace(answer, is_foreign=True)


def judge_proxy(facts: RepositoryFacts, control: Answer) -> Row:
    """Tell whether the proxy gets answers; it was asked for a project that cannot exist.

    `control` is its answer for a project that every public index has: only that tells a remote
    that has no such project from one that refuses, or that is not an index.
    """
    name, answer, settings, listed = facts.name, facts.serves, facts.settings or {}, facts.listed
    where = settings.get("proxy.remoteUrl") or (listed and listed.remote) or "its remote"
    if listed and (listed.format, listed.type) != ("pypi", "proxy"):
        return PROXY.warning(
            f"{name} is a {listed.type} repository of format {listed.format}",
            "set proxy to the name of a PyPI proxy repository",
        )
    match (answer.status, answer.reason):
        case 404, "Repository not found":
            return PROXY.warning(
                f"there is no repository {name}", f"set proxy to the name of yours, or {PROVISION}"
            )
        case _, "Repository offline":
            return PROXY.failed(
                f"{name} is offline", f"{PROVISION}, or tick Online in its settings"
            )
        case _ if settings.get("httpClient.blocked"):
            return PROXY.failed(
                f"{name} is blocked by hand: it does not ask {where}",
                f"{PROVISION}, or untick Blocked in its settings",
            )
        case 403, reason if reason.startswith(RULE):
            return PROXY.unknown(
                f"a routing rule of {name} blocks what was asked for", ask="who wrote that rule"
            )
        case ((200 | 404), _) if control.is_served:
            return PROXY.ok(f"{name} reaches {where}")
        case ((200 | 404), _):
            return PROXY.unknown(
                f"{name} answered {control} for {CONTROL}, which every public index has",
                ask=f"its administrator whether its remote is right ({where}), and answers Nexus",
            )
        case ((401 | 403), _):
            return PROXY.unknown(
                f"{_who(facts)} may not read {name} ({answer})", ask=who_reads(name)
            )
    return PROXY.failed(
        f"{name} cannot reach {where} ({answer})",
        "its administrator sees why in its settings: the remote's address, the HTTP proxy, or a "
        "CA that the trust store lacks",
    )


def _judge_presence(question: Question, facts: RepositoryFacts, fix: str) -> Row | None:
    """Return the row of a repository that is not there, offline, or not what the title says."""
    name, answer, listed = facts.name, facts.serves, facts.listed
    is_offline = facts.settings is not None and facts.settings.get("online") is False
    match (answer.status, answer.reason):
        case 404, "Repository not found":
            return question.failed(
                f"there is no repository {name}",
                f"check {question.title}, or create it: {PROVISION}",
            )
        case _, reason if reason == "Repository offline" or is_offline:
            return question.failed(
                f"{name} is offline", f"{PROVISION}, or tick Online in its settings"
            )
        case ((502 | 503 | 504), _):
            return question.unknown(f"the server answered {answer}", fix="fix the rows above first")
    if listed and (listed.format, listed.type) != ("pypi", question.title):
        return question.failed(
            f"{name} is a {listed.type} repository of format {listed.format}", fix
        )
    return None


def examine_name(
    user: Visitor, admin: Visitor, proxy_url: str, name: str | None, *, proxy: str, control: Answer
) -> Row:
    """Ask the proxy whether a public project has the name: installers take the higher version.

    `control` as in `judge_proxy`.
    """
    if name is None:
        return NAME.unknown(
            "it is not written in pyproject.toml or setup.cfg, and nothing is built yet",
            fix="[[build]], then run this again",
        )
    answer, page = read_page(user, admin, f"{simple_url(proxy_url)}{name}/")
    match answer.status:
        case 200 if page.files:
            files = plural(len(page.files), "file")
            return NAME.failed(
                f"{name} exists publicly, with {files}: its higher version wins",
                "write it into own-names, then [[provision --apply]]: a rule blocks the public "
                "one; or rename the project",
            )
        case 403 if answer.reason.startswith(RULE):
            return NAME.ok(f"{name} is blocked by a routing rule of {proxy}")
        case 401 | 403:
            return NAME.unknown(f"{proxy} may not be read ({answer})", ask=who_reads(proxy))
        # A proxy gives the same 404 for a remote that is wrong or refuses, and Nexus for a
        # repository that does not exist (docs/nexus-behaviour.md#proxy): believe one that serves.
        case 404 if control.is_served:
            return NAME.ok(f"nobody has {name} publicly, as {proxy} says")
        case 404:
            return NAME.unknown(
                f"{proxy} answered {control} for {CONTROL} too, which every public index has",
                fix="fix proxy first, above",
            )
        case 502 | 503 | 504:
            return NAME.unknown(
                f"{proxy} does not say who has {name}", fix="fix proxy first, above"
            )
    return NAME.unknown(f"{proxy} answered {answer}", ask="its administrator what that means")


def examine_version(
    user: Visitor,
    admin: Visitor,
    hosted_url: str,
    dists: Sequence[Dist],
    *,
    name: str | None,
    version: Version | None,
    hosted: str,
    is_hosted: bool,
) -> Row:
    """Ask the hosted repository for the files of a version, and compare the dists with them.

    `is_hosted` if the repository serves an index: its 404 then means that nothing is there.
    """
    if name is None or version is None:
        return VERSION.unknown(
            "HEAD has no release tag, and no version is written in pyproject.toml",
            fix="[[git tag VERSION]], then run this again",
        )
    answer, page = read_page(user, admin, f"{simple_url(hosted_url)}{name}/")
    published = 0
    for file in page.files:
        with contextlib.suppress(NotADistError):
            published += parse_filename(file.filename).version == version
    plan, count = compare(dists, page, url=hosted_url), plural(published, "file")
    conflicts = [file.dist for file in plan.conflicts]
    if answer.status in (401, 403):
        return VERSION.unknown(f"{hosted} may not be read ({answer})", ask=who_reads(hosted))
    if not answer.is_served and not (is_hosted and answer.status == 404):
        return VERSION.unknown(
            f"{hosted} does not say whether it has {version} ({answer})",
            fix="fix hosted first, above",
        )
    if not published:
        return VERSION.ok(f"{version} is free in {hosted}")
    if not dists:
        return VERSION.unknown(
            f"{version} has {count} in {hosted}, and nothing is built to compare them with",
            fix="[[build]], then run this again",
        )
    if conflicts:
        return VERSION.failed(
            f"{version} is in {hosted} with other bytes: {conflicts[0].filename}",
            "release a new version: [[git tag NEXT-VERSION]]",
        )
    return VERSION.ok(f"{version} is in {hosted} with the same bytes: {count}")


def judge_requires(
    requires: set[str] | None,
    index: str,
    problem: str = "",
    *,
    unbuilt: tuple[str, ...] = (),
    is_group: bool = False,
) -> Row:
    """Tell whether the index has what [build-system] requires.

    `requires` is None where no project says it, `problem` is the resolver's reason, and `unbuilt`
    are the names that have an sdist only.
    """
    if requires is None:
        return REQUIRES.unknown(
            "there is no project here that says what its build requires",
            fix="run this in the project's directory, or name it with -C",
        )
    if not requires:
        return REQUIRES.ok("the build requires nothing")
    if unbuilt:
        return REQUIRES.ok(f"{index} has them; {list_some(unbuilt)} as an sdist, which is built")
    if not problem:
        return REQUIRES.ok(f"{index} has {list_some(sorted(requires))}")
    group = (
        "have a proxy of an index that has it in the group (the row proxy says whether it "
        "works), or upload the wheels to a member of it; or "
    )
    return REQUIRES.failed(
        f"{index} does not give what the build requires: {' '.join(problem.split())}",
        f"{group if is_group else ''}name an index that has it: in UV_DEFAULT_INDEX, or as "
        "index-url in pip.conf",
    )


def judge_failure(error: ReleasekitError) -> Row:
    """Tell what keeps a build from its requirements: a login, a certificate, an index."""
    answers = error.answers(render=str)
    return REQUIRES.failed(
        f"{answers['what']}: {answers['where']}: {' '.join(answers['why'].split())}",
        " ".join(answers["next"].split()),
        passes=error.status is Status.FAILED,
    )


def _who(facts: RepositoryFacts) -> str:
    return f"user {facts.username}" if facts.username else "nobody"


def who_reads(name: str, what: str = "view") -> str:
    """Return who could read a repository, or with "admin" its settings."""
    return (
        f"somebody with nx-repository-{what}-pypi-{name}-read, or set RELEASEKIT_ADMIN_USERNAME "
        "and RELEASEKIT_ADMIN_PASSWORD"
    )
