"""A server that is as it is wanted, to be changed by tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from releasekit.config.settings import Settings
from releasekit.nexus.desired_state import want
from releasekit.nexus.documents import ServerVersion, parse_document
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
    documents={
        (Kind.REALMS, ""): {"active": ("NexusAuthenticatingRealm",)},
        (Kind.ANONYMOUS, ""): {"enabled": True, "userId": "anonymous"},
        (Kind.USER, "admin"): {"status": "active", "source": "default"},
    },
)


def settle(settings: Settings, found: Found = EMPTY_SERVER) -> Found:
    """Return the server after the plan was carried out, as its answers show it."""
    documents = dict(found.documents)
    for resource in want(settings, found):
        document = found.get(resource.kind, resource.name) or resource.initial
        documents[resource.kind, resource.name] = document | resource.fields
    for (kind, _), document in documents.items():
        if kind is Kind.USER:
            document["source"] = "default"
    return replace(found, documents=documents)


def alter(found: Found, kind: Kind, name: str, **fields: Any) -> Found:
    """Return the server with other values in one thing; a double underscore is a dot."""
    changed = parse_document({key.replace("__", "."): value for key, value in fields.items()})
    document = found.documents[kind, name] | changed
    return replace(found, documents={**found.documents, (kind, name): document})


def remove(found: Found, kind: Kind, name: str) -> Found:
    """Return the server without one thing."""
    kept = {key: value for key, value in found.documents.items() if key != (kind, name)}
    return replace(found, documents=kept)


Compare = Callable[..., ServerPlan]


@pytest.fixture
def compare() -> Compare:
    """Compare a server with the usual configuration, or another one."""

    def run(found: Found, **values: Any) -> ServerPlan:
        settings = make_settings(**values)
        return make_server_plan(URL, want(settings, found), found)

    return run
