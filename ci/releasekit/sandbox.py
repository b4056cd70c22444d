"""A small index on loopback: uploads, simple pages and files over TLS, and nothing else.

A release without `url` goes to one, and `releasekit sandbox` keeps one in the foreground. It is no
Nexus; where both do the same, its answers have the status and the words of a Nexus.
"""

import base64
import contextlib
import hashlib
import hmac
import html
import io
import re
import secrets
import shutil
import socket
import socketserver
import ssl
import tempfile
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.parser import HeaderParser
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, unquote

from packaging.utils import canonicalize_name

from releasekit.config.settings import SANDBOX_CA

USERNAME = "sandbox"
BLOCK = 256 * 1024  # bytes that are read or written at once: a file is never in memory as a whole
STOP_SECONDS = 5.0
FIELD_LIMIT = 64 * 1024  # bytes of a field of a form, and of a line of a chunked body


@dataclass(frozen=True, kw_only=True, slots=True)
class Sandbox:
    """A running sandbox, and what leads a release to it."""

    url: str
    hosted: str
    group: str
    snapshots: str | None
    ca_bundle: Path
    username: str = USERNAME
    password: str = field(repr=False)

    def environ(self) -> dict[str, str]:
        return {
            "RELEASEKIT_URL": self.url,
            "RELEASEKIT_HOSTED": self.hosted,
            "RELEASEKIT_GROUP": self.group,
            "RELEASEKIT_CA_BUNDLE": str(self.ca_bundle),
            "TWINE_USERNAME": self.username,
            "TWINE_PASSWORD": self.password,
            **({"RELEASEKIT_SNAPSHOTS": self.snapshots} if self.snapshots else {}),
        }

    def repository_url(self, name: str) -> str:
        """Return the address of a repository, with the slash at the end that Nexus demands."""
        return f"{self.url}/repository/{name}/"


@contextlib.contextmanager
def run_sandbox(
    directory: Path, *, hosted: str, group: str, snapshots: str | None = None, port: int = 0
) -> Iterator[Sandbox]:
    """Run a sandbox until the block ends; its files are in the directory, which the caller removes.

    The group shows what the hosted repository has; in `snapshots` files may be overwritten. All may
    read, also with the credentials of another server. Raises OSError if the port is taken.
    """
    import trustme  # takes long to import, and most commands run no sandbox

    released = _Repository(hosted, directory)
    served = {group: released, hosted: released}
    if snapshots:
        served[snapshots] = _Repository(snapshots, directory, allows_overwriting=True)
    # The CA's key stays in memory. The server's key is on disk while OpenSSL reads it.
    authority, ca_bundle = trustme.CA(), directory / "ca.pem"
    ca_bundle.write_bytes(SANDBOX_CA.encode() + authority.cert_pem.bytes())
    own = authority.issue_cert("127.0.0.1", "::1", "localhost").private_key_and_cert_chain_pem
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with own.tempfile(dir=str(directory)) as path:
        context.load_cert_chain(path)
    password = secrets.token_urlsafe(24)
    login = b"Basic " + base64.b64encode(f"{USERNAME}:{password}".encode())
    server = _Server(port, context, served, login)
    with server.running():
        yield Sandbox(
            url=f"https://127.0.0.1:{server.server_address[1]}",
            hosted=hosted,
            group=group,
            snapshots=snapshots,
            ca_bundle=ca_bundle,
            password=password,
        )


class _RefusedError(Exception):
    def __init__(self, status: int, reason: str = "") -> None:
        super().__init__(status, reason)
        self.status, self.reason = status, reason or HTTPStatus(status).phrase


