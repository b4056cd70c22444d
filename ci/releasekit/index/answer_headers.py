"""What an answer tells beside its content: whose server it is, its clock, its certificate."""

from __future__ import annotations

import contextlib
import ssl
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from releasekit.nexus.documents import ServerVersion, parse_server_version

AGREEMENT = "license agreement"


@dataclass(frozen=True, kw_only=True, slots=True)
class Greeting:
    """What any answer tells beside its content."""

    version: ServerVersion | None = None
    """None where it is no Nexus, or a front server speaks for it."""
    date: datetime | None = None
    """By the server's clock."""
    now: datetime | None = None
    """By this machine's, in the middle of the same request."""
    certificate_ends: datetime | None = None
    """None where the address is http, or the TLS library does not tell."""


def read_greeting(answer: requests.Response) -> Greeting:
    """Read it off an answer whose body was not read yet: its connection is open still."""
    # An answer that a proxy kept (Age: RFC 9111) tells the time of then.
    date = None if "Age" in answer.headers else parse_date(answer.headers.get("Date"))
    return Greeting(
        version=parse_server_version(answer.headers.get("Server")),
        date=date,
        now=datetime.now(timezone.utc) - answer.elapsed / 2,
        certificate_ends=_read_end(answer.raw),
    )


def wants_license(answer: requests.Response) -> bool:
    """Tell whether a page says that the license agreement of a Community Edition is not accepted.

    Everything below /repository/ is answered so, to the administrator too (seen by others on 3.94).
    """
    with contextlib.suppress(requests.RequestException):  # a page that is cut off
        return answer.status_code == 403 and AGREEMENT in answer.text[:10_000].lower()
    return False


def _read_end(raw: Any) -> datetime | None:
    """Return when the server's certificate ends, None over http and where nobody tells."""
    peer = getattr(getattr(getattr(raw, "connection", None), "sock", None), "getpeercert", None)
    with contextlib.suppress(OSError, ValueError):  # the server has closed the connection
        if end := (peer() or {}).get("notAfter") if peer else None:
            return datetime.fromtimestamp(ssl.cert_time_to_seconds(end), timezone.utc)
    return None


def parse_date(text: str | None) -> datetime | None:
    """Parse a date of HTTP, None where there is none; one without a zone is in UTC (RFC 9110)."""
    try:
        date = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=timezone.utc)
