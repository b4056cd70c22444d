"""Requests and answers as they go over the wire, whole: status, reason, every header, body."""

from __future__ import annotations

import base64
import http.client
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

HOST = "nexus.example.com"
"""What requests name as their host, so that links in answers are the same on every server."""
DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """Who asks."""

    username: str
    password: str = field(repr=False)

    @property
    def header(self) -> dict[str, str]:
        """Give the header that carries it."""
        encoded = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        return {"Authorization": f"Basic {encoded}"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An answer as it came; names of headers in lower case, sorted."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    @property
    def line(self) -> str:
        """Give status and reason."""
        return f"{self.status} {self.reason}"

    def header(self, name: str) -> str:
        """Give the value of a header; KeyError when there is none."""
        return dict(self.headers)[name.lower()]

    @property
    def settled(self) -> Answer:
        """Give the answer with a placeholder for every well-formed date, and its length.

        A server that has not read the whole request closes the connection, or not, as it happens:
        then it says so, and leaves a length of nothing out.
        """
        kept = {name: value for name, value in self.headers if name != "connection"}
        if len(kept) < len(self.headers) and not self.body:
            kept.setdefault("content-length", "0")
        for name in ("date", "last-modified"):
            if DATE.fullmatch(kept.get(name, "")):
                kept[name] = "DATE"
        return replace(self, headers=tuple(sorted(kept.items())))


class Wire:
    """Connections to one server, one for each request."""

    def __init__(self, url: str, ca_bundle: Path) -> None:
        self.url = url
        self._host = urlsplit(url).netloc
        self._context = ssl.create_default_context(cafile=str(ca_bundle))

    def connect(self) -> http.client.HTTPSConnection:
        """Open a connection for requests that are no usual ones."""
        return http.client.HTTPSConnection(self._host, context=self._context, timeout=30)

    def ask(
        self,
        method: str,
        target: str,
        *,
        login: Login | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Send a request exactly as it is written here and read the whole answer."""
        connection = self.connect()
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            sent = {"Host": HOST, **(login.header if login else {}), **(headers or {})}
            if body is not None:
                sent.setdefault("Content-Length", str(len(body)))
            for name, value in sent.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            return read_answer(connection.getresponse())
        finally:
            connection.close()


def read_answer(response: http.client.HTTPResponse) -> Answer:
    """Read an answer to its end."""
    headers = sorted((name.lower(), value) for name, value in response.getheaders())
    assert len(dict(headers)) == len(headers), headers
    return Answer(
        status=response.status,
        reason=response.reason,
        headers=tuple(headers),
        body=response.read(),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One part of a form; a file name, even an empty one, makes it a file."""

    name: str
    content: bytes
    filename: str | None = None
    media_type: str | None = None


BOUNDARY = "contract-boundary"
FORM_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def render_form(parts: tuple[Part, ...]) -> bytes:
    """Render the body of a form."""
    return b"".join(map(_render_part, parts)) + f"--{BOUNDARY}--\r\n".encode()


def _render_part(part: Part) -> bytes:
    disposition = f'form-data; name="{part.name}"'
    if part.filename is not None:
        disposition += f'; filename="{part.filename}"'
    lines = [f"--{BOUNDARY}", f"Content-Disposition: {disposition}"]
    if part.media_type is not None:
        lines.append(f"Content-Type: {part.media_type}")
    return "\r\n".join([*lines, "", ""]).encode() + part.content + b"\r\n"
