"""Where a release goes, and with which credentials."""

from __future__ import annotations

from dataclasses import dataclass

from releasekit.config.settings import Settings
from releasekit.index.layouts import find_layout
from releasekit.index.nexus import repository_url
from releasekit.model.credentials import Credentials

SANDBOX_CA = "# The CA of a sandbox of releasekit\n"
"""The first line of its file, which tells that address from that of a Nexus on this machine."""


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

        A command that uploads reads the repository that it uploads to as the publisher: the reader
        of all jobs, or of pip, is often a user who may read the group alone.
        """
        is_hosted = url in (self.upload_url, self.snapshots_url)
        return self.credentials if is_hosted and self.credentials.password else self.reader


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
    return repository_url(str(settings.url), settings.hosted)


def nexus_target(
    settings: Settings, credentials: Credentials, reader: Credentials | None = None
) -> Target:
    """Return the target that `url`, `hosted`, `group` and `snapshots` name.

    The credentials serve for reading too, unless there is a reader.
    """
    return pypirc_target(hosted_url(settings), settings, credentials, reader)


def pypirc_target(
    url: str, settings: Settings, credentials: Credentials, reader: Credentials | None = None
) -> Target:
    """Return the target of a `.pypirc` section's address; the group stands in the settings."""
    upload_url = f"{url.rstrip('/')}/"

    def sibling(name: str | None) -> str | None:
        return find_layout(upload_url).find_sibling(upload_url, name) if name else None

    return Target(
        upload_url=upload_url,
        install_url=sibling(settings.group) or upload_url,
        snapshots_url=sibling(settings.snapshots),
        credentials=credentials,
        reader=credentials if reader is None else reader,
        sandbox=False,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Trust:
    """Certificates that are trusted, and the client's own."""

    ca_bundle: str | None
    client_cert: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """Where a run goes, by its settings, and what is trusted there."""

    settings: Settings
    target: Target
    trust: Trust
