"""A user's environment, tiny git repositories, and a server on loopback that answers as told."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from releasekit.http import answer as http_answer
from releasekit.model.access import Credentials
from releasekit.network import open_network
from support import ProjectDir

TLS_HANDSHAKE = b"\x16"
FOREIGN = ("RELEASEKIT_", "TWINE_", "GIT_", "XDG_")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The machine's environment, CA and pip variables included, with an empty HOME."""
    home = tmp_path / "home"
    home.mkdir()
    ours = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    who = {"AUTHOR": "Author", "COMMITTER": "Author"}
    return {
        **ours,
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{role}_NAME": name for role, name in who.items()},
        **{f"GIT_{role}_EMAIL": "author@example.com" for role in who},
        **{f"GIT_{role}_DATE": "2026-01-02T03:04:05Z" for role in who},
    }


@pytest.fixture
def make_repository(tmp_path: Path, environ: dict[str, str]) -> Callable[[str], ProjectDir]:
    """Make a git repository with one commit: a.txt and d/b.txt."""

    def make(name: str = "repository") -> ProjectDir:
        root = tmp_path.resolve() / name
        (root / "d").mkdir(parents=True)
        repository = ProjectDir(root=root, environ=environ)
        repository.git("init", "-q", "-b", "main")
        repository.write("a.txt", "a\n" * 20)
        repository.write("d/b.txt", "b\n")
        repository.commit_all("first")
        return repository

    return make


@pytest.fixture
def repository(make_repository: Callable[..., ProjectDir]) -> ProjectDir:
    return make_repository()


@pytest.fixture
def with_submodule(
    make_repository: Callable[..., ProjectDir], environ: dict[str, str]
) -> ProjectDir:
    """A repository with a submodule from a local path, which git allows only when told."""
    environ |= {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "protocol.file.allow",
        "GIT_CONFIG_VALUE_0": "always",
    }
    library, repository = make_repository("library"), make_repository("with-submodule")
    repository.git("submodule", "--quiet", "add", str(library.root), "lib")
    repository.commit_all("submodule")
    return repository


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a server says; a body that is cut ends before its Content-Length."""

    status: int = 200
    reason: str = "OK"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"hello"
    cut: bool = False


class Server(ThreadingHTTPServer):
    """Answers in turn, the last one for ever; also a proxy, where a client takes it for one."""

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.context = context
        self.speaks_both = False
        """True for a server that answers plain HTTP too, on the port of its HTTPS."""
        self.inner: ssl.SSLContext | None = None
        """What is behind the proxy, where this server is one."""
        self.answers = [Answer()]
        self.requests: list[str] = []
        self.authorizations: list[str | None] = []
        self.connections = 0

    @property
    def url(self) -> str:
        scheme = "https" if self.context else "http"
        return f"{scheme}://127.0.0.1:{self.server_port}"

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.connections += 1
        first = connection.recv(1, socket.MSG_PEEK) if self.speaks_both else TLS_HANDSHAKE
        if self.context and first == TLS_HANDSHAKE:
            connection = self._shake_hands(self.context, connection)
        return connection, address

    def _shake_hands(self, context: ssl.SSLContext, connection: socket.socket) -> ssl.SSLSocket:
        """Speak TLS; who is refused has time to read why, as with servers that linger."""
        shaken = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        try:
            shaken.do_handshake()
        except OSError:
            with shaken, suppress(OSError):
                shaken.settimeout(5)
                while socket.socket.recv(shaken, 1024):
                    pass
            raise
        return shaken

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that go away are part of the tests."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        if len(self.rfile.read(size)) < size:
            return  # the client went away
        self.server.requests.append(f"{self.command} {self.path}")
        self.server.authorizations.append(self.headers.get("Authorization"))
        answers = self.server.answers
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response_only(answer.status, answer.reason)
        length = len(answer.body) + (1 if answer.cut else 0)
        for name, value in {"Content-Length": str(length), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        self.close_connection = True

    do_POST = do_PUT = do_HEAD = do_GET  # noqa: N815 - http.server's own spelling

    def do_CONNECT(self) -> None:
        if self.server.inner is None:  # a proxy that does not connect
            self.do_GET()
            return
        self.server.requests.append(f"{self.command} {self.path}")
        self.send_response(200, "Connection established")
        self.end_headers()
        inner = self.server.inner.wrap_socket(self.connection, server_side=True)
        with inner, inner.makefile("rb") as self.rfile, inner.makefile("wb") as self.wfile:
            self.handle_one_request()

    def log_message(self, *args: object) -> None:
        """Keep quiet."""


@contextmanager
def run_server(context: ssl.SSLContext | None) -> Iterator[Server]:
    with Server(context) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def server_context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """The company's CA: no machine trusts it."""
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    """The company's CA as the file that a wiki page offers, with a comment that is not ASCII."""
    path = tmp_path / "corporate-ca.pem"
    text = authority.cert_pem.bytes().decode()
    path.write_text(f"# Größte Wurzel der Firma\n{text}", encoding="utf-8")
    return path


@pytest.fixture
def serve() -> Iterator[Callable[[ssl.SSLContext | None], Server]]:
    """Run servers until the test ends."""
    with ExitStack() as stack:
        yield lambda context: stack.enter_context(run_server(context))


@pytest.fixture
def server(authority: trustme.CA, serve: Callable[[ssl.SSLContext], Server]) -> Server:
    """A TLS server with a certificate of the company's CA."""
    return serve(server_context(authority, "127.0.0.1"))


BOB = Credentials(username="bob", password="hunter2", source="test")


def get(
    url: str,
    environ: dict[str, str] | None = None,
    ca: Path | str | None = None,
    client_cert: str | None = None,
) -> http_answer.Answer:
    """GET as the kit does; raises the kit's error."""
    with open_network(
        environ=environ or {},
        ca_bundle=str(ca) if ca else None,
        client_cert=client_cert,
        timeout=5,
    ) as network:
        return network.client.get(url, credentials=BOB)
