"""From what was asked to a job: settings, target, credentials, connections."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from releasekit.config.settings import Settings
from releasekit.config.sources import read_settings
from releasekit.config.target import (
    Destination,
    Target,
    Trust,
    hosted_url,
    is_loopback,
    nexus_target,
    pypirc_target,
    sandbox_target,
    split_url,
)
from releasekit.errors import (
    BrokenSettings,
    MissingCredentials,
    NoNexus,
    NotAProject,
    SandboxIsNoNexus,
    UnknownPypircSection,
)
from releasekit.events import Note, Notify, TargetChosen
from releasekit.model.credentials import (
    NO_CREDENTIALS,
    Credentials,
    given_credentials,
    given_reader,
)
from releasekit.request import Request

if TYPE_CHECKING:
    from releasekit.credentials import PypircSection
    from releasekit.steps.job import Job
    from releasekit.tasks.task import Task
    from releasekit.uv.indexes import BuildIndex


FindCredentials = Callable[[Request, str], Credentials]


def choose_destination(request: Request, find: FindCredentials | None = None) -> Destination:
    """Find out where a run goes; raises what is wrong with the settings, or is missing."""
    if not request.is_project and not request.files:
        raise NotAProject(root=str(request.root))
    settings = read_settings(request.root, request.environ)
    target, trust = _open_target(request, settings, find or _find_credentials)
    return Destination(settings=settings, target=target, trust=trust)


def choose_destinations(
    requests: Sequence[Request], say: Callable[[str, str], None]
) -> list[Request]:
    """Return the requests with their destinations, for processes that can neither ask nor serve.

    Credentials are found once for each address, and who gave none is not asked again; all share one
    sandbox. What cannot be told is left out: whoever carries that request out meets the error.
    """
    found: dict[str, Credentials] = {}

    def find(request: Request, url: str) -> Credentials:
        if url not in found:
            found[url] = _find_or_ask(request, url, say)
        return found[url]

    chosen, interactive = [], True
    for request in requests:
        destination = None
        try:
            asking = replace(request, interactive=request.interactive and interactive)
            destination = choose_destination(asking, find)
        except MissingCredentials:
            interactive = False
        except Exception:  # noqa: BLE001, S110 - met again, and reported, where it is carried out
            pass
        chosen.append(replace(request, interactive=False, destination=destination))
    return chosen


def _find_or_ask(request: Request, url: str, say: Callable[[str, str], None]) -> Credentials:
    """Find credentials, and say what they are for where somebody has to be asked."""
    try:
        return _find_credentials(replace(request, interactive=False), url)
    except MissingCredentials:
        if not request.interactive:
            raise
        say("login", url)
        return _find_credentials(request, url)


def open_job(request: Request, notify: Notify, stack: contextlib.ExitStack) -> Job:
    """Return the job that was asked for; what it holds open ends with the stack.

    Wrong configuration and missing credentials are refused here, before any work is done.
    """
    from releasekit.network import open_network
    from releasekit.steps.job import Job
    from releasekit.steps.requirements import is_sandbox, keep_reachable
    from releasekit.steps.spare import SpareEnvironment

    destination = request.destination or choose_destination(request)
    settings, target = destination.settings, destination.target
    into_sandbox = target.sandbox or is_sandbox(target.upload_url, destination.trust.ca_bundle)
    group, trust = _find_group(request, destination, into_sandbox=into_sandbox)
    _add_secrets_of_installers(request)
    notify(TargetChosen(url=target.upload_url, sandbox=target.sandbox))
    _note_plain_http(target.upload_url, notify)
    users = (target.credentials, target.reader, *([group.credentials] if group else ()))
    network = stack.enter_context(
        open_network(
            environ=_with_cache_of_uv(request, settings, _with_cert_of_pip(request.environ)),
            ca_bundle=trust.ca_bundle,
            client_cert=trust.client_cert,
            timeout=settings.timeout,
            secrets=[user.password for user in users],
        )
    )
    if into_sandbox and group:
        group = keep_reachable(group, network, notify)
    for reason in network.trust.useless:
        notify(Note(text=f"ca-bundle: {reason}; it is left out"))
    return Job(
        root=request.root,
        settings=settings,
        target=target,
        network=network,
        notify=notify,
        environment=SpareEnvironment(network.installer_environ, stack),
        tag=request.tag or request.environ.get("RELEASEKIT_TAG") or None,
        cache=None if request.fresh else _find_cache(request, settings),
        into_sandbox=into_sandbox,
        group=group,
        wheel_from=request.wheel_from,
        gather_from=tuple(request.root / folder for folder in request.gather_from),
        files=request.files,
        siblings=request.siblings,
        redactor=request.redactor,
    )


def _add_secrets_of_installers(request: Request) -> None:
    """Add the passwords in addresses of pip.conf and uv.toml, which their programs may print."""
    from releasekit.uv.settings_files import read_pip_settings, read_uv_settings

    if not request.command.builds:
        return
    with contextlib.suppress(BrokenSettings):  # a build will say so
        for option, value in read_pip_settings(request.environ).items():
            request.redactor.add_addresses(value, name=f"the password in {option} of pip")
    with contextlib.suppress(BrokenSettings):
        for text in _find_texts(read_uv_settings(request.root, request.environ)):
            request.redactor.add_addresses(text, name="a password in the settings of uv")


def _find_texts(value: object) -> Iterator[str]:
    """Yield the texts in a TOML value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | Sequence):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _find_texts(part)