class _CutError(OSError):
    """The client has gone in the middle of a request, or has fallen silent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _File:
    project: str
    version: str
    filename: str
    requires_python: str
    sha256: str
    content: Path

    @property
    def path(self) -> str:
        return f"packages/{self.project}/{self.version}/{self.filename}"


class _Repository:
    """A hosted repository; safe to use from several threads."""

    def __init__(self, name: str, directory: Path, *, allows_overwriting: bool = False) -> None:
        self.name = name
        self.directory = directory
        self._allows_overwriting = allows_overwriting
        self._files: dict[str, _File] = {}
        self._lock = threading.Lock()

    def add(self, file: _File) -> None:
        """Add a file; of two uploads of it that arrive at the same time, one is refused."""
        with self._lock:
            old = self._files.get(file.path)
            if old and not self._allows_overwriting:
                raise _RefusedError(400, f"Repository does not allow updating assets: {self.name}")
            self._files[file.path] = file
        if old:
            old.content.unlink()  # a download that has begun reads on

    def open(self, path: str, repository: str) -> tuple[IO[bytes], str]:
        """Open a file or a page, and return its type too; links lead to a repository by name."""
        with self._lock:
            if path in self._files:
                return self._files[path].content.open("rb"), "application/octet-stream"
            files = sorted(self._files.values(), key=lambda file: file.filename)
        if path == "simple/":
            title, links = "Simple index", ""
            for name in sorted({file.project for file in files}):
                links += f'<a href="{name}/">{name}</a><br>\n'
        else:
            found = re.fullmatch(r"simple/([A-Za-z0-9._-]+)/?", path)
            project = canonicalize_name(found[1]) if found else ""
            title, links = f"Links for {project}", ""
            for file in files:
                if file.project == project:
                    address = f"/repository/{repository}/{quote(file.path)}#sha256={file.sha256}"
                    requires = html.escape(file.requires_python)
                    attribute = f' data-requires-python="{requires}"' if requires else ""
                    links += f'<a href="{address}"{attribute}>{file.filename}</a><br>\n'
            if not links:
                raise _RefusedError(404)
        page = (
            f"<!DOCTYPE html>\n<html><head><title>{title}</title>"
            '<meta name="pypi:repository-version" content="1.0"></head>\n'
            f"<body>{links}</body></html>\n"
        )
        return io.BytesIO(page.encode()), "text/html; charset=utf-8"


class _Server(socketserver.ThreadingTCPServer):
    """A server with one thread per connection, none of which outlives it.

    All threads are daemons. The interpreter waits for other threads before it calls what was
    registered with `atexit`, and a sandbox may be stopped there.
    """

    allow_reuse_address, daemon_threads = True, True
    request_queue_size = 128  # many uploads begin at once

    def __init__(
        self, port: int, context: ssl.SSLContext, served: Mapping[str, _Repository], login: bytes
    ) -> None:
        self.served = served
        self.login = login
        self._context = context
        self._connections: dict[Any, threading.Thread] = {}
        self._is_stopping = False
        super().__init__(("127.0.0.1", port), _Handler)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        def accept() -> None:
            while not self._is_stopping:
                self.handle_request()

        thread = threading.Thread(target=accept, name="sandbox", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._is_stopping = True
            with contextlib.suppress(OSError):  # wakes the thread that waits for a connection
                socket.create_connection(self.socket.getsockname(), STOP_SECONDS).close()
            thread.join(STOP_SECONDS)
            self.server_close()
            connections = dict(self._connections)
            for connection in connections:
                with contextlib.suppress(OSError):  # wakes the thread that reads from it
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)
            for thread in connections.values():
                thread.join(STOP_SECONDS)

    def get_request(self) -> tuple[ssl.SSLSocket, Any]:
        connection, address = super().get_request()
        # The handshake is left to the thread of the connection, as a client may be slow.
        tls = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return tls, address

    def finish_request(self, request: Any, client_address: Any) -> None:
        self._connections[request] = threading.current_thread()
        # A handshake that fails, or a client that has gone, is nothing to tell.
        with contextlib.suppress(OSError):
            if not self._is_stopping:
                super().finish_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: the terminal is the command's."""


def _read_body(stream: io.BufferedIOBase, headers: Message) -> Iterator[bytes]:
    """Yield the body of a request, and read nothing beyond its end; raises _CutError."""
    try:
        if "Transfer-Encoding" not in headers:
            yield from _read_bytes(stream, int(headers.get("Content-Length", "0")))
            return
        while size := int(stream.readline(FIELD_LIMIT).partition(b";")[0], 16):  # RFC 9112, 7.1
            yield from _read_bytes(stream, size)
            stream.readline(FIELD_LIMIT)
        while stream.readline(FIELD_LIMIT).strip():
            pass
    except (OSError, ValueError) as error:
        raise _CutError from error


def _read_bytes(stream: io.BufferedIOBase, size: int) -> Iterator[bytes]:
    while size > 0:
        block = stream.read1(min(size, BLOCK))
        if not block:
            raise _CutError
        size -= len(block)
        yield block


