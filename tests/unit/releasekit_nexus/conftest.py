"""The genuine archive, an https server that gives it or something else, and requests to Nexus."""

from __future__ import annotations

import os
import shutil
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme
from platformdirs import user_cache_path

from releasekit_nexus import Nexus
from releasekit_nexus.prepared import SIZE, fetch_archive

Ask = Callable[..., requests.Response]
Answer = Callable[[BaseHTTPRequestHandler], None]


class Mirror:
    """A server that answers every GET in the way it was told."""

    def __init__(self, ca_bundle: Path) -> None:
        self.requests: list[tuple[str, str | None]] = []
        self.answer: Answer = lambda request: request.send_error(404)
        self.ca_bundle = ca_bundle
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(ca_bundle))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.url = f"https://{self.host}/nexus.zip"

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.requests.append((self.path, self.headers["Authorization"]))
                mirror.answer(self)

            def log_message(self, format: str, *_: object) -> None:  # noqa: A002
                pass

        return Handler


def give_file(path: Path) -> Answer:
    """Answer with a whole file."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(path.stat().st_size))
        request.end_headers()
        with path.open("rb") as file:
            shutil.copyfileobj(file, request.wfile)

    return answer


def give_bytes(content: bytes, *, promised: int | None = None) -> Answer:
    """Answer with some bytes; a larger promise is a connection that breaks."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(promised or len(content)))
        request.end_headers()
        request.wfile.write(content)

    return answer


def give_no_end(request: BaseHTTPRequestHandler) -> None:
    """Answer with more than anybody wants."""
    request.send_response(200)
    request.end_headers()
    with suppress(OSError):
        for _ in range(SIZE // (1 << 20) + 100):
            request.wfile.write(bytes(1 << 20))


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> bool:
    """Wait until something holds, and tell whether it does."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    running = Mirror(tmp_path / "mirror-ca.pem")
    thread = threading.Thread(target=running.server.serve_forever, args=(0.05,))
    thread.start()
    yield running
    running.server.shutdown()
    thread.join()
    running.server.server_close()


@pytest.fixture(scope="session")
def archive() -> Path:
    """The genuine archive, downloaded once into the user's cache."""
    cache = user_cache_path("releasekit") / "nexus"
    cache.mkdir(parents=True, exist_ok=True)
    return fetch_archive(cache, environ=os.environ, progress=lambda *_: None)


@pytest.fixture
def ask(nexus: Nexus) -> Iterator[Ask]:
    """Ask as `publisher`, as `admin` or as nobody, unmoved by the machine's environment."""
    logins = {
        "publisher": (nexus.username, nexus.password),
        "admin": (nexus.admin_username, nexus.admin_password),
        "nobody": None,
    }
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(nexus.ca_bundle)

        def request(
            path: str, *, user: str = "publisher", method: str = "GET", **content: Any
        ) -> requests.Response:
            address, auth = f"{nexus.url}/{path}", logins[user]
            return session.request(method, address, auth=auth, timeout=30, **content)

        yield request
