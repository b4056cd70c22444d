"""The doctor: asks in the order in which one thing rests on another, and stops where it must."""

import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone

from releasekit import git
from releasekit.archives import read_dist
from releasekit.build.backend import read_requires
from releasekit.build.environment import EnvironmentOptions, try_requirements
from releasekit.context import NexusContext
from releasekit.destination import keep_reachable
from releasekit.doctor import connection, probe, repositories, server
from releasekit.doctor.model import QUESTIONS, Diagnosis, Question, Row, State
from releasekit.errors import ReleasekitError, Status, failed, refused
from releasekit.index.layouts import repository_url, simple_url
from releasekit.inspect.project import read_static_metadata
from releasekit.model.access import NO_CREDENTIALS, Credentials, describe_login
from releasekit.model.dists import NotADistError, parse_filename
from releasekit.model.project import find_release_tag
from releasekit.nexus.documents import Repository
from releasekit.nexus.drift import Kind
from releasekit.nexus.rest import Rest, find_resource, list_repositories
from releasekit.plural import plural
from releasekit.proof.dependencies import NO_SOLUTION, find_reason
from releasekit.redact import MARK, hide_credentials
from releasekit.request import is_project
from releasekit.uv.program import ask_for_objection, find_certificate_fix, find_unbuilt_names
from releasekit.workspace import check_file, list_folder


def run(ctx: NexusContext) -> None:
    """Find out before the tag what would stop a release after it."""
    refuse_failed(diagnose(ctx))


def diagnose(ctx: NexusContext) -> Diagnosis:
    """Ask all that this user can ask, and return a row for each question, in their order."""
    ctx.progress.begin("doctor")
    found: dict[Question, Row] = {}
    try:
        for row in _examine(ctx):
            ctx.progress.work(row.question.title)
            found[row.question] = row
    except ReleasekitError as error:  # the server went away in the middle
        answers = error.answers(render=str)
        where = answers["where"]  # of a proxy, if it has two parts
        text = f"{where}: {answers['why']}" if ", " in where else answers["why"]
        question = next(question for question in QUESTIONS if question not in found)
        passes = error.status is Status.FAILED
        found[question] = question.failed(text, answers["next"], passes=passes)
    titles = (q.title for q in QUESTIONS if q in found and found[q].state is State.FAILED)
    fix = f"fix {next(titles, '')} first, above"
    rows = tuple(found.get(q) or q.unknown("not asked", fix=fix) for q in QUESTIONS)
    # The file that holds the configuration, to which findings belong.
    has_own = (ctx.root / "releasekit.toml").is_file()
    place = "releasekit.toml" if has_own else "pyproject.toml"
    diagnosis = Diagnosis(url=ctx.url, rows=rows, place=place)
    ctx.progress.finish(diagnosis)
    return diagnosis


def refuse_failed(diagnosis: Diagnosis) -> None:
    """Raise what the failed rows add up to: DIAGNOSIS_REFUSED, or DIAGNOSIS_FAILED of servers."""
    if failures := diagnosis.having(State.FAILED):
        passes = all(row.passes for row in failures)
        raise ReleasekitError(
            failed.DIAGNOSIS_FAILED if passes else refused.DIAGNOSIS_REFUSED,
            url=diagnosis.url,
            rows=plural(len(failures), "row"),
            codes=", ".join(row.question.code for row in failures),
        )


