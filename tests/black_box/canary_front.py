"""A closed server with two users before a double, which has one: a publisher, and who only reads.

It speaks HTTP on loopback. Nothing of the kit is imported: the double is a process of its own.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from black_box.tools import DOUBLE, TESTS

RELEASEKIT = str(Path(sys.executable).with_name("releasekit"))
SENT_ON = ("Accept", "Content-Type", "Range")
SENT_BACK = ("Content-Type", "Content-Range", "Accept-Ranges", "Content-Length")


@dataclass
class Front:
    """The server: who may upload, who may read, and what was asked by whom."""

    url: str
    publisher: tuple[str, str]
    reader: tuple[str, str]
    anonymous: bool = False
    """True where everybody reads."""
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path and user of each request that was let in."""


def basic(user: tuple[str, str]) -> str:
    """What a client sends for a user and a password (RFC 7617)."""
    return "Basic " + base64.b64encode(":".join(user).encode()).decode()


@contextlib.contextmanager
def run_double() -> Iterator[dict[str, str]]:
    """Run a double of a Nexus, and give the settings that it prints."""
    process = subprocess.Popen(
        DOUBLE,
        env={**os.environ, "PYTHONPATH": TESTS},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        try:
            assert process.stdout
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


@contextlib.contextmanager
def run_front(publisher: tuple[str, str], reader: tuple[str, str]) -> Iterator[Front]:
    """Run a double and the server before it."""
    with run_double() as double:
        server = _Server(("127.0.0.1", 0), _Handler)
        url = f"http://127.0.0.1:{server.server_address[1]}"
        server.front = Front(url=url, publisher=publisher, reader=reader)
        server.double = double
        server.context = ssl.create_default_context(cafile=double["RELEASEKIT_CA_BUNDLE"])
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.front
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


class _Server(ThreadingHTTPServer):
    front: Front
    double: dict[str, str]
    context: ssl.SSLContext


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        user = self._find_user()
        if user is None:
            self._send(401, {"WWW-Authenticate": 'Basic realm="canary"'}, b"")
        elif self.command == "POST" and user != self.server.front.publisher[0]:
            self._send(403, {}, b"")
        else:
            self.server.front.requests.append((self.command, self.path, user))
            self._forward(body)

    def _find_user(self) -> str | None:
        """Return who asks, "" for nobody where that is let in, None for who is not."""
        front, sent = self.server.front, self.headers.get("Authorization")
        for user in (front.publisher, front.reader):
            if sent == basic(user):
                return user[0]
        return "" if sent is None and front.anonymous and self.command != "POST" else None

    def _forward(self, body: bytes) -> None:
        double = self.server.double
        address = urlsplit(double["RELEASEKIT_URL"])
        user = (double["TWINE_USERNAME"], double["TWINE_PASSWORD"])
        headers = {name: self.headers[name] for name in SENT_ON if name in self.headers}
        connection = HTTPSConnection(
            str(address.hostname), address.port, context=self.server.context, timeout=60
        )
        with contextlib.closing(connection):
            connection.request(
                self.command, self.path, body or None, {**headers, "Authorization": basic(user)}
            )
            answer = connection.getresponse()
            content = answer.read()
            kept = {name: answer.headers[name] for name in SENT_BACK if name in answer.headers}
            self._send(answer.status, kept, content, answer.reason)

    def _send(
        self, status: int, headers: dict[str, str], body: bytes, reason: str | None = None
    ) -> None:
        self.send_response(status, reason)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Print nothing."""
