"""What a command is given: a project or a Nexus, its settings, and how to reach the world."""

import contextlib
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from releasekit.config.settings import Destination, Settings, Target, Trust, hosted_url, make_target
from releasekit.destination import (
    find_group,
    find_nexus_credentials,
    find_own_reader,
    is_sandbox,
    keep_reachable,
    read_nexus_settings,
)
from releasekit.errors import BrokenSettings, ReleasekitError, usage
from releasekit.home import expand_home, find_cache_home
from releasekit.model.access import NO_CREDENTIALS, Credentials, is_loopback
from releasekit.network import Network, open_network
from releasekit.outcome import Progress
from releasekit.proof.environment import CleanEnvironments
from releasekit.redact import Redactor, find_in_addresses
from releasekit.request import Request
from releasekit.tls.trust import open_trust
from releasekit.uv.indexes import BuildIndex, find_texts, read_pip_settings, read_uv_settings
from releasekit.workspace import RECORD


@dataclass(frozen=True, kw_only=True, slots=True)
class DirectoryContext:
    """What a command is given that works on files alone: no connections, and no credentials."""

    root: Path  # that -C names
    options: Namespace
    environ: Mapping[str, str] = field(repr=False)
    progress: Progress

    def resolve(self, path: str) -> Path:
        """Return a path as an option or a setting names it: from the root, or from a home (~)."""
        return self.root / expand_home(path, self.environ)


@dataclass(frozen=True, kw_only=True, slots=True)
class Context(DirectoryContext):
    """What every other command is given.

    The redactor has the secrets of this run: what is found or generated later is added. In a
    sandbox is what goes to the embedded one, or to one in another terminal, which has a `url`. The
    group is where requirements come from, unless uv or pip are configured otherwise.
    """

    settings: Settings
    network: Network
    redactor: Redactor = field(default_factory=Redactor)
    into_sandbox: bool = False
    group: BuildIndex | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectContext(Context):
    """What the steps of a release are given.

    `environments` are for the installed release, its imports and its tests. Without a cache, no
    build environment is kept. `siblings` are directories of the projects that this one needs and
    that the same command is for, by their normalized names: the group may lack them yet.
    """

    target: Target
    environments: CleanEnvironments
    cache: Path | None = None
    siblings: Mapping[str, Path] = field(default_factory=dict)

    @property
    def results(self) -> Path:
        """Return the directory that has `dist/` and `reports/`."""
        return self.root / str(self.options.into)

    @property
    def dist(self) -> Path:
        """Return the directory of the built dists."""
        return self.results / "dist"

    @property
    def record_path(self) -> Path:
        """Return the file that passes a build on to later steps."""
        return self.results / RECORD


@dataclass(frozen=True, kw_only=True, slots=True)
class NexusContext(Context):
    """What administration and consumers are given; NO_CREDENTIALS are those that nothing gives.

    `credentials` are the publisher's, `reader` the reader's own or else the publisher's, `first`
    the administrator's on a server that was started for the first time. Where it is attended,
    somebody sees the output: a generated password may be shown.
    """

    url: str
    credentials: Credentials
    reader: Credentials
    admin: Credentials
    first: Credentials = NO_CREDENTIALS
    attended: bool = False


def open_project(
    request: Request, destination: Destination, progress: Progress, stack: contextlib.ExitStack
) -> ProjectContext:
    """Return what the steps of a release are given; what it holds open ends with the stack.

    Wrong certificates are refused here, before any work is done.
    """
    settings, target = destination.settings, destination.target
    into_sandbox = target.sandbox or is_sandbox(target.upload_url, destination.trust.ca_bundle)
    group, trust = find_group(request, destination, into_sandbox=into_sandbox)
    _add_secrets_of_installers(request)
    if target.sandbox and target.upload_url:
        progress.note("no url is configured: this goes to a sandbox on this machine only")
    _note_plain_http(target.upload_url, progress)
    named = request.resolve(settings.cache_dir)
    cache = Path(named) if named else find_cache_home(request.environ) / "releasekit"
    environ = request.environ
    with contextlib.suppress(BrokenSettings):  # a build will say so
        if cert := read_pip_settings(environ).get("cert"):  # trusted like PIP_CERT
            environ = {**environ, "PIP_CERT": cert}
    if settings.cache_dir and not environ.get("UV_CACHE_DIR"):  # the home may not be writable
        environ = {**environ, "UV_CACHE_DIR": str(cache / "uv")}
    users = (target.credentials, target.reader, *([group.credentials] if group else ()))
    network = _open_network(request, environ, settings, trust, users, progress, stack)
    if into_sandbox and group:
        group = keep_reachable(group, network, progress)
    for reason in network.trust.useless:
        progress.note(f"ca-bundle: {reason}; it is left out")
    return ProjectContext(
        root=request.root,
        options=request.options,
        environ=request.environ,
        settings=settings,
        network=network,
        progress=progress,
        redactor=request.redactor,
        target=target,
        environments=CleanEnvironments(network.environ, stack),
        cache=None if request.options.fresh else cache,
        into_sandbox=into_sandbox,
        group=group,
        siblings=request.siblings,
    )


