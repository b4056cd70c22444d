"""The situations in which no Nexus can be had; the caller shows the four answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(kw_only=True, eq=False)
class NexusError(Exception):
    """Base of them all: what happened, where, why, and what to do next; never a secret."""

    what: str
    where: str
    why: str
    next: str

    def __str__(self) -> str:
        """Give the four answers in one line each."""
        return f"{self.what}\n  where: {self.where}\n  why: {self.why}\n  next: {self.next}"


@dataclass(kw_only=True, eq=False)
class JavaMissing(NexusError):
    """No Java 11 was found."""

    what: str = "a local Nexus needs Java 11"
    next: str = "pip install 'releasekit[nexus]' (or set JAVA_HOME to a Java 11)"


@dataclass(kw_only=True, eq=False)
class ResolverMissing(NexusError):
    """The library that knows where Maven artifacts are is not installed."""

    what: str = "the address of Nexus cannot be found"
    why: str = "the library maven-artifact is not installed"
    next: str = "pip install 'releasekit[nexus]' (or set RELEASEKIT_NEXUS_ZIP to a file or address)"


@dataclass(kw_only=True, eq=False)
class ArchiveMissing(NexusError):
    """RELEASEKIT_NEXUS_ZIP names what cannot be read."""

    what: str = "RELEASEKIT_NEXUS_ZIP names no file"
    next: str = "give it the path of the archive, or an address that begins with https://"


@dataclass(kw_only=True, eq=False)
class DownloadFailed(NexusError):
    """The archive could not be downloaded; nothing of it is kept."""

    what: str = "Nexus could not be downloaded"
    next: str = (
        "check the network and HTTPS_PROXY, then run this again;\n"
        "or download it elsewhere and set RELEASEKIT_NEXUS_ZIP to the file"
    )


@dataclass(kw_only=True, eq=False)
class WrongArchive(NexusError):
    """The archive is not the one that was measured."""

    what: str = "this is not the Nexus that is wanted"
    next: str = "get the file again; a mirror or a proxy may have answered with a page of its own"


@dataclass(kw_only=True, eq=False)
class PortTaken(NexusError):
    """The port that was asked for is in use."""

    what: str = "the port is taken"
    next: str = "choose another with --port, or leave it out for a free one"


@dataclass(kw_only=True, eq=False)
class DirectoryInUse(NexusError):
    """The directory for the data holds something already."""

    what: str = "the directory for Nexus is not empty"
    why: str = "each start takes a fresh directory: its passwords are made anew"
    next: str = "empty it or name another"


@dataclass(kw_only=True, eq=False)
class StartFailed(NexusError):
    """The JVM ended, or Nexus did not get ready in time."""

    what: str = "Nexus did not start"
    next: str = (
        "run this again; if it stays so, give the machine memory (0.6 GB free), or delete\n"
        "the directory nexus/ in the kit's cache, which is then made anew"
    )


@dataclass(kw_only=True, eq=False)
class SetupFailed(NexusError):
    """Nexus refused a repository, a role or a user."""

    what: str = "Nexus refused to be set up"
    next: str = "check the repositories' names: letters, digits, _ - and . only"
