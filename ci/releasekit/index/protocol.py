"""What an index can do, what its answers tell, and what a layout knows about its addresses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from releasekit.http.answer import Answer, parse_date
from releasekit.model.credentials import NO_CREDENTIALS, Credentials

if TYPE_CHECKING:
    from releasekit.errors import ReleasekitError
    from releasekit.http.client import Client
    from releasekit.index.upload import Attempt, OnSent
    from releasekit.model.dists import Dist
    from releasekit.model.simple_page import ProjectPage, PublishedFile

AGREEMENT = "license agreement"


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerInfo:
    """What any answer tells beside its content."""

    server: str | None = None
    """What the server calls itself; a front server may speak for it."""
    date: datetime | None = None
    """By the server's clock."""
    now: datetime | None = None
    """By this machine's, in the middle of the same request."""
    certificate_ends: datetime | None = None
    """None where the address is http, or the TLS library does not tell."""
    certificate: bytes = b""
    """In DER; empty where that is None."""


def read_server_info(answer: Answer) -> ServerInfo:
    """Read it off an answer."""
    # An answer that a proxy kept (Age: RFC 9111) tells the time of then.
    date = None if "Age" in answer.headers else parse_date(answer.headers.get("Date"))
    return ServerInfo(
        server=answer.headers.get("Server"),
        date=date,
        now=answer.moment,
        certificate_ends=answer.certificate_ends,
        certificate=answer.certificate,
    )


def wants_license(answer: Answer) -> bool:
    """Tell whether a page says that the license agreement of a Community Edition is not accepted.

    Everything below /repository/ is answered so, to the administrator too (seen by others on 3.94).
    """
    return answer.status == 403 and AGREEMENT in answer.text[:10_000].lower()


class Index(Protocol):
    """A repository of Python packages. Every method raises the errors of HTTP and of refusals."""

    @property
    def url(self) -> str:
        """Return the address of the repository, with a slash at its end."""

    def check_access(self, name: str | None) -> None:
        """See, before much is done, that the publisher may upload and the reader may read.

        `name` is that of the project, None if it is not known yet.
        """

    def read_page(self, name: str) -> ProjectPage:
        """Read the page of a project; one that the index does not know has no files."""

    def read_names(self) -> tuple[str, ...]:
        """Read the names of all projects."""

    def upload(self, dist: Dist, on_sent: OnSent) -> Attempt:
        """Send a dist, once; whether it is stored, only the index tells."""

    def read_digest(
        self, file: PublishedFile, expected: Dist, path: Path | None = None
    ) -> PublishedFile | None:
        """Download a file, into `path` if it is given, and return it with its SHA-256.

        None if the page's link is dead.
        Raises UNEXPECTED_ANSWER for what is neither the expected file nor another one of its kind.
        """

    def download(self, file: PublishedFile, path: Path, *, limit: int) -> bool:
        """Download a file; False if it has more than `limit` bytes."""


def ignore_server_info(_: ServerInfo) -> None:
    """Do nothing with what an answer tells beside its content."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """A repository, and as whom it is asked."""

    url: str
    client: Client
    reader: Credentials
    publisher: Credentials = field(default=NO_CREDENTIALS)
    on_answer: Callable[[ServerInfo], None] = ignore_server_info
    """Gets what each answer to a read tells beside its content."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """How one kind of server arranges its repositories, and how it answers uploads.

    See `layouts.LAYOUTS`. The module of a layout imports nothing that takes long: the settings of
    every command need its addresses.
    """

    owns: Callable[[str], bool]
    """Tells whether an address is one of a repository of this kind."""
    find_sibling: Callable[[str, str], str | None] = lambda *_: None
    """Returns the address of another repository of the same server, None if it has only one."""
    simple_path: str = "simple/"
    """Where the simple index (PEP 503) is, below the address that uploads go to."""
    follows_elsewhere: bool = True
    """False if a page that redirects to another server says that the project is not here."""
    ask_for_upload: Callable[[Access], Answer] | None = None
    """Sends an upload that cannot be stored: 400 to who may upload. None: to read is to know."""
    explain_refusal: Callable[[Answer, Access], ReleasekitError | None] = lambda *_: None
    """Tells what an answer to an upload means here; None if it means what it does everywhere."""

    def find_simple_url(self, url: str) -> str:
        """Return the address of a repository's simple index, as installers take it."""
        return f"{url.rstrip('/')}/{self.simple_path}"

    def open(self, access: Access) -> Index:
        """Return the repository; nothing is asked yet."""
        from releasekit.index.pages import SimpleIndex

        return SimpleIndex(access, self)
