"""Where requirements come from: a group; a sandbox has nothing that a release may require."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from releasekit.config.settings import Settings
from releasekit.config.sources import read_settings
from releasekit.config.target import SANDBOX_CA, Destination, Trust, hosted_url, nexus_target
from releasekit.destination import find_reader
from releasekit.errors import InvalidConfiguration, ReleasekitError
from releasekit.index.layouts import simple_url
from releasekit.model.addresses import is_loopback
from releasekit.model.credentials import NO_CREDENTIALS
from releasekit.network import Network
from releasekit.progress import Progress
from releasekit.request import Request
from releasekit.tls.bundle import is_readable, read_bundle
from releasekit.uv.indexes import BuildIndex

ANSWERED = (200, 404)
"""How an index answers for a project's page; a hosted repository does not know most projects."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RequirementsSource:
    """The group that requirements come from, None if there is none, and what is trusted."""

    group: BuildIndex | None
    trust: Trust
    into_sandbox: bool = False
    """True for the embedded sandbox, and for one in another terminal, which has a `url`."""


def find_source(request: Request, destination: Destination) -> RequirementsSource:
    """Return where requirements come from, unless uv or pip are told otherwise.

    For a sandbox it is the group that the project's files name. Many groups let everybody read: a
    job that builds may have no credentials.
    """
    target, trust, builds = destination.target, destination.trust, request.command.builds
    if target.sandbox or is_sandbox(target.upload_url, trust.ca_bundle):
        return _find_own_source(request, destination)
    group = BuildIndex(url=target.install_url, credentials=target.reader)
    has_group = builds and target.install_url != target.upload_url
    return RequirementsSource(group=group if has_group else None, trust=trust)


def is_sandbox(url: str, ca_bundle: str | None) -> bool:
    """Tell whether an address is that of `releasekit sandbox`: by its CA, without a request."""
    if not ca_bundle or not is_loopback(url):
        return False
    try:
        return Path(ca_bundle).read_bytes().startswith(SANDBOX_CA.encode())
    except (OSError, ValueError):  # PEM text is no path
        return False


def _find_own_source(request: Request, destination: Destination) -> RequirementsSource:
    """Return the source that the project's files name; the environment names the sandbox."""
    target, trust = destination.target, destination.trust
    own = read_own_settings(request.root) if request.command.builds else None
    if own is None:
        return RequirementsSource(group=None, trust=trust, into_sandbox=True)
    hidden = () if target.sandbox else ("TWINE_",)  # those are the credentials of the sandbox
    environ = {name: v for name, v in request.environ.items() if not name.startswith(hidden)}
    reader = find_reader(replace(request, environ=environ), hosted_url(own), NO_CREDENTIALS)
    bundles = map(request.resolve, (destination.settings.ca_bundle, own.ca_bundle))
    return RequirementsSource(
        group=BuildIndex(url=nexus_target(own, reader).install_url, credentials=reader),
        trust=add_trust(trust, bundles, request.resolve(own.client_cert)),
        into_sandbox=True,
    )


def read_own_settings(root: Path) -> Settings | None:
    """Return the settings of the project's files, if they name a Nexus and a group of it."""
    try:
        settings = read_settings(root, {})
    except InvalidConfiguration:  # what the environment replaces may be wrong
        return None
    return settings if settings.url and settings.group else None


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


def keep_reachable(
    source: RequirementsSource, network: Network, progress: Progress
) -> BuildIndex | None:
    """Return the group, but not one for a sandbox that does not answer, of which a note tells."""
    group = source.group
    if group is None or not source.into_sandbox:
        return group
    url = f"{simple_url(group.url)}pip/"
    try:
        answer = network.client.get(
            url, credentials=group.credentials, limit=1, leave_rest=True, attempts=1
        )
        problem = f"{url} answered {answer.status} {answer.reason}"
        if answer.status in ANSWERED:
            return group
    except ReleasekitError as error:
        answers = error.answers()
        problem = f"{answers['what']}: {answers['why']}"
    other = "requirements come from the index that pip or uv is configured with"
    progress.note(f"{other}, not from {group.url} ({' '.join(problem.split())})")
    return None
