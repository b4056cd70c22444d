"""The doctor: asks in the order in which one thing rests on another, and stops where it must."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from packaging.version import Version

from releasekit import git
from releasekit.archives import read_dist
from releasekit.build.backend import read_requires
from releasekit.build.environment import EnvironmentOptions, try_requirements
from releasekit.context import NexusContext
from releasekit.doctor import connection, probe, repositories, server
from releasekit.doctor.model import QUESTIONS, Diagnosis, Row, State
from releasekit.doctor.probe import Answer, Visitor
from releasekit.doctor.repositories import RepositoryFacts
from releasekit.doctor.server import Login
from releasekit.errors import ReleasekitError, Status
from releasekit.errors.failed import DIAGNOSIS_FAILED
from releasekit.errors.refused import DIAGNOSIS_REFUSED
from releasekit.index.layouts import simple_url
from releasekit.index.nexus import repository_url
from releasekit.inspect.project import read_static_metadata
from releasekit.model.credentials import NO_CREDENTIALS, Credentials, describe_login
from releasekit.model.dists import Dist, NotADistError, parse_filename
from releasekit.model.project import find_release_tag
from releasekit.nexus.documents import Repository
from releasekit.nexus.drift import Kind
from releasekit.nexus.rest import Rest, find_resource, list_repositories
from releasekit.plural import plural
from releasekit.proof.resolve import NO_SOLUTION, find_reason
from releasekit.redact import MARK, hide_credentials
from releasekit.request import is_project
from releasekit.requirements import keep_reachable
from releasekit.uv.failures import ask_for_objection, find_certificate_fix, find_unbuilt_names
from releasekit.workspace import check_file, list_folder

WELL_KNOWN = Credentials(username="admin", password="admin123", source="every Nexus has had it")  # noqa: S106
NOBODY = "releasekit-doctor-"
"""Begins the name of a project that no index has; the rest is generated for each run."""


def run(ctx: NexusContext) -> None:
    """Find out before the tag what would stop a release after it."""
    refuse_failed(diagnose(ctx))


def diagnose(ctx: NexusContext) -> Diagnosis:
    """Ask all that this user can ask, and return a row for each question."""
    ctx.progress.begin("doctor")
    rows: list[Row] = []
    broken: ReleasekitError | None = None
    try:
        for row in _examine(ctx):
            ctx.progress.work(row.question.title)
            rows.append(row)
    except ReleasekitError as error:  # the server went away in the middle
        broken = error
    # The file that holds the configuration, to which findings belong.
    own = "releasekit.toml"
    place = own if (ctx.root / own).is_file() else "pyproject.toml"
    diagnosis = Diagnosis(url=ctx.url, rows=_fill_up(rows, broken), place=place)
    ctx.progress.finish(diagnosis)
    return diagnosis


def refuse_failed(diagnosis: Diagnosis) -> None:
    """Raise what the failed rows add up to: DIAGNOSIS_REFUSED, or DIAGNOSIS_FAILED of servers."""
    failed = diagnosis.having(State.FAILED)
    codes, rows = ", ".join(row.question.code for row in failed), plural(len(failed), "row")
    if any(not row.passes for row in failed):
        raise ReleasekitError(DIAGNOSIS_REFUSED, url=diagnosis.url, rows=rows, codes=codes)
    if failed:
        raise ReleasekitError(DIAGNOSIS_FAILED, url=diagnosis.url, rows=rows, codes=codes)


def _fill_up(rows: list[Row], broken: ReleasekitError | None) -> tuple[Row, ...]:
    """Return a row for each question, in their order; what was not asked says why."""
    found = {row.question: row for row in rows}
    for question in QUESTIONS:
        if question not in found and broken:
            answers = broken.answers(render=str)
            where = answers["where"]  # of a proxy, if it has two parts
            text = f"{where}: {answers['why']}" if ", " in where else answers["why"]
            passes = broken.status is Status.FAILED
            found[question] = question.failed(text, answers["next"], passes=passes)
            broken = None
    failed = next((q for q in QUESTIONS if q in found and found[q].state is State.FAILED), None)
    text, fix = "not asked", f"fix {failed.title if failed else ''} first, above"
    return tuple(found.get(q) or q.unknown(text, fix=fix) for q in QUESTIONS)


def _examine(ctx: NexusContext) -> Iterator[Row]:
    """Yield rows until something fails that all others rest on."""
    client = ctx.network.client
    yield connection.judge_encryption(ctx.url)
    yield (address := connection.examine_address(ctx.url, client))
    if address.state is State.FAILED:
        return
    tls = connection.examine_tls(ctx.url, client, datetime.now(timezone.utc))
    yield tls if tls.state is State.FAILED else _ask_uv(ctx, tls)
    if tls.state is State.FAILED:
        return
    hosted_url = repository_url(ctx.url, ctx.settings.hosted)
    facts = server.read_server(client, ctx.url, hosted_url)
    yield server.judge_server(facts, is_sandbox=ctx.into_sandbox)
    if not facts.is_nexus:
        return
    yield connection.judge_clock(facts.date, facts.now)
    # A front server may pass the repositories on, and no more.
    login_url = f"{ctx.url}{probe.STATUS}" if facts.version else simple_url(hosted_url)
    visit = _open_visit(ctx, login_url)
    yield server.judge_credentials(visit.publisher, visit.administrator, visit.reader)
    hosted = visit.look_at(Kind.HOSTED, ctx.settings.hosted, "")
    is_frozen = facts.writable.status == 503
    frozen = server.read_frozen(visit.admin, ctx.url) if is_frozen else None
    yield server.judge_writable(facts, hosted.serves, frozen=frozen)
    control = repositories.read_control(visit.user, visit.admin, visit.url(ctx.settings.proxy))
    yield from _examine_repositories(visit, hosted, control)
    yield from _examine_release(visit, hosted, control)
    yield _examine_requires(ctx)


def _ask_uv(ctx: NexusContext, tls: Row) -> Row:
    """Return the row of a certificate that Python accepts: uv may not."""
    url, objection = repository_url(ctx.url, ctx.settings.hosted), ""
    if url.startswith("https://"):
        network = ctx.network
        objection = ask_for_objection(
            url, network.environ, timeout=network.timeout, count=network.count_uv
        )
    return connection.judge_objection(tls, objection, find_certificate_fix(objection))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Visit:
    """A server that answers, and as whom it is asked."""

    ctx: NexusContext
    nobody: Visitor
    user: Visitor
    """The publisher's, or nobody's where the credentials are missing or wrong."""
    admin: Visitor
    """The administrator's; else the publisher's."""
    reading: Visitor
    """The reader's, where reading has credentials of its own; else the publisher's."""
    publisher: Login | None
    administrator: Login | None
    reader: Login | None
    listed: tuple[Repository, ...] = ()

    @property
    def username(self) -> str:
        """Return who asks about rights, empty for nobody."""
        valid = self.publisher and self.publisher.answer.status == 200
        return self.publisher.username if valid and self.publisher else ""

    def url(self, repository: str) -> str:
        """Return the address of a repository."""
        return repository_url(self.ctx.url, repository)

    def look_at(self, kind: Kind, name: str, project: str) -> RepositoryFacts:
        """Return what is known of a repository; without a project its root page is asked for.

        Who may not read that may read the page of what is to be released, which is all that a
        release needs (docs/nexus-behaviour.md#rights).
        """
        page, found = f"{project}/" if project else "", self.administrator or self.reader
        simple, own = simple_url(self.url(name)), read_static_metadata(self.ctx.root).name
        serves = self.read(f"{simple}{page}")
        if serves.status == 403 and not serves.is_foreign and own:
            answer = probe.ask(self.reading, f"{simple}{own}/")
            if answer.status == 200 or (answer.status, answer.reason) == (404, "Not Found"):
                serves = replace(answer, status=200, reason="OK")
        settings = None
        with contextlib.suppress(ReleasekitError):  # who may not see them learns nothing
            settings = find_resource(_open_rest(self.ctx, self.admin), kind, name)
        return RepositoryFacts(
            name=name,
            serves=serves,
            listed=next((one for one in self.listed if one.name == name), None),
            settings=settings,
            username=found.username if found else self.username,
        )

    def read(self, url: str) -> Answer:
        """Ask as a release reads; as the administrator where that user may not."""
        answer = probe.ask(self.reading, url)
        refused = answer.status in (401, 403) and answer.reason in ("", "Forbidden", "Unauthorized")
        return probe.ask(self.admin, url) if refused and self.administrator else answer


def _open_rest(ctx: NexusContext, visitor: Visitor) -> Rest:
    client, credentials = visitor.client, visitor.credentials
    return Rest(url=ctx.url, client=client, credentials=credentials, attempts=1)


def _open_visit(ctx: NexusContext, login_url: str) -> _Visit:
    """Try the logins at an address where a wrong password is refused."""
    nobody = Visitor(client=ctx.network.client, credentials=NO_CREDENTIALS)
    logins = []
    own = ctx.reader if ctx.reader != ctx.credentials else NO_CREDENTIALS
    for credentials in (ctx.credentials, ctx.admin, own):
        login, visitor = None, nobody
        if credentials.username:
            visitor = Visitor(client=ctx.network.client, credentials=credentials)
            answer = probe.ask(visitor, login_url)
            if answer.status == 403 and not answer.is_foreign:  # known, and not of that repository
                answer = replace(answer, status=200, reason="OK")
            name, source, hint = describe_login(credentials)
            login = Login(username=name, source=source, hint=hint, answer=answer)
        logins.append((login, visitor if login and login.answer.status == 200 else nobody))
    (publisher, user), (administrator, admin), (reader, reading) = logins
    asking = user if admin is nobody else admin
    listed: tuple[Repository, ...] = ()
    with contextlib.suppress(ReleasekitError):
        listed = list_repositories(_open_rest(ctx, asking))
    return _Visit(
        ctx=ctx,
        nobody=nobody,
        user=user,
        admin=asking,
        reading=user if reading is nobody else reading,
        publisher=publisher,
        reader=reader,
        administrator=administrator if admin is not nobody else None,
        listed=listed,
    )


def _examine_repositories(visit: _Visit, hosted: RepositoryFacts, control: Answer) -> Iterator[Row]:
    settings = visit.ctx.settings
    upload_url = visit.url(hosted.name)
    yield repositories.judge_hosted(hosted)
    yield repositories.judge_redeploy(hosted)
    tests = visit.ctx.options.probe
    form = probe.send_empty_form(visit.user, upload_url) if tests and visit.username else None
    yield server.judge_upload(hosted.name, visit.username, form)
    nowhere = NOBODY + secrets.token_hex(8)
    group = visit.look_at(Kind.GROUP, settings.group, nowhere) if settings.group else None
    yield repositories.judge_group(group, hosted.name, visit.listed, settings.proxy)
    yield repositories.judge_proxy(visit.look_at(Kind.PROXY, settings.proxy, nowhere), control)
    well_known = Visitor(client=visit.ctx.network.client, credentials=WELL_KNOWN)
    status_url = f"{visit.ctx.url}{probe.STATUS}"
    yield server.judge_default_admin(probe.ask(well_known, status_url) if tests else None)
    form = probe.send_empty_form(visit.nobody, upload_url) if tests else None
    yield server.judge_anonymous(hosted.name, form)


def _examine_release(visit: _Visit, hosted: RepositoryFacts, control: Answer) -> Iterator[Row]:
    """Judge what is to be released, as far as it can be known before a tag and a build.

    The name stands in files, the version in the tag on HEAD, the dists of that version in dist/.
    """
    settings, declared = visit.ctx.settings, read_static_metadata(visit.ctx.root)
    built = tuple(_read_dists(visit.ctx))
    names = {dist.named.name for dist in built}
    project = declared.name or (names.pop() if len(names) == 1 else None)
    number = _read_tag(visit.ctx) or declared.version
    proxy_url, hosted_url = visit.url(settings.proxy), visit.url(settings.hosted)
    yield repositories.examine_name(
        visit.reading, visit.admin, proxy_url, project, proxy=settings.proxy, control=control
    )
    yield repositories.examine_version(
        visit.reading,
        visit.admin,
        hosted_url,
        [dist for dist in built if (dist.named.name, dist.named.version) == (project, number)],
        name=project,
        version=number,
        hosted=settings.hosted,
        is_hosted=hosted.serves.is_served,
    )


def _examine_requires(ctx: NexusContext) -> Row:
    """Resolve what [build-system] requires, as the build of a release would."""
    requires = read_requires(ctx.root) if is_project(ctx.root) else None
    if not requires:
        return repositories.judge_requires(requires, "")
    group, constraints = ctx.group, ctx.settings.build_constraints
    if ctx.into_sandbox and group:
        group = keep_reachable(group, ctx.network, ctx.progress)
    options = EnvironmentOptions(
        environ=ctx.network.environ,
        cache=None,  # uv believes a page for ten minutes otherwise
        constraints=ctx.root / constraints if constraints else None,
        log=ctx.progress.output,
        root=ctx.root,
        group=group,
        own_names=ctx.settings.own_names if ctx.into_sandbox else (),
        timeout=ctx.network.timeout,
        installer_environ=ctx.network.installer_environ,
        count=ctx.network.count_uv,
    )
    try:
        call, finished = try_requirements(requires, ctx.root, options)
    except ReleasekitError as error:
        return repositories.judge_failure(error)
    said = hide_credentials(finished.output, MARK)
    if finished.status == 0:
        return repositories.judge_requires(requires, call.index)
    unbuilt = () if call.source else tuple(find_unbuilt_names(said))
    problem = find_reason(said) if NO_SOLUTION in said else hide_credentials(finished.tail(), MARK)
    return repositories.judge_requires(
        requires, call.index, problem, unbuilt=unbuilt, is_group=call.group is not None
    )


def _read_tag(ctx: NexusContext) -> Version | None:
    """Read the release tag on HEAD; a release says what is wrong with tags, and with git."""
    with contextlib.suppress(ReleasekitError):
        commit = git.read_commit(ctx.root, ctx.network.git_environ)
        wanted = ctx.environ.get("RELEASEKIT_TAG") or None
        tag = find_release_tag(commit, ctx.settings.tag_patterns, wanted)
        return tag.version if tag else None
    return None


def _read_dists(ctx: NexusContext) -> Iterator[Dist]:
    for path in list_folder(ctx.root / "dist", "*", root=ctx.root):
        with contextlib.suppress(NotADistError, OSError):
            parse_filename(path.name)
            yield read_dist(check_file(path, root=ctx.root))
