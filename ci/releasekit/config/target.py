"""Where a release goes, and with which credentials."""

from __future__ import annotations

from dataclasses import dataclass

from releasekit.config.settings import Settings
from releasekit.index.layouts import find_layout, repository_url
from releasekit.model.credentials import READER_ENVIRONMENT, Credentials

SANDBOX_CA = "# The CA of a sandbox of releasekit\n"
"""The first line of its file, which tells that address from that of a Nexus on this machine."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Where a release goes and where it is installed from."""

    upload_url: str
    """Address of the hosted repository, with the slash at the end that Nexus demands."""
    install_url: str
    """Address of the repository that people install from: the group's, or else the hosted one."""
    snapshots_url: str | None = None
    credentials: Credentials
    """For uploads alone."""
    reader: Credentials
    """For what is read: pages, files, the group, the install-back; see `find_reader`."""
    sandbox: bool = False
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


def hosted_url(settings: Settings) -> str:
    """Return the address of the hosted repository that `url` and `hosted` name."""
    return repository_url(str(settings.url), settings.hosted)


def make_target(
    url: str, settings: Settings, credentials: Credentials, reader: Credentials
) -> Target:
    """Return the target of a hosted repository; `group` and `snapshots` are on the same server."""
    upload_url = f"{url.rstrip('/')}/"
    find_sibling = find_layout(upload_url).find_sibling
    group, snapshots = (
        find_sibling(upload_url, name) if name else None
        for name in (settings.group, settings.snapshots)
    )
    return Target(
        upload_url=upload_url,
        install_url=group or upload_url,
        snapshots_url=snapshots,
        credentials=credentials,
        reader=reader,
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
