"""What the doctor learns, before anything is made of it. No field holds a password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from packaging.version import Version

from releasekit.model.plan import Plan
from releasekit.nexus.documents import Document, Repository, ServerVersion
from releasekit.tls.certificates import Certificate


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """How the connection to a host, or to the proxy before it, went."""

    host: str
    port: int
    proxy: str | None = None
    """Address of the proxy of the environment, without its password."""
    problem: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Handshake:
    """How a TLS handshake went; the chain is what the server sent, trusted or not."""

    protocol: str = ""
    chain: tuple[Certificate, ...] = ()
    anchor: str | None = None
    """Where the certificate that the trust ended at came from."""
    problem: str | None = None
    code: int | None = None
    """OpenSSL's verification code (x509_vfy.h)."""
    fix: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """How Nexus answered: the reason phrase holds its message."""

    status: int
    reason: str = ""
    is_foreign: bool = False
    """True if it does not come from Nexus: a login page or a front server answered in its place."""

    def __str__(self) -> str:
        """Render as in a log."""
        said = f"{self.status} {self.reason}".rstrip()
        return f"{said}, not from Nexus" if self.is_foreign else said

    @property
    def is_served(self) -> bool:
        """Tell whether Nexus served what was asked for."""
        return self.status == 200 and not self.is_foreign


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerFacts:
    """What a server says of itself to anybody."""

    version: ServerVersion | None
    named: str
    """What it calls itself."""
    status: Answer
    writable: Answer
    date: datetime | None = None
    """By the server's clock."""
    now: datetime | None = None
    """By this machine's, in the middle of the same request."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """A user, where the password came from, and what the server said to both."""

    username: str
    source: str
    answer: Answer


@dataclass(frozen=True, kw_only=True, slots=True)
class RepositoryFacts:
    """What is known of a repository: what it serves, how it is listed, how it is set up."""

    name: str
    serves: Answer
    """The answer for its index, or for one project of it."""
    listed: Repository | None = None
    settings: Document | None = None
    """None where nobody who asks may see them."""
    username: str = ""
    """Who asked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NameFacts:
    """The project's name, and what the proxy says of it."""

    name: str | None
    answer: Answer | None = None
    files: int = 0
    control: Answer | None = None
    """What the proxy answers for a project that every public index has."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionFacts:
    """The version to be released, and what the hosted repository has of it."""

    version: Version | None
    answer: Answer | None = None
    """How the hosted repository answered for the project's page."""
    is_hosted: bool = False
    """True if the hosted repository serves an index: its 404 then means that nothing is there."""
    published: tuple[str, ...] = ()
    """File names of that version."""
    plan: Plan | None = None
    """How the built dists compare with them; None where nothing is built."""