def open_nexus(request: Request, progress: Progress, stack: contextlib.ExitStack) -> NexusContext:
    """Return what administration and consumers are given; what it holds open ends with the stack.

    Wrong configuration and missing credentials are refused here, before anything is asked.
    """
    settings, trust = read_nexus_settings(request)
    url = settings.url
    if url is None:
        raise ReleasekitError(usage.NO_NEXUS, command=request.command.name, root=str(request.root))
    into_sandbox, hosted = is_sandbox(url, trust.ca_bundle), hosted_url(settings)
    if request.command.needs_admin and into_sandbox:
        raise ReleasekitError(usage.SANDBOX_IS_NO_NEXUS, command=request.command.name, url=url)
    if request.command.needs_admin and request.interactive:
        open_trust(request.environ, trust.ca_bundle, trust.client_cert)  # before anybody is asked
    credentials, admin = find_nexus_credentials(request, url, hosted)
    first = _read_first_password(request, admin.username, progress)
    _note_plain_http(url, progress)
    reader = find_own_reader(hosted, request.environ) or credentials
    group = None
    if request.command.diagnoses:
        _add_secrets_of_installers(request)
        target = make_target(hosted, settings, credentials, reader)
        destination = Destination(settings=settings, target=target, trust=trust)
        group, trust = find_group(request, destination, into_sandbox=into_sandbox)
    users = (admin, first, credentials, reader, *([group.credentials] if group else ()))
    network = _open_network(request, request.environ, settings, trust, users, progress, stack)
    return NexusContext(
        root=request.root,
        options=request.options,
        environ=request.environ,
        settings=settings,
        network=network,
        progress=progress,
        redactor=request.redactor,
        url=url,
        credentials=credentials,
        reader=reader,
        admin=admin,
        first=first,
        attended=request.attended,
        into_sandbox=into_sandbox,
        group=group,
    )


def _open_network(
    request: Request,
    environ: Mapping[str, str],
    settings: Settings,
    trust: Trust,
    users: Sequence[Credentials],
    progress: Progress,
    stack: contextlib.ExitStack,
) -> Network:
    """Return the connections of a run, in which the passwords of these users are hidden."""
    for user in users:
        name = f"the password of {user.source}"
        request.redactor.add(user.password, user.username, name=name)
    return stack.enter_context(
        open_network(
            environ=environ,
            ca_bundle=trust.ca_bundle,
            client_cert=trust.client_cert,
            timeout=settings.timeout,
            secrets=[user.password for user in users],
            on_wait=progress.note,
        )
    )


def _add_secrets_of_installers(request: Request) -> None:
    """Add the passwords in addresses of pip.conf and uv.toml, which their programs may print."""
    if not (request.command.needs_requirements or request.command.diagnoses):
        return
    with contextlib.suppress(BrokenSettings):  # a build will say so
        for option, value in read_pip_settings(request.environ).items():
            found = find_in_addresses(value, f"the password in {option} of pip")
            request.redactor.add_all(found)
    with contextlib.suppress(BrokenSettings):
        for text in find_texts(read_uv_settings(request.root, request.environ)):
            request.redactor.add_all(find_in_addresses(text, "a password in the settings of uv"))


def _note_plain_http(url: str, progress: Progress) -> None:
    if url.startswith("http://") and not is_loopback(url):
        progress.note(f"{url} is plain http: the password travels in clear")


def _read_first_password(request: Request, username: str, progress: Progress) -> Credentials:
    """Read the password that Nexus generated; it removes the file when the password is changed."""
    name = getattr(request.options, "first_password", None)
    if name is None:
        return NO_CREDENTIALS
    try:
        text = sys.stdin.read() if name == "-" else (request.root / name).read_text("utf-8")
    except FileNotFoundError:
        progress.note(f"{name} is not there: Nexus removes it with the first password")
        return NO_CREDENTIALS
    return Credentials(username=username, password=text.strip(), source=name)
