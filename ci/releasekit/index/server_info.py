"""What an answer tells beside its content: whose server it is, its clock, its certificate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from releasekit.http.answer import Answer

LONGEST_DATE = 100
"""Characters; a date of HTTP has 29."""
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


def read_server_info(answer: Answer) -> ServerInfo:
    """Read it off an answer."""
    # An answer that a proxy kept (Age: RFC 9111) tells the time of then.
    date = None if "Age" in answer.headers else parse_date(answer.headers.get("Date"))
    return ServerInfo(
        server=answer.headers.get("Server"),
        date=date,
        now=answer.moment,
        certificate_ends=answer.certificate_ends,
    )


def wants_license(answer: Answer) -> bool:
    """Tell whether a page says that the license agreement of a Community Edition is not accepted.

    Everything below /repository/ is answered so, to the administrator too (seen by others on 3.94).
    """
    return answer.status == 403 and AGREEMENT in answer.text[:10_000].lower()


def parse_date(text: str | None) -> datetime | None:
    """Parse a date of HTTP, None where there is none; one without a zone is in UTC (RFC 9110)."""
    try:
        date = parsedate_to_datetime((text or "")[:LONGEST_DATE])
    except (ValueError, TypeError, OverflowError):  # email.utils raises any of them
        return None
    return date if date.tzinfo else date.replace(tzinfo=timezone.utc)
