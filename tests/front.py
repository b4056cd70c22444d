"""A front server before a sandbox or a Nexus: each test says how it spoils what passes through."""

from __future__ import annotations

import contextlib
import functools
import http.client
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import trustme

from nexus_double import Sandbox
from releasekit_nexus import Nexus

LOGIN = b"<html><head><title>Sign in</title></head><body><a href='/login'>Sign in</a></body></html>"
NOT_PASSED_ON = ("connection", "content-length", "host", "transfer-encoding")


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_wheel(self) -> bool:
        return self.path.endswith(".whl")

    @property
    def is_of_uv(self) -> bool:
        """Sent by the installer, not by releasekit itself."""
        return self.headers.get("user-agent", "").startswith("uv/")


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What goes back; a `length` that is not the body's is the Content-Length all the same."""

    status: int = 200
    reason: str = "OK"
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/html"),)
    body: bytes = b""
    length: int | None = None


Spoil = Callable[[Request, Callable[[], Reply]], Reply | None]
"""Gets a request, and what asks the server behind; no reply cuts the connection."""


def pass_on(_: Request, forward: Callable[[], Reply]) -> Reply:
    return forward()


class Front(ThreadingHTTPServer):
    """Passes everything on to the server behind, but for what `spoil` answers."""

    daemon_threads = True

    def __init__(self, sandbox: Sandbox | Nexus, ca_bundle: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(ca_bundle))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(self.context)
        self.behind = urlsplit(sandbox.url).netloc
        self.trust = ssl.create_default_context(cafile=str(sandbox.ca_bundle))
        self.url = f"https://127.0.0.1:{self.server_address[1]}"
        self.spoil: Spoil = pass_on
        self.requests: list[Request] = []
        self._environ = {
            **sandbox.environ(),
            "RELEASEKIT_URL": self.url,
            "RELEASEKIT_CA_BUNDLE": str(ca_bundle),
        }

    def environ(self) -> dict[str, str]:
        """The variables that lead a release here."""
        return self._environ

    def upload_url(self, repository: str = "pypi-hosted") -> str:
        return f"{self.url}/repository/{repository}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that breaks off is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Front

    def setup(self) -> None:
        # The handshake belongs to the thread of the connection.
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(method=self.command, path=self.path, headers=headers, body=body)
        self.server.requests.append(request)
        reply = self.server.spoil(request, functools.partial(self._forward, request))
        if reply is None:
            self.close_connection = True
            return
        self.send_response_only(reply.status, reply.reason)
        for name, value in reply.headers:
            self.send_header(name, value)
        length = len(reply.body) if reply.length is None else reply.length
        if reply.status != 204:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(reply.body)
        self.close_connection = length != len(reply.body)

    do_GET = do_POST = do_HEAD = _answer  # noqa: N815 - http.server's own spelling

    def _forward(self, request: Request) -> Reply:
        headers = {k: v for k, v in request.headers.items() if k not in NOT_PASSED_ON}
        connection = http.client.HTTPSConnection(
            self.server.behind, context=self.server.trust, timeout=60
        )
        with contextlib.closing(connection):
            connection.request(request.method, request.path, request.body or None, headers)
            found = connection.getresponse()
            kept = tuple(h for h in found.getheaders() if h[0].lower() not in NOT_PASSED_ON)
            return Reply(status=found.status, reason=found.reason, headers=kept, body=found.read())

    def log_message(self, *_: object) -> None:
        """Nothing: the terminal belongs to the tests."""


@contextlib.contextmanager
def run_front(sandbox: Sandbox | Nexus, ca_bundle: Path) -> Iterator[Front]:
    """Run a front server before a sandbox until the block ends."""
    with Front(sandbox, ca_bundle) as front:
        threading.Thread(target=front.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield front
        finally:
            front.shutdown()
