"""Where the requirements of a release into a sandbox come from: the sandbox itself has none."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from releasekit.config.settings import Settings
from releasekit.config.sources import read_settings
from releasekit.config.target import SANDBOX_CA, Destination, Trust, hosted_url, make_target
from releasekit.destination import find_reader
from releasekit.doctor.probe import Visitor, ask
from releasekit.errors import InvalidConfiguration, ReleasekitError
from releasekit.index.layouts import simple_url
from releasekit.model.addresses import is_loopback
from releasekit.model.credentials import NO_CREDENTIALS
from releasekit.network import Network
from releasekit.outcome import Progress
from releasekit.request import Request
from releasekit.tls.certificates import is_readable, read_bundle
from releasekit.uv.indexes import BuildIndex


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
