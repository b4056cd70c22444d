"""From what was asked to a job: settings, target, credentials, connections."""

from __future__ import annotations

import atexit
import contextlib
import functools
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from releasekit.commands import Command
from releasekit.core.config import Settings, find_table, parse_settings, read_environment
from releasekit.core.errors import (
    BrokenSettings,
    InvalidConfiguration,
    NoNexus,
    NoServer,
    NotAProject,
    UnknownPypircSection,
)
from releasekit.core.events import Note, Notify, Sent, TargetChosen
from releasekit.core.target import (
    NO_CREDENTIALS,
    Credentials,
    Target,
    hosted_url,
    nexus_target,
    pypirc_target,
    sandbox_target,
    split_url,
)

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from releasekit.adapters.credentials import PypircSection
    from releasekit.core.installer import BuildIndex
    from releasekit.servers.local_nexus import Nexus
    from releasekit.servers.sandbox import Sandbox
    from releasekit.steps.job import Job
    from releasekit.tasks.task import Task


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What was asked: a command, its options, and the environment it was asked in."""

    command: Command
    root: Path
    environ: Mapping[str, str]
    interactive: bool
    """True where somebody can answer a prompt."""
    json: bool = False
    tag: str | None = None
    repository: str | None = None
    dry_run: bool = False
    fresh: bool = False
    sdist: bool = False
    wheel_from: str | None = None
    gather_from: tuple[str, ...] = ()
    port: int = 0
    apply: bool = False
    attended: bool = False
    """True where somebody sees what is printed."""
    first_password: str | None = None
    accept_eula: bool = False
    word: str = ""
    to: str | None = None
    python: str | None = None
    files: tuple[Path, ...] = ()
    """Dists, or directories of them, to check instead of the project."""
    reports: Path | None = None
    explain: str | None = None

    @property
    def is_project(self) -> bool:
        """Tell whether the directory holds a Python project."""
        return any((self.root / name).is_file() for name in ("pyproject.toml", "setup.py"))

    @property
    def reports_folder(self) -> Path | None:
        """Return where the reports go: of files that are given nowhere, if it is not said.

        Their reports would stand for the project's own, or litter any directory.
        """
        if self.reports or self.files or not self.command.reports:
            return self.reports
        return self.root / "reports" if self.is_project else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Trust:
    """Certificates that are trusted, and the client's own."""

    ca_bundle: str | None
    client_cert: str | None = None


def open_job(request: Request, notify: Notify, stack: contextlib.ExitStack) -> Job:
    """Return the job that was asked for; what it holds open ends with the stack.

    Wrong configuration and missing credentials are refused here, before any work is done.
    """
    from releasekit.adapters.http import is_loopback, open_network
    from releasekit.steps.job import Job

    if not request.is_project and not request.files:
        raise NotAProject(root=str(request.root))
    settings = read_settings(request)
    target, trust = _open_target(request, settings)
    notify(TargetChosen(url=target.upload_url, sandbox=target.sandbox))
    if target.upload_url.startswith("http://") and not is_loopback(target.upload_url):
        notify(Note(text=f"{target.upload_url} is plain http: the password travels in clear"))
    network = stack.enter_context(
        open_network(
            environ=_with_cache_of_uv(request, settings, _with_cert_of_pip(request.environ)),
            ca_bundle=trust.ca_bundle,
            client_cert=trust.client_cert,
            timeout=settings.timeout,
        )
    )
    for reason in network.trust.useless:
        notify(Note(text=f"ca-bundle: {reason}; it is left out"))
    return Job(
        root=request.root,
        settings=settings,
        target=target,
        network=network,
        notify=notify,
        tag=request.tag or request.environ.get("RELEASEKIT_TAG") or None,
        cache=None if request.fresh else _find_cache(request, settings),
        build_index=_find_build_index(request, target),
        wheel_from=request.wheel_from,
        gather_from=tuple(request.root / folder for folder in request.gather_from),
        files=request.files,
    )