def _note_plain_http(url: str, notify: Notify) -> None:
    if url.startswith("http://") and not is_loopback(url):
        notify(Note(text=f"{url} is plain http: the password travels in clear"))


def _with_cert_of_pip(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return the environment with the CA that pip.conf names, which is trusted like PIP_CERT."""
    from releasekit.uv.settings_files import read_pip_settings

    with contextlib.suppress(BrokenSettings):  # a build will say so
        cert = read_pip_settings(environ).get("cert")
        return {**environ, "PIP_CERT": cert} if cert else environ
    return environ


def _with_cache_of_uv(
    request: Request, settings: Settings, environ: Mapping[str, str]
) -> Mapping[str, str]:
    """Return the environment with uv's cache in `cache-dir`, for a home that cannot be written."""
    if settings.cache_dir is None or environ.get("UV_CACHE_DIR"):
        return environ
    return {**environ, "UV_CACHE_DIR": str(_find_cache(request, settings) / "uv")}


def _find_group(
    request: Request, destination: Destination, *, into_sandbox: bool
) -> tuple[BuildIndex | None, Trust]:
    """Return the group that requirements come from, and what is trusted.

    For a sandbox it is that of the project's files. Many groups let everybody read.
    """
    from releasekit.steps.requirements import add_trust, read_own_settings
    from releasekit.uv.indexes import BuildIndex

    target, trust, builds = destination.target, destination.trust, request.command.builds
    own = read_own_settings(request.root) if builds and into_sandbox else None
    if own is None:
        if not builds or into_sandbox or target.install_url == target.upload_url:
            return None, trust
        return BuildIndex(url=target.install_url, credentials=target.reader), trust
    hidden = () if target.sandbox else ("TWINE_",)  # the credentials of the other sandbox
    environ = {name: v for name, v in request.environ.items() if not name.startswith(hidden)}
    asking = replace(request, environ=environ, repository=None)
    reader = _find_reader(asking, hosted_url(own), NO_CREDENTIALS)
    bundles = map(request.resolve, (destination.settings.ca_bundle, own.ca_bundle))
    trust = add_trust(trust, bundles, request.resolve(own.client_cert))
    return BuildIndex(url=nexus_target(own, reader).install_url, credentials=reader), trust


def _find_reader(request: Request, url: str, upload: Credentials) -> Credentials:
    """Return the credentials for reading, NO_CREDENTIALS for nobody's; no request is made for it.

    Those for uploads serve where no others are: also those of a command that uploads nothing, for
    who has set no others. Raises HalfGivenReader.
    """
    if not (request.command.asks_index or request.command.builds):
        return NO_CREDENTIALS
    if reader := _find_own_reader(url, request.environ):
        return reader
    if found := upload if upload.password else given_credentials(request.environ):
        return found
    from releasekit.credentials import find_credentials

    return find_credentials(url, section=request.repository, environ=request.environ)


def _find_own_reader(url: str, environ: Mapping[str, str]) -> Credentials | None:
    from releasekit.netrc import find_netrc

    if reader := given_reader(environ):
        return reader
    found = find_netrc(url, environ)
    return found if found.password else None


def open_task(request: Request, notify: Notify, stack: contextlib.ExitStack) -> Task:
    """Return the task that was asked for; what it holds open ends with the stack.

    Wrong configuration and missing credentials are refused here, before anything is asked.
    """
    from releasekit.credentials import find_credentials
    from releasekit.network import open_network
    from releasekit.steps.requirements import is_sandbox
    from releasekit.tasks.task import Task

    settings, trust = _read_nexus(request)
    if settings.url is None:
        raise NoNexus(command=request.command.name, root=str(request.root))
    if request.command.needs_admin and is_sandbox(settings.url, trust.ca_bundle):
        raise SandboxIsNoNexus(command=request.command.name, url=settings.url)
    environ, url = request.environ, settings.url
    admin = _find_admin(request, url)
    first = _read_first_password(request, admin.username, notify)
    _note_plain_http(url, notify)
    address = hosted_url(settings)
    credentials = find_credentials(address, section=request.repository, environ=environ)
    reader = _find_own_reader(address, environ) or credentials
    network = stack.enter_context(
        open_network(
            environ=environ,
            ca_bundle=trust.ca_bundle,
            client_cert=trust.client_cert,
            timeout=settings.timeout,
            secrets=[who.password for who in (admin, first, credentials, reader)],
        )
    )
    return Task(
        root=request.root,
        url=settings.url,
        settings=settings,
        network=network,
        notify=notify,
        environ=environ,
        credentials=credentials,
        reader=reader,
        admin=admin,
        first=first,
        accept_eula=request.accept_eula,
        attended=request.attended,
        probe=request.probe,
        word=request.word,
        to=request.to,
        python=request.python,
        redactor=request.redactor,
    )


def _find_admin(request: Request, url: str) -> Credentials:
    """Find the administration's credentials; raises MissingAdminCredentials where it needs them."""
    from releasekit.credentials import find_admin_credentials, read_admin_credentials

    if not request.command.needs_admin:
        return find_admin_credentials(url, environ=request.environ)
    return read_admin_credentials(url, environ=request.environ, interactive=request.interactive)


def _read_nexus(request: Request) -> tuple[Settings, Trust]:
    """Read the settings, with url and hosted of the `.pypirc` section that -r names."""
    settings = read_settings(request.root, request.environ)
    trust = _configured_trust(request, settings)
    if request.repository is None:
        return settings, trust
    section, trust = _read_section(request.repository, trust)
    places = split_url(section.url)
    if places is None:
        reason = "repository has no /repository/NAME/ in it, and a repository of Nexus has"
        raise UnknownPypircSection(name=section.name, path=section.path, reason=reason)
    return settings.model_copy(update={"url": places[0], "hosted": places[1]}), trust


def _read_first_password(request: Request, username: str, notify: Notify) -> Credentials:
    """Read the password that Nexus made up; it removes the file when the password is changed."""
    name = request.first_password
    if name is None:
        return NO_CREDENTIALS
    try:
        text = sys.stdin.read() if name == "-" else (request.root / name).read_text("utf-8")
    except FileNotFoundError:
        notify(Note(text=f"{name} is not there: Nexus removes it with the first password"))
        return NO_CREDENTIALS
    return Credentials(username=username, password=text.strip(), source=name)


def _open_target(
    request: Request, settings: Settings, find: FindCredentials
) -> tuple[Target, Trust]:
    trust = _configured_trust(request, settings)
    if request.repository is not None:
        section, trust = _read_section(request.repository, trust)
        credentials = find(request, section.url)
        reader = _find_reader(request, section.url, credentials)
        return pypirc_target(section.url, settings, credentials, reader), trust
    if settings.url is not None:
        credentials = find(request, hosted_url(settings))
        reader = _find_reader(request, hosted_url(settings), credentials)
        return nexus_target(settings, credentials, reader), trust
    if not request.command.asks_index:
        return sandbox_target("", "", NO_CREDENTIALS), trust
    from releasekit.serve import embed_sandbox, sandbox_options

    sandbox = embed_sandbox(**sandbox_options(settings))
    credentials = Credentials(
        username=sandbox.username, password=sandbox.password, source="the sandbox"
    )
    urls = sandbox.repository_url(sandbox.hosted), sandbox.repository_url(sandbox.group)
    return sandbox_target(*urls, credentials), Trust(ca_bundle=str(sandbox.ca_bundle))


def _configured_trust(request: Request, settings: Settings) -> Trust:
    return Trust(
        ca_bundle=request.resolve(settings.ca_bundle),
        client_cert=request.resolve(settings.client_cert),
    )


def _read_section(name: str, trust: Trust) -> tuple[PypircSection, Trust]:
    """Read a `.pypirc` section; its certificates serve where the configuration has none."""
    from releasekit.credentials import read_pypirc

    section = read_pypirc(name)
    trust = Trust(
        ca_bundle=trust.ca_bundle or section.ca_cert,
        client_cert=trust.client_cert or section.client_cert,
    )
    return section, trust


def _find_credentials(request: Request, url: str) -> Credentials:
    if not request.command.uploads:
        return NO_CREDENTIALS
    if given := given_credentials(request.environ):
        return given
    from releasekit.credentials import read_credentials

    return read_credentials(
        url,
        section=request.repository,
        environ=request.environ,
        interactive=request.interactive,
    )


def _find_cache(request: Request, settings: Settings) -> Path:
    from platformdirs import user_cache_path

    named = request.resolve(settings.cache_dir)
    return Path(named) if named else user_cache_path("releasekit")