def _examine(ctx: NexusContext) -> Iterator[Row]:
    """Yield rows until something fails that all others rest on."""
    client, network = ctx.network.client, ctx.network
    hosted_url = repository_url(ctx.url, ctx.settings.hosted)
    yield connection.judge_encryption(ctx.url)
    yield (address := connection.examine_address(ctx.url, client))
    if address.state is State.FAILED:
        return
    tls, objection = connection.examine_tls(ctx.url, client, datetime.now(timezone.utc)), ""
    if tls.state is State.FAILED:
        yield tls
        return
    if hosted_url.startswith("https://"):  # uv may not accept what Python accepts
        objection = ask_for_objection(
            hosted_url, network.environ, timeout=network.timeout, count=network.count_uv
        )
    fix = find_certificate_fix(objection)
    yield connection.judge_objection(tls, objection, fix) if objection else tls
    facts = server.read_server(client, ctx.url, hosted_url)
    yield server.judge_server(facts, is_sandbox=ctx.into_sandbox)
    if not facts.is_nexus:
        return
    yield connection.judge_clock(facts.date, facts.now)
    # A front server may pass the repositories on, and no more.
    visit = _Visit(ctx, f"{ctx.url}{probe.STATUS}" if facts.version else simple_url(hosted_url))
    yield server.judge_credentials(visit.publisher, visit.administrator, visit.reader)
    hosted = visit.look_at(Kind.HOSTED, ctx.settings.hosted, "")
    is_frozen = facts.writable.status == 503
    frozen = server.read_frozen(visit.admin, ctx.url) if is_frozen else None
    yield server.judge_writable(facts, hosted.serves, frozen=frozen)
    proxy_url = repository_url(ctx.url, ctx.settings.proxy)
    control = repositories.read_control(visit.user, visit.admin, proxy_url)
    yield from _examine_repositories(visit, hosted, control)
    yield from _examine_release(visit, hosted, control)
    yield _examine_requires(ctx)


class _Visit:
    """A server that answers, and as whom it is asked."""

    def __init__(self, ctx: NexusContext, login_url: str) -> None:
        """Try the logins at an address where a wrong password is refused."""
        self.ctx, self.declared = ctx, read_static_metadata(ctx.root)
        self.nobody = probe.Visitor(client=ctx.network.client, credentials=NO_CREDENTIALS)
        own = ctx.reader if ctx.reader != ctx.credentials else NO_CREDENTIALS
        self.publisher, self.user = self._log_in(ctx.credentials, login_url)
        self.administrator, self.admin = self._log_in(ctx.admin, login_url)
        self.reader, self.reading = self._log_in(own, login_url)
        if self.admin is self.nobody:
            self.administrator, self.admin = None, self.user
        if self.reading is self.nobody:
            self.reading = self.user
        known = self.publisher if self.user is not self.nobody else None
        self.username = known.username if known else ""
        login = self.admin.credentials
        self.rest = Rest(url=ctx.url, client=ctx.network.client, credentials=login, attempts=1)
        self.listed: tuple[Repository, ...] = ()
        with contextlib.suppress(ReleasekitError):
            self.listed = list_repositories(self.rest)

    def _log_in(
        self, credentials: Credentials, url: str
    ) -> tuple[server.Login | None, probe.Visitor]:
        """Return what came of a login, and who asks: nobody if it is not good."""
        if not credentials.username:
            return None, self.nobody
        visitor = probe.Visitor(client=self.ctx.network.client, credentials=credentials)
        answer = probe.ask(visitor, url)
        if answer.status == 403 and not answer.is_foreign:  # known, and not of that repository
            answer = replace(answer, status=200, reason="OK")
        name, source, hint = describe_login(credentials)
        login = server.Login(username=name, source=source, hint=hint, answer=answer)
        return login, visitor if answer.status == 200 else self.nobody

    def look_at(self, kind: Kind, name: str, project: str) -> repositories.RepositoryFacts:
        """Return what is known of a repository; without a project its root page is asked for.

        Reading is asked for as a release reads; as the administrator where that user may not. Who
        may not read that page may read the page of what is to be released, which is all that a
        release needs (docs/nexus-behaviour.md#rights).
        """
        simple = simple_url(repository_url(self.ctx.url, name))
        own = self.declared.name
        url = f"{simple}{project}/" if project else simple
        serves = probe.ask(self.reading, url)
        is_refused = serves.status in (401, 403)
        if is_refused and serves.reason in ("", "Forbidden", "Unauthorized") and self.administrator:
            serves = probe.ask(self.admin, url)
        if serves.status == 403 and not serves.is_foreign and own:
            answer = probe.ask(self.reading, f"{simple}{own}/")
            if answer.status == 200 or (answer.status, answer.reason) == (404, "Not Found"):
                serves = replace(answer, status=200, reason="OK")
        settings, found = None, self.administrator or self.reader
        with contextlib.suppress(ReleasekitError):  # who may not see them learns nothing
            settings = find_resource(self.rest, kind, name)
        return repositories.RepositoryFacts(
            name=name,
            serves=serves,
            listed=next((one for one in self.listed if one.name == name), None),
            settings=settings,
            username=found.username if found else self.username,
        )


