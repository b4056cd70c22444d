"""What an answer holds. This module imports nothing that takes long."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
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
        except LookupError:  # no charset that Python knows
            return self.body.decode("utf-8", "replace")

    @property
    def location(self) -> str:
        """Return where it redirects to, without what may be secret; "" if it does not."""
        location = self.headers.get("Location")
        try:
            return show_address(urljoin(self.url, location)) if location else ""
        except ValueError:  # no address
            return ""

    def parse_json(self) -> Any:
        """Parse the body as JSON; raises ValueError."""
        return json.loads(self.body)
