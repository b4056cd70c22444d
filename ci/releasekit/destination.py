"""Where a run goes, by its settings: the target, its credentials, and what is trusted there.

And where the requirements of a release come from: a sandbox has none.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from releasekit.config.settings import (
    SANDBOX_CA,
    Destination,
    Settings,
    Target,
    Trust,
    hosted_url,
    make_target,
)
from releasekit.config.sources import read_settings
from releasekit.errors import InvalidConfiguration, MissingCredentials, ReleasekitError, usage
from releasekit.home import expand_home, find_netrc
from releasekit.index.layouts import simple_url, split_url
from releasekit.model.access import (
    NO_CREDENTIALS,
    Credentials,
    Say,
    find_environ_credentials,
    find_environ_reader,
    is_loopback,
)
from releasekit.request import Request, is_project
from releasekit.tls.certificates import is_readable, read_bundle
from releasekit.uv.indexes import BuildIndex

if TYPE_CHECKING:
    from releasekit.credentials import PypircSection
    from releasekit.network import Network
    from releasekit.outcome import Progress


def find_credentials(request: Request, url: str) -> Credentials:
    """Find credentials for uploads; a keyring and people come after all that needs neither."""
    if not request.command.uploads:
        return NO_CREDENTIALS
    if found := find_stated(request):
        return found
    if request.command.refuse_early:
        request.command.refuse_early(request)
    from releasekit.credentials import read_credentials

    return read_credentials(
        url,
        section=request.options.repository,
        environ=request.environ,
        interactive=request.interactive,
        say=request.say,
    )


def choose_destination(
    request: Request, find: Callable[[Request, str], Credentials] = find_credentials
) -> Destination:
    """Find out where a run goes; raises what is wrong with the settings, or is missing."""
    if not is_project(request.root) and not request.options.files:
        raise ReleasekitError(usage.NOT_A_PROJECT, root=str(request.root))
    settings = read_settings(request.root, request.environ)
    section, trust = _read_section(request, settings)
    if section or settings.url is not None:
        url = section.url if section else hosted_url(settings)
        credentials = find(request, url)
        reader = find_reader(request, url, credentials)
        target = make_target(url, settings, credentials, reader)
    else:
        hosted, group, credentials = "", "", NO_CREDENTIALS
        if request.command.asks_index:
            from releasekit.serve import embed_sandbox, sandbox_options

            sandbox = embed_sandbox(**sandbox_options(settings))
            credentials = Credentials(
                username=sandbox.username, password=sandbox.password, source="the sandbox"
            )
            hosted = sandbox.repository_url(sandbox.hosted)
            group = sandbox.repository_url(sandbox.group)
            trust = Trust(ca_bundle=str(sandbox.ca_bundle))
        target = Target(
            upload_url=hosted,
            install_url=group,
            credentials=credentials,
            reader=credentials,
            sandbox=True,
        )
    return Destination(settings=settings, target=target, trust=trust)


def choose_destinations(requests: Sequence[Request], say: Say) -> list[Request]:
    """Return the requests with their destinations, for processes that can neither ask nor serve.

    Credentials are found once for each address, and who gave none is not asked again; all share one
    sandbox. A destination that cannot be found is left out: carrying out the request shows why.
    """
    found: dict[str, Credentials] = {}

    def find(request: Request, url: str) -> Credentials:
        if url not in found:
            found[url] = find_credentials(request, url)
        return found[url]

    chosen, interactive = [], True
    for request in requests:
        destination = None
        try:
            asking = replace(request, interactive=request.interactive and interactive, say=say)
            destination = choose_destination(asking, find)
        except MissingCredentials:
            interactive = False
        except Exception:  # noqa: BLE001, S110 - met again, and reported, where it is carried out
            pass
        chosen.append(replace(request, interactive=False, destination=destination))
    return chosen


def find_reader(request: Request, url: str, upload: Credentials) -> Credentials:
    """Return the credentials for reading, NO_CREDENTIALS for nobody's; no request is made for it.

    Those for uploads serve where no others are; a command that uploads nothing takes them from the
    environment and `.pypirc`, and asks no keyring: most groups let everybody read.
    Raises HALF_SET_READER.
    """
    command = request.command
    if not (command.asks_index or command.needs_requirements or command.diagnoses):
        return NO_CREDENTIALS
    if reader := find_own_reader(url, request.environ):
        return reader
    return upload if upload.password else find_stated(request) or NO_CREDENTIALS


def find_stated(request: Request) -> Credentials | None:
    """Return what the environment or the `.pypirc` section of -r gives whole, None for neither."""
    if not request.options.repository:
        return find_environ_credentials(request.environ)
    from releasekit.credentials import find_stated_credentials

    return find_stated_credentials(request.options.repository, request.environ)


def find_own_reader(url: str, environ: Mapping[str, str]) -> Credentials | None:
    """Return the reader's own credentials, else netrc's for the host; None for neither."""
    return find_environ_reader(environ) or find_netrc(url, environ)


def find_nexus_credentials(
    request: Request, url: str, hosted: str
) -> tuple[Credentials, Credentials]:
    """Return the publisher's credentials and the administrator's; raises MISSING_ADMIN_CREDENTIALS.

    `url` is the address of Nexus, `hosted` that of the repository for uploads. The keyring is asked
    for what the command cannot do without, and by `doctor`, which tries all that there is.
    """
    from releasekit.credentials import (
        find_environ_admin,
        read_admin_credentials,
        read_credentials,
        try_to_read,
    )

    environ, say = request.environ, request.say
    if request.command.diagnoses:
        read_publisher = partial(
            read_credentials,
            hosted,
            section=request.options.repository,
            environ=environ,
            interactive=False,
            say=say,
        )
        read_admin = partial(
            read_admin_credentials, url, environ=environ, interactive=False, say=say
        )
        return try_to_read(read_publisher, say), try_to_read(read_admin, say)
    if request.command.needs_admin:
        admin = read_admin_credentials(
            url, environ=environ, interactive=request.interactive, say=say
        )
    else:
        admin = find_environ_admin(environ) or NO_CREDENTIALS
    return find_stated(request) or NO_CREDENTIALS, admin


def read_nexus_settings(request: Request) -> tuple[Settings, Trust]:
    """Read the settings, with url and hosted of the `.pypirc` section that -r names."""
    settings = read_settings(request.root, request.environ)
    section, trust = _read_section(request, settings)
    if section is None:
        return settings, trust
    places = split_url(section.url)
    if places is None:
        reason = "repository has no /repository/NAME/ in it, and a repository of Nexus has"
        raise ReleasekitError(
            usage.UNKNOWN_PYPIRC_SECTION, name=section.name, path=section.path, reason=reason
        )
    return settings.model_copy(update={"url": places[0], "hosted": places[1]}), trust


def _read_section(request: Request, settings: Settings) -> tuple[PypircSection | None, Trust]:
    """Read the `.pypirc` section that -r names, and what is trusted.

    The certificates of the section serve where the configuration has none.
    """
    trust = Trust(
        ca_bundle=request.resolve(settings.ca_bundle),
        client_cert=request.resolve(settings.client_cert),
    )
    if request.options.repository is None:
        return None, trust
    from releasekit.credentials import read_pypirc

    section = read_pypirc(request.options.repository, request.environ)
    # The paths of a section start from the current directory.
    ca_bundle, client_cert = (
        str(expand_home(path, request.environ)) if path else None
        for path in (section.ca_cert, section.client_cert)
    )
    return section, Trust(
        ca_bundle=trust.ca_bundle or ca_bundle, client_cert=trust.client_cert or client_cert
    )


def is_sandbox(url: str, ca_bundle: str | None) -> bool:
    """Tell whether an address is that of `releasekit sandbox`: by its CA, no request is made."""
    if not ca_bundle or not is_loopback(url):
        return False
    try:
        return Path(ca_bundle).read_bytes().startswith(SANDBOX_CA.encode())
    except (OSError, ValueError):  # PEM text is no path
        return False


def read_own_settings(root: Path) -> Settings | None:
    """Return the settings of the project's files, if they name a Nexus and a group of it.

    The environment names the sandbox instead.
    """
    try:
        settings = read_settings(root, {})
    except InvalidConfiguration:  # what the environment replaces may be wrong
        return None
    return settings if settings.url and settings.group else None


def find_group(
    request: Request, destination: Destination, *, into_sandbox: bool
) -> tuple[BuildIndex | None, Trust]:
    """Return the group that requirements come from, and what is trusted.

    For a sandbox it is that of the project's files. Many groups let everybody read.
    """
    target, trust = destination.target, destination.trust
    if not (request.command.needs_requirements or request.command.diagnoses):
        return None, trust
    if not into_sandbox:
        group = BuildIndex(url=target.install_url, credentials=target.reader)
        return None if target.install_url == target.upload_url else group, trust
    if (own := read_own_settings(request.root)) is None:
        return None, trust
    hidden = () if target.sandbox else ("TWINE_",)  # the credentials of the other sandbox
    environ = {name: v for name, v in request.environ.items() if not name.startswith(hidden)}
    options = Namespace(**{**vars(request.options), "repository": None})
    asking = replace(request, environ=environ, options=options)
    reader = find_reader(asking, hosted_url(own), NO_CREDENTIALS)
    bundles = map(request.resolve, (destination.settings.ca_bundle, own.ca_bundle))
    trust = add_trust(trust, bundles, request.resolve(own.client_cert))
    found = make_target(hosted_url(own), own, NO_CREDENTIALS, reader)
    return BuildIndex(url=found.install_url, credentials=reader), trust


def add_trust(trust: Trust, ca_bundles: Iterable[str | None], client_cert: str | None) -> Trust:
    """Return a trust with more certificates; what is no good adds nothing, as in variables."""
    found = (read_bundle(bundle) for bundle in ca_bundles if bundle)
    texts = [read_bundle(trust.ca_bundle or ""), *(pem for pem in found if is_readable(pem))]
    has_cert = client_cert and Path(client_cert).is_file()
    return replace(
        trust,
        ca_bundle="\n".join(texts),
        client_cert=trust.client_cert or (client_cert if has_cert else None),
    )


def keep_reachable(group: BuildIndex, network: Network, progress: Progress) -> BuildIndex | None:
    """Return the group if it answers; else note that the index of pip or uv is used instead."""
    from releasekit.doctor.probe import Visitor, ask

    url = f"{simple_url(group.url)}pip/"
    try:
        answer = ask(Visitor(client=network.client, credentials=group.credentials), url)
        if answer.status in (200, 404):  # a hosted repository does not know most projects
            return group
        problem = f"{url} answered {answer.status} {answer.reason}"
    except ReleasekitError as error:
        answers = error.answers()
        problem = f"{answers['what']}: {answers['why']}"
    other = "requirements come from the index that pip or uv is configured with"
    progress.note(f"{other}, not from {group.url} ({' '.join(problem.split())})")
    return None
