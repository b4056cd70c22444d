"""What one start sets up: repositories, a publisher, passwords; all as `provision` does it."""

from __future__ import annotations

from dataclasses import replace

from releasekit.config.settings import Settings
from releasekit.errors import ReleasekitError
from releasekit.errors.failed import NEXUS_NOT_STARTED
from releasekit.model.credentials import Credentials
from releasekit.nexus.desired_state import publisher_name, want
from releasekit.nexus.documents import Document
from releasekit.nexus.drift import Found, Kind, Resource
from releasekit.nexus.rest import (
    Rest,
    create_resource,
    read_version,
    render_creation,
    set_password,
)
from releasekit_nexus import ADMIN, PUBLISHER
from releasekit_nexus.launch import Running

WELL_KNOWN = Credentials(username=ADMIN, password="admin123", source="every start")  # noqa: S106
NOWHERE: Document = {"proxy.remoteUrl": "http://127.0.0.1:9/", "httpClient.blocked": True}
"""Where the proxy points while nobody has named an upstream: loopback, where nothing answers.

Blocked, it sends no request: its answers come at once, and group pages leave it out
(docs/nexus-behaviour.md#remote-failures).
"""


def set_up(
    running: Running, settings: Settings, *, admin_password: str, publisher_password: str
) -> None:
    """Replace the well-known password first, then create everything; raises NEXUS_NOT_STARTED."""
    rest = Rest(url=running.url, client=running.client, credentials=WELL_KNOWN)
    try:
        set_password(rest, ADMIN, admin_password)
        rest = replace(rest, credentials=replace(WELL_KNOWN, password=admin_password))
        found = Found(
            version=read_version(rest),
            admin=ADMIN,
            blob_stores=("default",),
            repositories=(),
            documents={},
        )
        for resource in want(settings, found):
            _create(rest, resource, settings, found, publisher_password)
    except ReleasekitError as error:
        raise ReleasekitError(
            NEXUS_NOT_STARTED,
            problem="Nexus refused to be set up",
            place=str(error.fields.get("url", running.url)),
            reason=error.answers()["why"],
            fix="check the repositories' names: letters, digits, _ - and . only",
        ) from error


def _create(
    rest: Rest, resource: Resource, settings: Settings, found: Found, password: str
) -> None:
    """Create a repository, the publisher or its role; the other wishes are `provision`'s."""
    if resource.kind is Kind.PROXY and not settings.proxy_remote:
        resource = replace(resource, fields=resource.fields | NOWHERE)
    body = render_creation(resource, found.version)
    if resource.name == publisher_name(settings):
        # One name for every server, beside those that `provision` would give.
        if resource.kind is Kind.ROLE:
            body |= {"id": PUBLISHER, "name": PUBLISHER}
        else:
            body |= {"userId": PUBLISHER, "roles": [PUBLISHER], "password": password}
    elif resource.kind not in (Kind.HOSTED, Kind.PROXY, Kind.GROUP):
        return
    create_resource(rest, resource.kind, body)
