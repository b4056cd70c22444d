"""A TLS reverse proxy on loopback that knows the requests of a release, and answers one wrongly.

It stands between the command line and an index. Each request gets a name, by its method, path and
user agent and by what came before; a test chooses which of them goes wrong, and how.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import trustme

HOP_BY_HOP = ("connection", "content-length", "host", "transfer-encoding")
UNKNOWN = "unknown"
"""The name of a request that no release is known to send."""
PEEKED = 2000
"""Bytes of an upload that tell which file it is: its fields stand before the file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """The first line and the headers of a request; their names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]

    @property
    def length(self) -> int:
        return int(self.headers.get("content-length", "0"))

    @property
    def is_uv(self) -> bool:
        return self.headers.get("user-agent", "").startswith("uv/")


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An answer of the index."""

    status: int = 200
    reason: str = "OK"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A request that has come; `place` is where it came: the proxy, another host, plain http."""

    kind: str
    head: Head
    fault: str
    place: str

    def __str__(self) -> str:
        agent = "uv" if self.head.is_uv else "kit"
        return f"{self.kind} {self.fault or 'ok'}: {agent} {self.head.method} {self.head.path}"


class Gone(Exception):
    """The connection is not to be used again."""


class Exchange:
    """One request on a connection, and the ways to answer it."""

    def __init__(
        self, proxy: FaultProxy, connection: socket.socket, reader: Any, head: Head
    ) -> None:
        self.proxy, self.connection, self.reader, self.head = proxy, connection, reader, head
        self._body = b""

    def read(self, size: int) -> bytes:
        """Return the first bytes of the request's body, at most so many."""
        missing = min(size, self.head.length) - len(self._body)
        if missing > 0:
            self._body += self.reader.read(missing)
        return self._body

    def forward(self) -> Answer:
        """Pass the request on, and return the answer of the index."""
        return self.proxy.ask(self.head, self.read(self.head.length))

    def send(self, answer: Answer, length: str | None = None) -> None:
        """Send an answer; `length` is said in place of the true one, "" says none."""
        said = str(len(answer.body)) if length is None else length
        headers = [*answer.headers, *([("Content-Length", said)] if said else [])]
        lines = [f"HTTP/1.1 {answer.status} {answer.reason}"]
        lines += [f"{name}: {value}" for name, value in headers]
        body = b"" if self.head.method == "HEAD" else answer.body
        self.connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    def wait(self, seconds: float = 3600) -> bool:
        """Wait until the test ends, or so many seconds; tell whether it has ended."""
        return self.proxy.stopped.wait(seconds)

    def reset(self) -> None:
        """Close the connection so that the other side is told of a reset; raises Gone."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Gone


Fault = Callable[[Exchange], None]
"""Answers an exchange; raises Gone if its connection is not to be used again."""


class FaultProxy:
    """A proxy before the index at `upstream`, for one test."""

    def __init__(
        self,
        upstream: str,
        trusted: ssl.SSLContext,
        authority: trustme.CA,
        project: str,
        faults: Mapping[str, Fault],
    ) -> None:
        self._upstream, self._trusted, self._project = upstream, trusted, project
        self._faults = faults
        self.helps_build = False
        """True if the other package is a requirement of the build, and not of the release."""
        self.rules: dict[str, str] = {}
        """The fault of each kind of request that is to go wrong."""
        self.seen: list[Seen] = []
        self.posts: list[bool] = []
        """Whether each upload so far went through."""
        self.stopped = threading.Event()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "127.0.0.2").configure_cert(self._context)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._others = {
            "another host": socket.create_server(("127.0.0.2", 0)),
            "plain http": socket.create_server(("127.0.0.1", 0)),
        }
        self._accept(self._listener, "proxy")
        for place, listener in self._others.items():
            self._accept(listener, place)
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = f"https://{self.host}"

    def url_of(self, place: str) -> str:
        """Return the address of another place, which serves what the index serves."""
        scheme = "http" if place == "plain http" else "https"
        host, port = self._others[place].getsockname()
        return f"{scheme}://{host}:{port}"

    def refuse_connections(self) -> None:
        """Let nobody connect any more."""
        _stop(self._listener)

    def close(self) -> None:
        self.stopped.set()
        for listener in (self._listener, *self._others.values()):
            _stop(listener)

    def restart(self) -> None:
        """Let everybody connect again, with nothing that goes wrong, and forget what was seen."""
        if self._listener.fileno() < 0:
            address = urlsplit(self.url)
            assert address.port
            self._listener = socket.create_server(("127.0.0.1", address.port))
            self._accept(self._listener, "proxy")
        self.rules, self.seen, self.posts = {}, [], []

    def ask(self, head: Head, body: bytes) -> Answer:
        """Ask the index."""
        headers = {name: value for name, value in head.headers.items() if name not in HOP_BY_HOP}
        host = urlsplit(self._upstream).netloc
        connection = http.client.HTTPSConnection(host, context=self._trusted, timeout=60)
        with contextlib.closing(connection):
            connection.request(head.method, head.path, body or None, headers)
            answer = connection.getresponse()
            kept = tuple((n, v) for n, v in answer.getheaders() if n.lower() not in HOP_BY_HOP)
            content = answer.read()
            if head.method == "HEAD" and (length := answer.getheader("Content-Length")):
                kept += (("X-Length", length),)
        return Answer(status=answer.status, reason=answer.reason, headers=kept, body=content)

    def _accept(self, listener: socket.socket, place: str) -> None:
        def loop() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:  # it was closed
                    return
                thread = threading.Thread(target=self._serve, args=(connection, place), daemon=True)
                thread.start()

        threading.Thread(target=loop, daemon=True).start()

    def _serve(self, connection: socket.socket, place: str) -> None:
        with contextlib.suppress(OSError, ValueError, Gone, http.client.HTTPException):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if place != "plain http":
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as reader:
                for head in _read_heads(reader):
                    self._answer(Exchange(self, connection, reader, head), place)
        connection.close()

    def _answer(self, exchange: Exchange, place: str) -> None:
        head = exchange.head
        kind = self._classify(exchange) if place == "proxy" else place
        fault = self.rules.get(kind, "")
        if self._listener.fileno() < 0:
            fault = "refused"
        self.seen.append(Seen(kind=kind, head=head, fault=fault, place=place))
        if fault:
            if head.method == "POST":
                self.posts.append(False)
            self._faults[fault](exchange)
            return
        answer = exchange.forward()
        if head.method == "POST":
            self.posts.append(answer.status == 200)
        lengths = [value for name, value in answer.headers if name == "X-Length"]
        exchange.send(answer, lengths[0] if lengths else None)

    def _classify(self, exchange: Exchange) -> str:
        """Name a request; the wheel is uploaded before the sdist, and uv is known by its agent."""
        head = exchange.head
        repository, _, path = head.path.removeprefix("/repository/").partition("/")
        if head.path.startswith("/service/rest/"):
            return "settings" if "/pypi/hosted/" in head.path else UNKNOWN
        if head.method == "POST":
            return "wheel-upload" if b"bdist_wheel" in exchange.read(PEEKED) else "sdist-upload"
        if not head.path.startswith("/repository/"):
            return UNKNOWN
        if "range" in head.headers and path.startswith("simple/"):
            return "access"
        if path == "simple/":
            return self._classify_root(repository)
        if path.startswith("simple/"):
            return self._classify_page(head, repository, path.removeprefix("simple/").rstrip("/"))
        if path.startswith("packages/"):
            return self._classify_file(head, path.rpartition("/")[2])
        return UNKNOWN

    def _classify_root(self, repository: str) -> str:
        if "hosted" not in repository:
            return "group-root"
        pages = any(seen.kind not in ("access", "build-page", "build-file") for seen in self.seen)
        return "index-root" if pages else "access"

    def _classify_page(self, head: Head, repository: str, name: str) -> str:
        if name != self._project:
            if not self.helps_build:
                return "dependency-again" if self.posts else "dependency-page"
            return "build-page"
        if "hosted" in repository:
            if not self.posts:
                return "plan-page"
            return "page-after-upload" if self.posts[-1] else "page-after-failure"
        return "verify-page" if self.posts else "group-page"

    def _classify_file(self, head: Head, filename: str) -> str:
        if not filename.replace("_", "-").startswith(f"{self._project}-"):
            if not head.is_uv:
                return "dependency-file"
            return "build-file" if self.helps_build else "dependency-metadata"
        return "wheel-download" if filename.endswith(".whl") else "sdist-download"


def _stop(listener: socket.socket) -> None:
    """Close a listener; the thread that waits for connections would keep it open otherwise."""
    with contextlib.suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def _read_heads(reader: io.BufferedReader) -> Iterator[Head]:
    """Yield the requests on a connection; their bodies are read meanwhile."""
    while line := reader.readline(65536):
        method, path, _ = line.decode("latin-1").split(" ", 2)
        headers = {}
        while header := reader.readline(65536).strip():
            name, _, value = header.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        yield Head(method=method, path=path, headers=headers)
