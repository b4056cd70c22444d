"""A request as a value: where it goes and who sends it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from starlette.datastructures import Headers
from starlette.types import Scope

from .values import Refusal

PREFIX = "/repository"
REST = "/service/rest/"
READING = ("GET", "HEAD")
DOTS = (".", "..")
SCHEMES = ("basic", "bearer")
UNREADABLE = ("", "")


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedRequest:
    """A request; `target` is the path as it was sent, percent-encoded, without the query."""

    method: str
    target: str
    base: str
    headers: Mapping[str, str]
    username: str | None
    password: str | None = field(repr=False)

    @property
    def reading(self) -> bool:
        """Whether this is a GET or a HEAD."""
        return self.method in READING

    def without(self, header: str) -> ParsedRequest:
        """Give the request without one header, whose name is in lower case."""
        kept = {name: value for name, value in self.headers.items() if name != header}
        return replace(self, headers=kept)

    @property
    def in_rest(self) -> bool:
        """Whether this is for the REST API."""
        return self.target.startswith(REST)

    @property
    def in_repositories(self) -> bool:
        """Whether this is for a repository at all."""
        return self.target.startswith(f"{PREFIX}/")


def parse_request(scope: Scope) -> ParsedRequest:
    """Read a request from an ASGI scope."""
    headers = Headers(scope=scope)
    username, password = parse_credentials(headers.get("authorization", ""))
    return ParsedRequest(
        method=scope["method"],
        target=scope["raw_path"].decode("latin-1"),
        base=_find_base(headers),
        headers=headers,
        username=username,
        password=password,
    )


def parse_credentials(header: str) -> tuple[str | None, str | None]:
    """Read credentials: empty ones are none, unreadable ones and tokens are wrong ones.

    Schemes of which the server knows nothing are none: measured on Nexus 3.30.0-01.
    """
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() not in SCHEMES:
        return None, None
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return UNREADABLE
    username, colon, password = text.partition(":")
    if text == ":":
        return None, None
    return (username, password) if colon else UNREADABLE


def _find_base(headers: Mapping[str, str]) -> str:
    """Find the address that the client used, also through a front server."""
    forwarded = headers.get("x-forwarded-host", "").partition(",")[0].strip()
    port = headers.get("x-forwarded-port")
    host = forwarded or headers.get("host", "localhost")
    return f"{headers.get('x-forwarded-proto', 'https')}://{host}{f':{port}' if port else ''}"


def parse_target(target: str) -> tuple[str, str]:
    """Split a target into repository name and the path in it, which begins with a slash.

    Slashes are collapsed, encoded ones too, and dots resolved, as long as they stay in the
    repository. Texts and their order: measured on Nexus 3.30.0-01.
    """
    rest = re.sub("/+", "/", unquote(target.removeprefix(PREFIX)))
    end = rest.find("/", 1)
    if end < 0:
        raise Refusal(400, "Repository path must have another '/' after initial '/'")
    name, path = rest[1:end], _resolve_dots(rest[end:])
    if name in DOTS or path is None:
        raise Refusal(400, "Repository path must not contain a relative token")
    return name, path


def _resolve_dots(path: str) -> str | None:
    """Resolve dot segments; None where they lead above the root."""
    kept: list[str] = []
    first, *parts = path.split("/")
    for part in parts:
        if part == ".." and not kept:
            return None
        if part == "..":
            kept.pop()
        elif part != ".":
            kept.append(part)
    if parts[-1] in DOTS:
        kept.append("")
    return "/".join([first, *kept])