def _examine_repositories(
    visit: _Visit, hosted: repositories.RepositoryFacts, control: probe.Answer
) -> Iterator[Row]:
    ctx, settings, tests = visit.ctx, visit.ctx.settings, visit.ctx.options.probe
    upload_url = repository_url(ctx.url, hosted.name)
    yield repositories.judge_hosted(hosted)
    yield repositories.judge_redeploy(hosted)
    form = probe.send_empty_form(visit.user, upload_url) if tests and visit.username else None
    yield server.judge_upload(hosted.name, visit.username, form)
    nowhere = f"releasekit-doctor-{secrets.token_hex(8)}"  # no index has it
    group = visit.look_at(Kind.GROUP, settings.group, nowhere) if settings.group else None
    yield repositories.judge_group(group, hosted.name, visit.listed, settings.proxy)
    yield repositories.judge_proxy(visit.look_at(Kind.PROXY, settings.proxy, nowhere), control)
    first = Credentials(username="admin", password="admin123", source="every Nexus has had it")  # noqa: S106
    admin = probe.Visitor(client=ctx.network.client, credentials=first)
    answer = probe.ask(admin, f"{ctx.url}{probe.STATUS}") if tests else None
    yield server.judge_default_admin(answer)
    form = probe.send_empty_form(visit.nobody, upload_url) if tests else None
    yield server.judge_anonymous(hosted.name, form)


def _examine_release(
    visit: _Visit, hosted: repositories.RepositoryFacts, control: probe.Answer
) -> Iterator[Row]:
    """Judge what is to be released, as far as it can be known before a tag and a build.

    The name stands in files, the version in the tag on HEAD, the dists of that version in dist/.
    """
    ctx, settings = visit.ctx, visit.ctx.settings
    declared, built = visit.declared, []
    for path in list_folder(ctx.root / "dist", "*", root=ctx.root):
        with contextlib.suppress(NotADistError, OSError):
            parse_filename(path.name)
            built.append(read_dist(check_file(path, root=ctx.root)))
    names = {dist.named.name for dist in built}
    project, number = declared.name or (names.pop() if len(names) == 1 else None), declared.version
    with contextlib.suppress(ReleasekitError):  # a release says what is wrong with tags, and git
        commit = git.read_commit(ctx.root, ctx.network.git_environ)
        wanted = ctx.environ.get("RELEASEKIT_TAG") or None
        if tag := find_release_tag(commit, settings.tag_patterns, wanted):
            number = tag.version
    yield repositories.examine_name(
        visit.reading,
        visit.admin,
        repository_url(ctx.url, settings.proxy),
        project,
        proxy=settings.proxy,
        control=control,
    )
    yield repositories.examine_version(
        visit.reading,
        visit.admin,
        repository_url(ctx.url, settings.hosted),
        [dist for dist in built if (dist.named.name, dist.named.version) == (project, number)],
        name=project,
        version=number,
        hosted=settings.hosted,
        is_hosted=hosted.serves.is_served,
    )


def _examine_requires(ctx: NexusContext) -> Row:
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
