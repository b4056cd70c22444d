"""Answers as values, and the headers of a Nexus 3.30.0-01."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path
from typing import TypeAlias

from .blobs import CHUNK
from .pages import RELEASE, render_error, render_login, render_not_browseable
from .values import Refusal

Headers: TypeAlias = tuple[tuple[str, str], ...]

STANDARD: Headers = (
    ("Server", f"Nexus/{RELEASE} (OSS)"),
    ("X-Content-Type-Options", "nosniff"),
    ("Strict-Transport-Security", "max-age=7776000"),
)
# Under /repository/ only.
REPOSITORY: Headers = (
    *STANDARD,
    (
        "Content-Security-Policy",
        "sandbox allow-forms allow-modals allow-popups allow-presentation allow-scripts "
        "allow-top-navigation",
    ),
    ("X-XSS-Protection", "1; mode=block"),
)
ERROR: Headers = (
    (
        "Cache-Control",
        "no-cache, no-store, max-age=0, must-revalidate, post-check=0, pre-check=0",
    ),
    ("Pragma", "no-cache"),
    ("Expires", "0"),
    ("X-Frame-Options", "DENY"),
    ("Content-Type", "text/html"),
)
CHALLENGE: Headers = (("WWW-Authenticate", 'BASIC realm="Sonatype Nexus Repository Manager"'),)
# Where the server's standard phrase is not Python's, or Python's differs by version.
PHRASES = {413: "Payload Too Large", 416: "Requested Range Not Satisfiable"}
MESSAGES = {416: "Range Not Satisfiable", 500: "Server Error"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Slice:
    """A part of a file on disk, in bytes."""

    file: Path
    start: int
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What goes back to a client; no length is sent for 304; `cut` stops half-way."""

    status: int
    reason: str
    headers: Headers = ()
    content: bytes | Slice = field(default=b"", repr=False)
    cut: bool = False

    def all_headers(self) -> Headers:
        """Give the headers with the length of the content."""
        if self.status == HTTPStatus.NOT_MODIFIED:
            return self.headers
        return (*self.headers, ("Content-Length", str(self.size)))

    @property
    def size(self) -> int:
        """The length of the content in bytes."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.size

    def chunks(self) -> Iterator[bytes]:
        """Give the content piece by piece."""
        if isinstance(self.content, bytes):
            yield self.content
            return
        left = self.content.size
        with self.content.file.open("rb") as stream:
            stream.seek(self.content.start)
            while left and (chunk := stream.read(min(CHUNK, left))):
                left -= len(chunk)
                yield chunk


def find_phrase(status: int) -> str:
    """Find the standard phrase for a status."""
    return PHRASES.get(status) or HTTPStatus(status).phrase


def find_message(refusal: Refusal) -> str:
    """Find what stands in the status line and in the page."""
    return refusal.message or MESSAGES.get(refusal.status) or find_phrase(refusal.status)


def answer(status: int, headers: Headers = (), content: bytes | Slice = b"") -> Answer:
    """Answer something under /repository/."""
    dated = (("Date", formatdate(usegmt=True)), *REPOSITORY, *headers)
    return Answer(status=status, reason=find_phrase(status), headers=dated, content=content)


def answer_refusal(refusal: Refusal, base: str, headers: Headers = REPOSITORY) -> Answer:
    """Answer with the error page; the message is also the reason phrase."""
    message = find_message(refusal)
    return Answer(
        status=refusal.status,
        reason=message,
        headers=(*headers, *ERROR),
        content=render_error(refusal.status, find_phrase(refusal.status), message, base),
    )


def answer_bare(refusal: Refusal, headers: Headers = REPOSITORY) -> Answer:
    """Answer an error without a page, as PUT, DELETE and the like get it."""
    return Answer(status=refusal.status, reason=find_message(refusal), headers=headers)


def answer_unauthorized(headers: Headers) -> Answer:
    """Ask for credentials; this is never the error page."""
    dated = (("Date", formatdate(usegmt=True)), *headers, *CHALLENGE)
    return Answer(status=401, reason=find_phrase(401), headers=dated)


def answer_not_browseable(name: str, kind: str, base: str) -> Answer:
    """Answer for a directory that is not an index."""
    return answer(200, (("Content-Type", "text/html"),), render_not_browseable(name, kind, base))


def answer_login() -> Answer:
    """Answer as a front server that wants a person to sign in."""
    content = render_login()
    return Answer(
        status=200, reason="OK", headers=(("Content-Type", "text/html"),), content=content
    )


def answer_rest(status: int) -> Answer:
    """Answer for the REST API, with nothing in it."""
    dated = (("Date", formatdate(usegmt=True)), *STANDARD)
    fault = () if status == HTTPStatus.OK else (("X-Siesta-FaultId", str(uuid.uuid4())),)
    return Answer(status=status, reason=find_phrase(status), headers=(*dated, *fault))
