"""A reason phrase of our own in uvicorn's answers, which ASGI does not know."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

# A header that never leaves the process: the connection turns it into the reason phrase.
REASON_HEADER = b"x-sandbox-reason"


def encode_reason(message: str) -> bytes:
    """Encode a message so that it fits on the status line, whatever a client put into it."""
    return re.sub(rb"[\x00-\x08\x0a-\x1f\x7f]", b"?", message.encode("latin-1", "replace")).strip()


class ReasonConnection(h11.Connection):
    """A connection that takes the reason phrase from a header."""

    def send_with_data_passthrough(self, event: h11.Event) -> list[bytes] | None:
        """Send an event, a response with the reason that it carries."""
        moved = _move_reason(event) if isinstance(event, h11.Response) else event
        return super().send_with_data_passthrough(moved)


def _move_reason(response: h11.Response) -> h11.Response:
    headers = response.headers.raw_items()
    reasons = [value for name, value in headers if name == REASON_HEADER]
    return h11.Response(
        status_code=response.status_code,
        headers=[(name, value) for name, value in headers if name != REASON_HEADER],
        reason=reasons[0] if reasons else response.reason,
    )


class ReasonProtocol(H11Protocol):
    """uvicorn's protocol with such connections, and a way for the application to cut one."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, {**app_state, "cut": self.cut}, _loop)
        self.conn = ReasonConnection(h11.SERVER)

    def cut(self) -> None:
        """Cut the connection without another word."""
        self.transport.abort()
