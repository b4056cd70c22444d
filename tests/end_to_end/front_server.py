"""A front server as nginx is by default: it passes answers on under a name of its own."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests

OWN = ("connection", "content-length", "date", "server", "transfer-encoding")
"""Headers that a front server makes itself (ngx_http_proxy_module, proxy_pass_header)."""


class _Handler(BaseHTTPRequestHandler):
    server: _Front
    protocol_version = "HTTP/1.1"
    """Connections last, as those of nginx do."""

    def version_string(self) -> str:
        return "nginx/1.22.1"

    def do_GET(self) -> None:
        front = self.server
        if not self.path.startswith(front.passes):
            self.send_error(404)
            return
        size = int(self.headers.get("Content-Length", 0))
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", *OWN)}
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(
                self.command,
                f"{front.target}{self.path}",
                data=self.rfile.read(size) or None,
                headers=headers,
                verify=front.ca_bundle,
                allow_redirects=False,
                timeout=60,
            )
        self.send_response(answer.status_code, answer.reason)
        for name, value in answer.headers.items():
            if name.lower() not in OWN and name.lower() not in front.hides:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Front(ThreadingHTTPServer):
    daemon_threads = True
    target: str
    ca_bundle: str
    passes: str
    hides: tuple[str, ...]


@contextmanager
def run_front(
    target: str,
    ca_bundle: Path | None,
    *,
    passes: str = "/",
    hides: tuple[str, ...] = (),
    context: ssl.SSLContext | None = None,
) -> Iterator[str]:
    """Run a front server on loopback, and give its address.

    It passes paths on that begin with `passes`, and leaves out the headers that it `hides`.
    """
    with _Front(("127.0.0.1", 0), _Handler) as front:
        front.target, front.ca_bundle = target, str(ca_bundle)
        front.passes, front.hides = passes, hides
        if context:
            front.socket = context.wrap_socket(front.socket, server_side=True)
        threading.Thread(target=front.serve_forever, daemon=True).start()
        scheme = "https" if context else "http"
        yield f"{scheme}://127.0.0.1:{front.server_port}"
        front.shutdown()
