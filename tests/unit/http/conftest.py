"""Servers of a few lines, for answers that no library would send."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from releasekit.http.client import Client
from releasekit.network import open_network

Answer = Callable[[socket.socket], None]
"""Answers a request whose head was read; the connection is closed after it."""


@dataclass
class RawServer:
    """Answers each connection in turn, the last answer for ever."""

    answers: list[Answer]
    listener: socket.socket = field(
        default_factory=lambda: socket.create_server(("127.0.0.1", 0)), kw_only=True
    )
    stopped: threading.Event = field(default_factory=threading.Event, kw_only=True)
    heads: list[str] = field(default_factory=list, kw_only=True)

    @property
    def url(self) -> str:
        host, port = self.listener.getsockname()
        return f"http://{host}:{port}/page"

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:  # it was closed
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                if not (block := connection.recv(65536)):
                    return
                head += block
            self.heads.append(head.decode("latin-1"))
            answers = self.answers
            (answers.pop(0) if len(answers) > 1 else answers[0])(connection)

    def stop(self) -> None:
        self.stopped.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


Serve = Callable[..., RawServer]


@pytest.fixture
def serve_raw() -> Iterator[Serve]:
    """Run servers until the test ends."""
    servers: list[RawServer] = []

    def start(*answers: Answer) -> RawServer:
        server = RawServer(list(answers))
        servers.append(server)
        threading.Thread(target=server.serve, daemon=True).start()
        return server

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def client() -> Iterator[Client]:
    """A client that waits long enough on any machine."""
    with open_network(environ={}, timeout=30) as network:
        yield network.client


@pytest.fixture
def hasty_client() -> Iterator[Client]:
    """A client that waits for one second."""
    with open_network(environ={}, timeout=1) as network:
        yield network.client
