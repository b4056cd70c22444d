"""Where a release goes, and with which credentials."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from releasekit.core.settings import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """A user name and a password; the password shows in no representation."""

    username: str
    password: str = field(repr=False)
    source: str
    """Where they came from, for messages: "TWINE_USERNAME", ".pypirc section NAME"..."""


ENVIRONMENT = "TWINE_USERNAME and TWINE_PASSWORD"
NO_CREDENTIALS = Credentials(username="", password="", source="nowhere")
"""For steps that ask no index."""


def given_credentials(environ: Mapping[str, str]) -> Credentials | None:
    """Return what the environment gives whole: it beats every other source (twine 7, auth.py)."""
    username, password = environ.get("TWINE_USERNAME"), environ.get("TWINE_PASSWORD")
    if not username or not password:
        return None
    return Credentials(username=username, password=password, source=ENVIRONMENT)


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Where a release goes and where it is installed from."""

    upload_url: str
    """Address of the hosted repository, with the slash at the end that Nexus demands."""
    install_url: str
    """Address of the repository that people install from: the group's, or else the hosted one."""
    snapshots_url: str | None
    credentials: Credentials
    sandbox: bool
    """True for the embedded sandbox: nothing leaves the machine, and any tree may go there."""


def simple_url(repository_url: str) -> str:
    """Return the address of a repository's simple index (PEP 503)."""
    return f"{repository_url.rstrip('/')}/simple/"


def is_loopback(url: str) -> bool:
    """Tell whether an address is on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def sandbox_target(upload_url: str, install_url: str, credentials: Credentials) -> Target:
    """Return the embedded sandbox as a target."""
    return Target(
        upload_url=upload_url,
        install_url=install_url,
        snapshots_url=None,
        credentials=credentials,
        sandbox=True,
    )


def hosted_url(settings: Settings) -> str:
    """Return the address of the hosted repository that `url` and `hosted` name."""
    return f"{settings.url}/repository/{settings.hosted}/"


def nexus_target(settings: Settings, credentials: Credentials) -> Target:
    """Return the target that `url`, `hosted`, `group` and `snapshots` name."""
    return _target(hosted_url(settings), settings, credentials, str(settings.url))


def split_url(url: str) -> tuple[str, str] | None:
    """Return the Nexus and the name of its repository that an address holds, None for others."""
    nexus, found, name = url.rstrip("/").partition("/repository/")
    return (nexus, name) if found and name and "/" not in name else None


def pypirc_target(url: str, settings: Settings, credentials: Credentials) -> Target:
    """Return the target of a `.pypirc` section's address; the group stands in the settings."""
    nexus, found, _ = url.partition("/repository/")
    return _target(f"{url.rstrip('/')}/", settings, credentials, nexus if found else None)


def _target(
    upload_url: str, settings: Settings, credentials: Credentials, nexus: str | None
) -> Target:
    def sibling(name: str | None) -> str | None:
        return f"{nexus}/repository/{name}/" if nexus and name else None

    return Target(
        upload_url=upload_url,
        install_url=sibling(settings.group) or upload_url,
        snapshots_url=sibling(settings.snapshots),
        credentials=credentials,
        sandbox=False,
    )
