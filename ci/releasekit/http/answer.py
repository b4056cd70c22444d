"""What an answer holds and means. This module imports nothing that takes long."""

import html
import http.client
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin

from releasekit.errors import ReleasekitError, access, failed
from releasekit.model.access import may_have_login, show_address

# Most bytes that are read of a body:
TEXT = 64 << 10  # of an error, which tells why
PAGE = 64 << 20  # of a page of an index: a project with 100,000 files has 20 MB
NAMES = 256 << 20  # of its root page, which has a line for every project of a proxy
DOCUMENT = 16 << 20  # of JSON
SHOWN = 500  # characters of a body that an error shows


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An answer, whatever its status."""

    url: str  # after redirects
    status: int
    reason: str  # the reason phrase, in which Nexus says what is wrong
    headers: Mapping[str, str]  # their names may be spelled in any case
    body: bytes = field(repr=False)
    moment: datetime  # by this machine's clock, in the middle of the exchange
    certificate_ends: datetime | None = None
    certificate: bytes = field(default=b"", repr=False)
    """The server's, in DER; empty over http, and if the TLS library does not tell."""
    sha256: str = ""
    """Of a file that was downloaded; empty for one that is larger than the limit."""
    start: bytes = b""  # the first bytes of that file, by which its kind is known

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
        if wanted.isascii() and wanted.isdecimal() and len(wanted) < 10:  # 9 digits are 31 years
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
        date = parsedate_to_datetime((text or "")[:100])  # they have 29 characters
    except (ValueError, TypeError, OverflowError):  # email.utils raises any of them
        return None
    return date if date.tzinfo else date.replace(tzinfo=timezone.utc)


def explain_refusal(answer: Answer, url: str) -> ReleasekitError | None:
    """Return what an answer to a request for `url` is; None if that depends on what it was for.

    It is a limit, a license, a server that fails, or a login that a redirect lost. 407 never comes
    here: it is the proxy's.
    """
    if answer.status == 429:
        wait = answer.wait
        limit = "does not say for how long" if wait is None else f"asks to wait {wait:.0f} s"
        return ReleasekitError(failed.TOO_MANY_REQUESTS, url=url, answer=answer.summary, wait=limit)
    if answer.status == 402:
        return ReleasekitError(access.LICENSE_LIMIT, url=url, answer=answer.summary)
    if answer.status >= 500:
        return ReleasekitError(failed.SERVER_FAILS, url=url, answer=answer.summary)
    if answer.status in (401, 403) and not may_have_login(url, answer.url):
        place = show_address(answer.url)
        return ReleasekitError(access.REDIRECTED_LOGIN, url=url, place=place, answer=answer.summary)
    return None


def _find_text(page: str) -> str:
    page = page[: 16 << 10]  # that of Nexus 3.30 has 1,900 characters
    title = re.search(r"(?is)<title[^>]*>(.*?)</title", page)
    visible = re.sub(r"(?is)<(head|title|script|style|svg)\b.*?</\1\s*>|<!--.*?-->", " ", page)
    # The header of Nexus names the product: what is wrong stands in one of these.
    body = r'(?is)<div class="(?:nexus-body|content-section)"[^>]*>(.*)'
    while found := re.search(body, visible):
        visible = found[1]
    texts = re.sub("<[^<>]*>", " ", visible), title[1] if title else ""
    return next(filter(None, (" ".join(html.unescape(text).split()) for text in texts)), "")


def _find_message(entry: object) -> str:
    if not isinstance(entry, Mapping):
        return "" if entry is None else str(entry)
    keys = ("message", "detail", "error_description", "title", "error")
    texts = (entry[key] for key in keys if isinstance(entry.get(key), str) and entry[key])
    found = next(texts, "").strip('"')
    # "PARAMETER name", "HelperBean.memberNames", "*"
    place = str(entry.get("id", "*")).removeprefix("PARAMETER ")
    return found if place == "*" or not found else f"{place}: {found}"
