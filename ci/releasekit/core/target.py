"""Where a release goes, and with which credentials."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from releasekit.core.errors import (
    CredentialsNeeded,
    HalfGivenReader,
    ReleasekitError,
    WrongCredentials,
)
from releasekit.core.settings import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """A user name and a password; the password shows in no representation."""

    username: str
    password: str = field(repr=False)
    source: str
    """Where they came from, for messages: "TWINE_USERNAME", ".pypirc section NAME"..."""

    @property
    def only_reads(self) -> bool:
        """Tell whether they are those of a reader, and not those that a release uploads with."""
        return self.source == READER_ENVIRONMENT or self.source.startswith("netrc")


ENVIRONMENT = "TWINE_USERNAME and TWINE_PASSWORD"
READER_USERNAME, READER_PASSWORD = "RELEASEKIT_READER_USERNAME", "RELEASEKIT_READER_PASSWORD"
READER_ENVIRONMENT = f"{READER_USERNAME} and {READER_PASSWORD}"
NO_CREDENTIALS = Credentials(username="", password="", source="nowhere")
"""Nobody: what is asked is asked anonymously."""


def given_credentials(environ: Mapping[str, str]) -> Credentials | None:
    """Return what the environment gives whole: it beats every other source (twine 7, auth.py)."""
    username, password = environ.get("TWINE_USERNAME"), environ.get("TWINE_PASSWORD")
    if not username or not password:
        return None
    return Credentials(username=username, password=password, source=ENVIRONMENT)


def refused_login(url: str, credentials: Credentials, answer: str) -> ReleasekitError:
    """Return the situation that a server lets these credentials, or nobody's, not in."""
    if not credentials.username:
        return CredentialsNeeded(url=url, answer=answer)
    wrong = WrongCredentials(url=url, username=credentials.username, source=credentials.source)
    if credentials.only_reads:
        wrong.mend = f"check {credentials.source};\nNexus answers 401 to a disabled user as well"
    return wrong


def given_reader(environ: Mapping[str, str]) -> Credentials | None:
    """Return the credentials for reading that the environment gives; raises HalfGivenReader."""
    username, password = environ.get(READER_USERNAME), environ.get(READER_PASSWORD)
    if username and password:
        return Credentials(username=username, password=password, source=READER_ENVIRONMENT)
    if username or password:
        names = (READER_USERNAME, READER_PASSWORD)
        given, missing = names if username else reversed(names)
        raise HalfGivenReader(given=given, missing=missing)
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Where a release goes and where it is installed from."""

    upload_url: str
    """Address of the hosted repository, with the slash at the end that Nexus demands."""
    install_url: str
    """Address of the repository that people install from: the group's, or else the hosted one."""
    snapshots_url: str | None
    credentials: Credentials
    """For uploads alone."""
    reader: Credentials
    """For what is read: pages, files, the group, the install-back; see `find_reader`."""
    sandbox: bool
    """True for the embedded sandbox: nothing leaves the machine, and any tree may go there."""

    def find_reader(self, url: str) -> Credentials:
        """Return the credentials that read the repository at `url`.

        A command that uploads reads the repository that it uploads to as the publisher, unless
        RELEASEKIT_READER_* are set: an entry of netrc is there for pip, and often of a user who
        may read the group alone.
        """
        is_hosted = url in (self.upload_url, self.snapshots_url)
        is_publisher = self.credentials.password and self.reader.source != READER_ENVIRONMENT
        return self.credentials if is_hosted and is_publisher else self.reader


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
        reader=credentials,
        sandbox=True,
    )


def hosted_url(settings: Settings) -> str:
    """Return the address of the hosted repository that `url` and `hosted` name."""
    return f"{settings.url}/repository/{settings.hosted}/"


def nexus_target(
    settings: Settings, credentials: Credentials, reader: Credentials | None = None
) -> Target:
    """Return the target that `url`, `hosted`, `group` and `snapshots` name.

    The credentials serve for reading too, unless there is a reader.
    """
    return _target(hosted_url(settings), settings, (credentials, reader), str(settings.url))


def split_url(url: str) -> tuple[str, str] | None:
    """Return the Nexus and the name of its repository that an address holds, None for others."""
    nexus, found, name = url.rstrip("/").partition("/repository/")
    return (nexus, name) if found and name and "/" not in name else None


def pypirc_target(
    url: str, settings: Settings, credentials: Credentials, reader: Credentials | None = None
) -> Target:
    """Return the target of a `.pypirc` section's address; the group stands in the settings."""
    nexus, found, _ = url.partition("/repository/")
    who = (credentials, reader)
    return _target(f"{url.rstrip('/')}/", settings, who, nexus if found else None)


def _target(
    upload_url: str,
    settings: Settings,
    who: tuple[Credentials, Credentials | None],
    nexus: str | None,
) -> Target:
    credentials, reader = who

    def sibling(name: str | None) -> str | None:
        return f"{nexus}/repository/{name}/" if nexus and name else None

    return Target(
        upload_url=upload_url,
        install_url=sibling(settings.group) or upload_url,
        snapshots_url=sibling(settings.snapshots),
        credentials=credentials,
        reader=credentials if reader is None else reader,
        sandbox=False,
    )