def _with_cert_of_pip(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return the environment with the CA that pip.conf names, which is trusted like PIP_CERT."""
    from releasekit.adapters.installer_settings import read_pip_settings

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


def _find_build_index(request: Request, target: Target) -> BuildIndex | None:
    """Return the group as a source of build requirements, with credentials where there are any.

    A build job may have none: many groups let everybody read.
    """
    from releasekit.adapters.credentials import find_credentials
    from releasekit.core.installer import BuildIndex

    has_group = not target.sandbox and target.install_url != target.upload_url
    if not (request.command.builds and has_group):
        return None
    credentials = target.credentials
    if not credentials.password:
        credentials = find_credentials(target.upload_url, section=None, environ=request.environ)
    return BuildIndex(url=target.install_url, credentials=credentials)


def open_task(request: Request, notify: Notify, stack: contextlib.ExitStack) -> Task:
    """Return the task that was asked for; what it holds open ends with the stack.

    Wrong configuration and missing credentials are refused here, before anything is asked.
    """
    from releasekit.adapters.credentials import (
        find_admin_credentials,
        find_credentials,
        read_admin_credentials,
    )
    from releasekit.adapters.http import is_loopback, open_network
    from releasekit.tasks.task import Task

    settings, trust = _read_nexus(request)
    if settings.url is None:
        raise NoNexus(command=request.command.name, root=str(request.root))
    environ, url = request.environ, settings.url
    if request.command.needs_admin:
        admin = read_admin_credentials(url, environ=environ, interactive=request.interactive)
    else:
        admin = find_admin_credentials(url, environ=environ)
    first = _read_first_password(request, admin.username, notify)
    if settings.url.startswith("http://") and not is_loopback(settings.url):
        notify(Note(text=f"{settings.url} is plain http: the password travels in clear"))
    network = stack.enter_context(
        open_network(
            environ=environ,
            ca_bundle=trust.ca_bundle,
            client_cert=trust.client_cert,
            timeout=settings.timeout,
        )
    )
    credentials = find_credentials(
        hosted_url(settings), section=request.repository, environ=environ
    )
    return Task(
        root=request.root,
        url=settings.url,
        settings=settings,
        network=network,
        notify=notify,
        environ=environ,
        credentials=credentials,
        admin=admin,
        first=first,
        accept_eula=request.accept_eula,
        attended=request.attended,
        word=request.word,
        to=request.to,
        python=request.python,
    )


def _read_nexus(request: Request) -> tuple[Settings, Trust]:
    """Read the settings, with url and hosted of the `.pypirc` section that -r names."""
    settings = read_settings(request)
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


def read_settings(request: Request) -> Settings:
    """Read the settings of the project and the environment; raises InvalidConfiguration."""
    pyproject = _read_toml(request.root / "pyproject.toml") or {}
    own = _read_toml(request.root / "releasekit.toml")
    table = find_table(request.root, pyproject, own)
    settings = parse_settings([table, read_environment(request.environ)])
    constraints = settings.build_constraints
    if constraints and not (request.root / constraints).is_file():
        problem = f"build-constraints: there is no file {request.root / constraints}"
        raise InvalidConfiguration(source=table.name, count=1, problems=problem)
    return settings


def _read_toml(path: Path) -> Mapping[str, Any] | None:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidConfiguration(source=str(path), count=1, problems=str(error)) from error


def _open_target(request: Request, settings: Settings) -> tuple[Target, Trust]:
    trust = _configured_trust(request, settings)
    if request.repository is not None:
        return _open_pypirc(request, request.repository, settings, trust)
    if settings.url is not None:
        credentials = _find_credentials(request, hosted_url(settings))
        return nexus_target(settings, credentials), trust
    if not request.command.asks_index:
        return sandbox_target("", "", NO_CREDENTIALS), trust
    sandbox = _embed_sandbox(**_sandbox_options(settings, request.root))
    credentials = Credentials(
        username=sandbox.username, password=sandbox.password, source="the sandbox"
    )
    urls = sandbox.upload_url(), sandbox.upload_url(sandbox.group)
    return sandbox_target(*urls, credentials), Trust(ca_bundle=str(sandbox.ca_bundle))


def _configured_trust(request: Request, settings: Settings) -> Trust:
    return Trust(
        ca_bundle=_resolve(request, settings.ca_bundle),
        client_cert=_resolve(request, settings.client_cert),
    )


def _open_pypirc(
    request: Request, name: str, settings: Settings, trust: Trust
) -> tuple[Target, Trust]:
    section, trust = _read_section(name, trust)
    return pypirc_target(section.url, settings, _find_credentials(request, section.url)), trust


def _read_section(name: str, trust: Trust) -> tuple[PypircSection, Trust]:
    """Read a `.pypirc` section; its certificates serve where the configuration has none."""
    from releasekit.adapters.credentials import read_pypirc

    section = read_pypirc(name)
    trust = Trust(
        ca_bundle=trust.ca_bundle or section.ca_cert,
        client_cert=trust.client_cert or section.client_cert,
    )
    return section, trust


def _find_credentials(request: Request, url: str) -> Credentials:
    if not request.command.asks_index:
        return NO_CREDENTIALS
    from releasekit.adapters.credentials import read_credentials

    return read_credentials(
        url,
        section=request.repository,
        environ=request.environ,
        interactive=request.interactive,
    )


def _find_cache(request: Request, settings: Settings) -> Path:
    from platformdirs import user_cache_path

    named = _resolve(request, settings.cache_dir)
    return Path(named) if named else user_cache_path("releasekit")


def _resolve(request: Request, path: str | None) -> str | None:
    """Return a configured path below the project's directory; PEM text stays as it is."""
    if path is None or "-----BEGIN" in path:
        return path
    return str(request.root / Path(path).expanduser())


def _sandbox_options(settings: Settings, root: Path) -> dict[str, Any]:
    """Return the sandbox that the settings describe."""
    remote = settings.proxy_remote
    is_address = remote is None or remote.startswith(("https://", "http://"))
    return {
        "hosted": settings.hosted,
        "proxy": settings.proxy,
        "group": settings.group or "pypi-group",
        "snapshots": settings.snapshots,
        "remote": remote if is_address else root / str(remote),
    }


@contextlib.contextmanager
def open_server(request: Request, notify: Notify) -> Iterator[Sandbox | Nexus]:
    """Run the sandbox or a real Nexus until the block ends; raises NoServer."""
    options = _sandbox_options(read_settings(request), request.root)
    if request.command.server == "nexus":
        with _run_nexus(request, notify, options) as nexus:
            yield nexus
    else:
        with _run_sandbox(**options, port=request.port) as sandbox:
            yield sandbox


@contextlib.contextmanager
def _run_nexus(request: Request, notify: Notify, options: dict[str, Any]) -> Iterator[Nexus]:
    from releasekit.servers.local_nexus import NexusError, run_nexus

    def progress(received: int, size: int) -> None:
        notify(Sent(filename="Nexus 3.30.0-01", sent=received, size=size))

    if isinstance(options["remote"], Path):
        raise NoServer(
            said_what="a Nexus proxy serves no directory",
            said_where=f"proxy-remote: {options['remote']}",
            said_why="it fetches from an index over http or https",
            said_next="give proxy-remote the address of an index, or use nox -s sandbox",
        )
    with contextlib.ExitStack() as stack:
        try:
            nexus = stack.enter_context(
                run_nexus(
                    **options,
                    port=request.port,
                    environ=request.environ,
                    notify=lambda text: notify(Note(text=text)),
                    progress=progress,
                )
            )
        except NexusError as error:
            raise NoServer(
                said_what=error.what,
                said_where=error.where,
                said_why=error.why,
                said_next=error.next,
            ) from error
        yield nexus


@contextlib.contextmanager
def _run_sandbox(**options: Any) -> Iterator[Sandbox]:
    from releasekit.servers.sandbox import run_sandbox

    with contextlib.ExitStack() as stack:
        try:
            sandbox = stack.enter_context(run_sandbox(**options))
        except OSError as error:
            raise NoServer(
                said_what="the sandbox could not be started",
                said_where=f"127.0.0.1:{options.get('port', 0)}",
                said_why=error.strerror or str(error),
                said_next="choose another port with --port, or leave it out for a free one",
            ) from error
        yield sandbox


@functools.cache
def _embed_sandbox(**options: Any) -> Sandbox:
    """Start the sandbox of this process: all its sessions share it, and it ends with it."""
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(_run_sandbox(**options))
