"""What an answer holds. This module imports nothing that takes long."""

from __future__ import annotations

import html
import http.client
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin

from releasekit.model.addresses import show_address

TEXT = 64 << 10
"""Bytes of the body of an error that are read: it tells why."""
PAGE = 64 << 20
"""Most bytes of a page of an index: a project with 100,000 files has 20 MB."""
NAMES = 256 << 20
"""Most bytes of the root page of an index, which has a line for every project of a proxy."""
DOCUMENT = 16 << 20
"""Most bytes of a JSON document."""

SHOWN = 500
"""Characters of a body that an error shows."""
LONGEST_ERROR = 16 << 10
"""Characters of an error page that are looked at; that of Nexus 3.30 has 1,900."""
LONGEST_DATE = 100
"""Characters; a date of HTTP has 29."""
LONGEST_NUMBER = 9
"""Digits of a Retry-After that is read: those are 31 years."""
HIDDEN = re.compile(r"(?is)<(head|title|script|style|svg)\b.*?</\1\s*>|<!--.*?-->")
TITLE = re.compile(r"(?is)<title[^>]*>(.*?)</title")
BODY = re.compile(r'(?is)<div class="(?:nexus-body|content-section)"[^>]*>(.*)')
"""Where an error page of Nexus, whose header names the product, begins to say what is wrong."""
TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An answer, whatever its status."""

    url: str
    """The address that answered, after redirects."""
    status: int
    reason: str
    """The reason phrase, in which Nexus says what is wrong."""
    headers: Mapping[str, str]
    """Their names may be spelled in any case."""
    body: bytes = field(repr=False)
    moment: datetime
    """By this machine's clock, in the middle of the exchange."""
    certificate_ends: datetime | None = None
    """None over http, and if the TLS library does not tell."""
    certificate: bytes = field(default=b"", repr=False)
    """The server's, in DER; empty over http, and if the TLS library does not tell."""

    @property
    def text(self) -> str:
        """Return the body as text: in the charset of its Content-Type, else in UTF-8."""
        _, _, charset = self.headers.get("Content-Type", "").lower().partition("charset=")
        try:
            return self.body.decode(charset.partition(";")[0].strip("\"' ") or "utf-8", "replace")
        except (LookupError, ValueError):  # no charset that Python knows, or one of host names
            return self.body.decode("utf-8", "replace")

    @property
    def location(self) -> str:
        """Return where it redirects to, without what may be secret; "" if it does not."""
        location = self.headers.get("Location")
        try:
            return show_address(urljoin(self.url, location)) if location else ""
        except ValueError:  # no address
            return ""

    @property
    def message(self) -> str:
        """Return what the server says beside the status: its reason phrase, else its body's text.

        Front servers that speak HTTP/2, or are written in Go, put the standard phrase in its place.
        """
        standard = http.client.responses.get(self.status, "")
        plain = ("", standard.lower(), str(self.status))
        reason = self.reason.strip()
        if self.status < 400 or reason.lower() not in plain:
            return reason
        text = self.body_text.removeprefix(f"{self.status} {standard}").strip()
        return reason if text.lower() in plain else text

    @property
    def summary(self) -> str:
        """Return the status and what the server says, in one line, for messages."""
        message, reason = self.message, self.reason.strip()
        if message == reason:
            return f"{self.status} {reason or 'without a reason'}"
        return f"{f'{self.status} {reason}'.rstrip()}: {message}"

    @property
    def body_text(self) -> str:
        """Return what the body says to people, in one line: of JSON its messages, of HTML the text.

        Nexus has five shapes of errors, and one of them is no JSON.
        """
        text = self.text.strip()
        if text.startswith("<"):
            return _find_text(text)[:SHOWN]
        try:
            found = self.parse_json()
        except ValueError:  # 3.30: quoted, with raw line breaks and quotes in it
            kind = self.headers.get("Content-Type", "")
            is_text = not kind or kind.startswith("text/") or "json" in kind
            return " ".join(text.strip('"').split())[:SHOWN] if is_text else ""
        entries = found if isinstance(found, list) else [found]
        return "; ".join(filter(None, map(_find_message, entries)))[:SHOWN]

    @property
    def wait(self) -> float | None:
        """Return the seconds after which the server takes another request (Retry-After)."""
        wanted = self.headers.get("Retry-After", "").strip()
        if wanted.isascii() and wanted.isdecimal() and len(wanted) <= LONGEST_NUMBER:
            return int(wanted)
        if date := parse_date(wanted):
            now = parse_date(self.headers.get("Date")) or self.moment
            return max(0.0, (date - now).total_seconds())
        return None

    def parse_json(self) -> Any:
        """Parse the body as JSON; raises ValueError."""
        try:
            return json.loads(self.body)
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error


def parse_date(text: str | None) -> datetime | None:
    """Parse a date of HTTP, None where there is none; one without a zone is in UTC (RFC 9110)."""
    try:
        date = parsedate_to_datetime((text or "")[:LONGEST_DATE])
    except (ValueError, TypeError, OverflowError):  # email.utils raises any of them
        return None
    return date if date.tzinfo else date.replace(tzinfo=timezone.utc)


def _find_text(page: str) -> str:
    """Return the text of an error page; its title if it has no other."""
    page = page[:LONGEST_ERROR]
    title = TITLE.search(page)
    visible = HIDDEN.sub(" ", page)
    while found := BODY.search(visible):
        visible = found[1]
    text = TAG.sub(" ", visible)
    return _unfold(text) or (_unfold(title[1]) if title else "")


def _unfold(text: str) -> str:
    return " ".join(html.unescape(text).split())


def _find_message(entry: object) -> str:
    """Return the message of one error in a JSON document."""
    if not isinstance(entry, Mapping):
        return "" if entry is None else str(entry)
    found = next(_find_messages(entry), "")
    # "PARAMETER name", "HelperBean.memberNames", "*"
    place = str(entry.get("id", "*")).removeprefix("PARAMETER ")
    return found if place == "*" or not found else f"{place}: {found}"


def _find_messages(entry: Mapping[str, Any]) -> Iterator[str]:
    """Yield the texts of the keys under which servers say what is wrong."""
    for key in ("message", "detail", "error_description", "title", "error"):
        if isinstance(entry.get(key), str) and entry[key]:
            yield entry[key].strip('"')
