"""A tiny index on plain HTTP for proxies: it answers what a test sets and keeps the requests."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What an upstream answers; `seconds` is how long it waits first."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0


MISSING = Reply(status=404)
MODIFIED = "Mon, 01 Jan 2024 00:00:00 GMT"
FAR = b"PK\x03\x04 from afar"


class Upstream:
    """Paths and what is answered there; `requests` lists method, path and headers."""

    def __init__(self) -> None:
        self.answers: dict[str, Reply] = {}
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.stopping = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def page(self, project: str, *links: str, **headers: str) -> None:
        """Answer with a project page of these links."""
        body = "".join(f"<a {link}</a>\n" for link in links).encode()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[f"/simple/{project}/"] = Reply(body=body, headers=sent)

    def fill(self) -> None:
        """Answer with one project of one file, all with validators."""
        validators = {"ETag": '"far"', "Last-Modified": MODIFIED}
        self.answers["/simple/"] = Reply(body=b'<a href="far/">far</a>', headers=validators)
        self.page("far", 'href="far-1.zip#sha256=00">far-1.zip', **validators)
        self.answers["/simple/far/far-1.zip"] = Reply(body=FAR, headers=validators)

    def paths(self) -> list[str]:
        """List the paths of the GET requests."""
        return [path for method, path, _ in self.requests if method == "GET"]

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                upstream.requests.append((self.command, self.path, dict(self.headers)))
                reply = upstream.answers.get(self.path, MISSING)
                upstream.stopping.wait(reply.seconds)
                self.send_response_only(reply.status)
                for name, value in {**reply.headers, "Content-Length": len(reply.body)}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(reply.body)

            do_HEAD = do_GET  # noqa: N815

            def log_message(self, format: str, *_: object) -> None:  # noqa: A002
                pass

        return Handler


@contextmanager
def run_upstream() -> Iterator[Upstream]:
    """Run an upstream until the block ends."""
    upstream = Upstream()
    upstream.server.daemon_threads = True
    thread = threading.Thread(target=upstream.server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield upstream
    finally:
        upstream.stopping.set()
        upstream.server.shutdown()
        thread.join()
        upstream.server.server_close()