class _Body:
    """The body of a request, read up to one delimiter after the other."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._text = b""

    def read_until(self, delimiter: bytes) -> Iterator[bytes]:
        """Yield what stands before a delimiter, which is read too."""
        while (end := self._text.find(delimiter)) < 0:
            kept = len(delimiter) - 1  # the beginning of the delimiter may be among these bytes
            ready, self._text = self._text[:-kept], self._text[-kept:]
            yield ready
            self._text += self._read_some()
        ready, self._text = self._text[:end], self._text[end + len(delimiter) :]
        yield ready

    def read_two(self) -> bytes:
        while len(self._text) < 2:
            self._text += self._read_some()
        found, self._text = self._text[:2], self._text[2:]
        return found

    def drain(self) -> None:
        """Read what is left: a client that is still sending would not see an answer."""
        deque(self._blocks, maxlen=0)

    def _read_some(self) -> bytes:
        block = next(self._blocks, b"")
        if not block:
            raise _RefusedError(400, "The form ends too early")
        return block


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "releasekit-sandbox", ""
    timeout = 60.0
    disable_nagle_algorithm = True
    server: _Server
    _body: _Body

    def log_message(self, *_: object) -> None:
        """Print nothing: the terminal is the command's."""

    def do_GET(self) -> None:
        """Answer a request; what is wrong with it, or fails here, is an answer too."""
        self._body = _Body(_read_body(self.rfile, self.headers))
        try:
            self._answer()
        except _CutError:
            self.close_connection = True
        except _RefusedError as refused:
            self._refuse(refused)
        except Exception as error:  # noqa: BLE001 - a full disk, say: others are served on
            self._refuse(_RefusedError(500, f"The sandbox failed: {error}"))

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET  # noqa: N815

    def _answer(self) -> None:
        target = re.fullmatch(r"/repository/([^/]+)/(.*)", unquote(self.path.partition("?")[0]))
        name, path = target.groups() if target else ("", "")
        repository = self.server.served.get(name)
        if repository is None:
            raise _RefusedError(404, "Repository not found")
        match self.command:
            case "GET" | "HEAD":
                content, media_type = repository.open(path, name)
                with content:
                    self._send(200, content, media_type)
            case "POST" if path or name != repository.name:
                raise _RefusedError(404)  # nor does the group of a Nexus take uploads
            case "POST" if not hmac.compare_digest(
                self.headers.get("Authorization", "").encode(), self.server.login
            ):
                raise _RefusedError(401)
            case "POST":
                _receive(self._body, self.headers, repository)
                self._send(200, io.BytesIO())
            case _:
                raise _RefusedError(405)

    def _refuse(self, refused: _RefusedError) -> None:
        """Send the reason in the status line, where clients look for it, and as a text."""
        text = f"{refused.status} {refused.reason}\n".encode()
        self._send(refused.status, io.BytesIO(text), reason=re.sub(r"[^ -~]", "?", refused.reason))

    def _send(
        self,
        status: int,
        content: IO[bytes],
        media_type: str = "text/plain; charset=utf-8",
        *,
        reason: str = "OK",
    ) -> None:
        self._body.drain()
        size = content.seek(0, io.SEEK_END)
        content.seek(0)
        self.send_response(status, reason)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="releasekit sandbox"')
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(size))
        self.send_header("Cache-Control", "no-cache")
        try:
            self.end_headers()
            if self.command != "HEAD":
                shutil.copyfileobj(content, self.wfile, BLOCK)
        except OSError as error:  # no other answer can follow
            raise _CutError from error


def _receive(body: _Body, headers: Message, repository: _Repository) -> None:
    """Add the file of an upload to a repository; nothing stays of one that is cut or refused."""
    boundary = headers.get_boundary()
    if headers.get_content_type() != "multipart/form-data" or not boundary:
        raise _RefusedError(400, "An upload is a form of the type multipart/form-data")
    with tempfile.NamedTemporaryFile(dir=repository.directory, delete=False) as target:
        try:
            file = _read_upload(_read_parts(body, boundary.encode()), target)
            target.flush()
            repository.add(file)
        except BaseException:
            Path(target.name).unlink()
            raise


def _read_parts(body: _Body, boundary: bytes) -> Iterator[tuple[Message, Iterator[bytes]]]:
    """Yield the parts of a form (RFC 7578), each with its content, which may be left unread."""
    delimiter = b"\r\n--" + boundary
    deque(body.read_until(delimiter[2:]), maxlen=0)
    while (end := body.read_two()) == b"\r\n":
        headers = _join(body.read_until(b"\r\n\r\n")).decode("utf-8", "replace")
        content = body.read_until(delimiter)
        yield HeaderParser().parsestr(headers), content
        deque(content, maxlen=0)
    if end != b"--":
        raise _RefusedError(400, "The form is malformed after a boundary")


def _read_upload(parts: Iterable[tuple[Message, Iterator[bytes]]], target: IO[bytes]) -> _File:
    """Read a form as twine sends it, and write its file to the target; refuse what is none."""
    fields: dict[str, str] = {}
    filename, digest = "", hashlib.sha256()
    for headers, content in parts:
        name = headers.get_param("name", header="Content-Disposition")
        if name == "content":
            if filename:
                raise _RefusedError(400, "The form has more than one file")
            filename = headers.get_filename("")
            for block in content:
                digest.update(block)
                target.write(block)
        elif name in (":action", "name", "version", "requires_python", "sha256_digest"):
            fields[str(name)] = _join(content).decode("utf-8", "replace")
    if fields.get(":action") != "file_upload":
        raise _RefusedError(400, "The form's :action is not file_upload")
    project, version = fields.get("name", ""), fields.get("version", "")
    for text in (project, version, filename):  # nothing else gets into a path or a page
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+!-]*", text):
            raise _RefusedError(
                400,
                f"The form has no name, version or file name, or one with odd characters: {text!r}",
            )
    sha256 = digest.hexdigest()
    expected = fields.get("sha256_digest", sha256)
    if expected.lower() != sha256:  # the file has changed on its way
        raise _RefusedError(400, f"Digests do not match, found: {sha256}, expected: {expected}")
    return _File(
        project=canonicalize_name(project),
        version=version,
        filename=filename,
        requires_python=fields.get("requires_python", ""),
        sha256=sha256,
        content=Path(target.name),
    )


def _join(blocks: Iterable[bytes]) -> bytes:
    text = b""
    for block in blocks:
        text += block
        if len(text) > FIELD_LIMIT:
            raise _RefusedError(400, f"A field of the form has more than {FIELD_LIMIT} bytes")
    return text
