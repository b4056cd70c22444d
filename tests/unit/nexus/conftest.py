"""A server that is as it is wanted, to be changed by tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from releasekit.config.settings import Settings
from releasekit.nexus.desired_state import want
from releasekit.nexus.documents import Document, ServerVersion, parse_document
from releasekit.nexus.drift import Found, Kind, ServerPlan, make_server_plan

URL = "https://nexus.example.com"
VERSION = ServerVersion(numbers=(3, 30, 0), edition="OSS")


def make_settings(**values: Any) -> Settings:
    """The usual configuration, with other values."""
    usual = {"url": URL, "group": "all", "hosted": "own", "proxy": "far"}
    more = {"proxy-remote": "https://index.example.com/simple", "own-names": ["acme-*"]}
    named = {key.replace("_", "-"): value for key, value in values.items()}
    return Settings.model_validate({**usual, **more, **named})


EMPTY_SERVER = Found(
    version=VERSION,
    admin="admin",
    blob_stores=("default",),
    repositories=(),
    documents=(
        (Kind.REALMS, "", Document(fields=(("active", ("NexusAuthenticatingRealm",)),))),
        (Kind.ANONYMOUS, "", parse_document({"enabled": True, "userId": "anonymous"})),
        (Kind.USER, "admin", parse_document({"status": "active", "source": "default"})),
    ),
)


def settle(settings: Settings, found: Found = EMPTY_SERVER) -> Found:
    """Return the server after the plan was carried out, as its answers show it."""
    resources = want(settings, found)
    made = {
        (resource.kind, resource.name): (
            found.get(resource.kind, resource.name) or resource.initial
        )
        + resource.fields
        for resource in resources
    }
    kept = {(kind, name): document for kind, name, document in found.documents}
    sourced = {
        key: document + parse_document({"source": "default"}) if key[0] is Kind.USER else document
        for key, document in (kept | made).items()
    }
    documents = tuple((kind, name, document) for (kind, name), document in sourced.items())
    return replace(found, documents=documents)


def alter(found: Found, kind: Kind, name: str, **fields: Any) -> Found:
    """Return the server with other values in one thing; a double underscore is a dot."""
    changed = parse_document({key.replace("__", "."): value for key, value in fields.items()})
    documents = tuple(
        (k, n, document + changed if (k, n) == (kind, name) else document)
        for k, n, document in found.documents
    )
    return replace(found, documents=documents)


def remove(found: Found, kind: Kind, name: str) -> Found:
    """Return the server without one thing."""
    kept = tuple(entry for entry in found.documents if entry[:2] != (kind, name))
    return replace(found, documents=kept)


Compare = Callable[..., ServerPlan]


@pytest.fixture
def compare() -> Compare:
    """Compare a server with the usual configuration, or another one."""

    def run(found: Found, **values: Any) -> ServerPlan:
        settings = make_settings(**values)
        return make_server_plan(URL, want(settings, found), found)

    return run
