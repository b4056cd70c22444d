"""The HTTP client of a run: everything that the kit asks for goes through it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from urllib3 import BaseHTTPResponse

from releasekit.http.answer import DOCUMENT, PAGE, TEXT, Answer
from releasekit.http.connections import ERRORS, Connections, Deadline, find_proxy, make_basic
from releasekit.http.failures import PASSING, Failure, Kind, explain, refuse_login
from releasekit.model.addresses import may_have_login, show_address
from releasekit.model.credentials import NO_CREDENTIALS, Credentials
from releasekit.tls.trust import Trust

BLOCK = 1 << 20
UNANNOUNCED = 256 << 20
"""Bytes of a file whose size nobody announces; Nexus announces all (Content-Length)."""
START = 8
"""Bytes of a file that tell its kind."""
PAUSES = (0.0, 0.6, 1.2)
"""Seconds before each further attempt of what is safe to repeat."""
ATTEMPTS = len(PAUSES) + 1
FRAMING = 2
"""How often its size the chunks of a body may have; a body that is sent packed has less."""
BUSY = (500, 502, 503, 504)
TOO_MANY_REQUESTS = 429
SAID = 1
"""Seconds of a wait that is worth a line."""
REDIRECTS = (301, 302, 303, 307, 308)
MOST_REDIRECTS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Download:
    """A file that was downloaded."""

    answer: Answer
    sha256: str = ""
    """Empty for an answer other than 200, and for a body that is larger than the limit."""
    start: bytes = b""
    """How the file begins, by which its kind is known."""


class Client:
    """All connections of a run, and the rules for them; threads may share it.

    Reads are repeated after failures that may pass; they follow redirects, but not from https to
    http, and take no credentials to another server. What changes something is sent once, and
    follows no redirect.
    """

    def __init__(
        self,
        *,
        trust: Trust,
        environ: Mapping[str, str],
        timeout: float,
        on_wait: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.trust, self.timeout = trust, timeout
        self.on_wait = on_wait
        """Gets why a request waits, if the server asks for that; any thread may call it."""
        self._environ = environ
        self.connections = Connections(trust)
        self.sent, self.failed = 0, 0
        """Requests so far, and those that had no answer, or a status of 400 or above."""
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close all connections."""
        self.connections.close()

    def find_proxy(self, url: str) -> str | None:
        """Return the proxy for an address, its login included; None for a direct connection."""
        return find_proxy(url, self._environ)

    def get(
        self,
        url: str,
        *,
        credentials: Credentials = NO_CREDENTIALS,
        headers: Mapping[str, str] | None = None,
        limit: int = PAGE,
        leave_rest: bool = False,
        follows_elsewhere: bool = True,
        attempts: int = ATTEMPTS,
    ) -> Answer:
        """Read an address; more than `limit` bytes are a failure, or left unread.

        A redirect to another server is followed, or is the answer. Raises the errors of
        `failures.ENTRIES`.
        """

        def read() -> Download:
            with self._open(
                url, credentials, headers or {}, limit, follows_elsewhere=follows_elsewhere
            ) as (answer, response):
                if response.status >= 300:
                    body = _read_some(response, TEXT)
                elif leave_rest:
                    body = response.read(limit)
                else:
                    body = _read_all(response, answer.url, limit)
                return Download(answer=replace(answer, body=body))

        return self._repeat(read, attempts).answer

    def download(
        self,
        url: str,
        *,
        credentials: Credentials = NO_CREDENTIALS,
        path: Path | None = None,
        limit: int = UNANNOUNCED,
    ) -> Download:
        """Read a file as it is, into `path` if one is given, and hash it.

        Of more than `limit` bytes it has no hash. Raises the errors of `failures.ENTRIES`, and
        OSError of `path`.
        """

        def read() -> Download:
            headers = {"Cache-Control": "no-cache"}
            with self._open(url, credentials, headers, limit) as (answer, response):
                if response.status != 200:
                    return Download(answer=replace(answer, body=_read_some(response, TEXT)))
                sha256, start = _save(response, path, limit)
                return Download(answer=answer, sha256=sha256, start=start)

        return self._repeat(read, ATTEMPTS)

    def send(
        self,
        method: str,
        url: str,
        *,
        credentials: Credentials = NO_CREDENTIALS,
        headers: Mapping[str, str] | None = None,
        body: bytes | Iterable[bytes] | None = None,
        patience: float = 0,
    ) -> Answer:
        """Send what changes something, once; `patience` is for an answer that may come late.

        A body that breaks off, never ends or comes too slowly is cut: what was asked for is done
        by then. Raises the errors of `failures.ENTRIES`.
        """
        wanted = {**_authorize(credentials), **(headers or {})}
        try:
            with self._exchange(
                method, url, wanted, Deadline(self.timeout), DOCUMENT, body=body, patience=patience
            ) as (answer, response):
                return replace(answer, body=_read_some(response, DOCUMENT))
        except Failure as failure:
            raise explain(failure) from failure

    def _repeat(self, read: Callable[[], Download], attempts: int) -> Download:
        """Read until it succeeds, or no further attempt would help."""
        for pause in (*PAUSES[: attempts - 1], None):
            try:
                found = read()
            except Failure as failure:
                if pause is None or failure.kind not in PASSING:
                    raise explain(failure) from failure
            else:
                pause = None if pause is None else self._find_pause(found.answer, pause)
                if pause is None:
                    return found
            time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def find_wait(self, answer: Answer) -> float | None:
        """Return the seconds that a server asks to wait (429, 503), if not more than `timeout`.

        It may ask for hours (Retry-After).
        """
        wait = answer.wait if answer.status in (TOO_MANY_REQUESTS, 503) else None
        return wait if wait is not None and wait <= self.timeout else None

    def announce_wait(self, answer: Answer, seconds: float) -> None:
        """Say that a request waits because the server asks for that."""
        if seconds >= SAID:
            self.on_wait(
                f"{show_address(answer.url)} answered {answer.status}, and asks to wait "
                f"{seconds:.0f} s: waiting"
            )

    def _find_pause(self, answer: Answer, pause: float) -> float | None:
        """Return the seconds before another attempt; None if this answer is final."""
        if answer.status not in (*BUSY, TOO_MANY_REQUESTS):
            return None
        wait = self.find_wait(answer)
        if wait is None:
            return None if answer.status == TOO_MANY_REQUESTS else pause
        self.announce_wait(answer, wait)
        return max(wait, pause if answer.status in BUSY else 0)

    @contextlib.contextmanager
    def _open(
        self,
        url: str,
        credentials: Credentials,
        headers: Mapping[str, str],
        limit: int,
        *,
        follows_elsewhere: bool = True,
    ) -> Iterator[tuple[Answer, BaseHTTPResponse]]:
        """Provide the answer that redirects lead to; all of them share one deadline."""
        place, seen, deadline = url, {url}, Deadline(self.timeout)
        while True:
            wanted = {**headers, **(_authorize(credentials) if may_have_login(url, place) else {})}
            with self._exchange("GET", place, wanted, deadline, FRAMING * limit) as exchange:
                answer, response = exchange
                location = answer.headers.get("Location") or ""
                is_redirect = answer.status in REDIRECTS and location
                is_elsewhere = False
                with contextlib.suppress(ValueError):  # no address, which is refused below
                    is_elsewhere = not may_have_login(place, urljoin(place, location))
                if not is_redirect or (is_elsewhere and not follows_elsewhere):
                    yield exchange
                    return
                _read_some(response, TEXT)
            place = _follow(url, place, location, seen)

    @contextlib.contextmanager
    def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        deadline: Deadline,
        most: int,
        *,
        body: bytes | Iterable[bytes] | None = None,
        patience: float = 0,
    ) -> Iterator[tuple[Answer, BaseHTTPResponse]]:
        """Provide the answer to one request, and its body to read; raises Failure, also of that."""
        proxy = self.find_proxy(url)
        usual = {"User-Agent": "releasekit", "Accept": "*/*", "Accept-Encoding": "identity"}
        began = datetime.now(timezone.utc)
        with (
            self._count_request(),
            self.connections.exchange(
                method,
                url,
                headers={**usual, **headers},
                body=body,
                proxy=proxy,
                deadline=deadline,
                most=most,
                patience=patience,
            ) as response,
        ):
            moment = began + (datetime.now(timezone.utc) - began) / 2
            if response.status == 407:  # over http; over https CONNECT is refused
                said = f"407 {response.reason or ''}".rstrip()
                logins = response.headers.getlist("Proxy-Authenticate")
                raise refuse_login(url, proxy, said, logins)
            if response.status >= 400:
                self._count_failure()
            answer = Answer(
                url=url,
                status=response.status,
                reason=response.reason or "",
                headers=response.headers,
                body=b"",
                moment=moment,
                # Now, because the connection goes with the body.
                certificate_ends=_read_certificate_end(response),
                certificate=_read_certificate(response),
            )
            yield answer, response

    @contextlib.contextmanager
    def _count_request(self) -> Iterator[None]:
        with self._lock:
            self.sent += 1
        try:
            yield
        except Failure:
            self._count_failure()
            raise

    def _count_failure(self) -> None:
        with self._lock:
            self.failed += 1


def _authorize(credentials: Credentials) -> dict[str, str]:
    if not credentials.username:
        return {}
    return {"Authorization": make_basic(f"{credentials.username}:{credentials.password}")}


def _follow(url: str, place: str, location: str, seen: set[str]) -> str:
    """Return where a redirect leads to; raises Failure."""
    try:
        target = urljoin(place, location)
        parts, shown = urlsplit(target), show_address(target)
        scheme, _ = parts.scheme, parts.port  # which raises, too
    except ValueError as error:
        reason = "its Location is no address"
        raise Failure(kind=Kind.REDIRECT_ADDRESS, url=url, reason=reason) from error
    if scheme not in ("http", "https"):
        kind, reason = Kind.REDIRECT_ADDRESS, f"its Location is {shown}"
    elif scheme == "http" and urlsplit(place).scheme == "https":
        kind, reason = Kind.REDIRECT_TO_HTTP, f"its Location is {shown}"
    elif target in seen or len(seen) > MOST_REDIRECTS:
        kind, reason = Kind.REDIRECT_LOOP, f"after {len(seen)} redirect(s), Location is {shown}"
    else:
        seen.add(target)
        return target
    raise Failure(kind=kind, url=url, reason=reason)


def _read_all(response: BaseHTTPResponse, url: str, limit: int) -> bytes:
    """Read a body to its end, decoded; raises Failure if it is too large."""
    content = io.BytesIO()
    for block in response.stream(BLOCK, decode_content=True):
        content.write(block)
        if content.tell() > limit:
            reason = f"it has more than {limit >> 20} MiB"
            raise Failure(kind=Kind.TOO_LARGE, url=url, reason=reason)
    return content.getvalue()


def _read_some(response: BaseHTTPResponse, limit: int) -> bytes:
    """Read how a body begins; one that is cut off, endless or slow tells no less by then."""
    content = io.BytesIO()
    with contextlib.suppress(OSError, *ERRORS):  # TooLarge is one of them
        while content.tell() < limit:
            block = response.read1(min(TEXT, limit - content.tell()), decode_content=True)
            if not block:
                break
            content.write(block)
    return content.getvalue()


def _save(response: BaseHTTPResponse, path: Path | None, limit: int) -> tuple[str, bytes]:
    """Hash a body, and write it into a file if there is one; "" if it is larger than `limit`.

    It is taken as it is: servers call a .tar.gz "Content-Encoding: gzip" (pip does so too).
    """
    if not response.headers.get("Content-Length"):
        limit = min(limit, UNANNOUNCED)
    sha256, size, start = hashlib.sha256(), 0, b""
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(path.open("wb")) if path else None
        for block in response.stream(BLOCK, decode_content=False):
            start = start or block[:START]
            size += len(block)
            if size > limit:
                return "", start
            sha256.update(block)
            if file:
                file.write(block)
    return sha256.hexdigest(), start


def _read_certificate(response: Any) -> bytes:
    """Return the server's certificate in DER; b"" over http, and if nobody tells."""
    sock = getattr(getattr(response, "connection", None), "sock", None)
    peer = getattr(sock, "getpeercert", None)
    with contextlib.suppress(OSError, ValueError):  # the server has closed the connection
        return (peer(binary_form=True) or b"") if peer else b""
    return b""


def _read_certificate_end(response: Any) -> datetime | None:
    """Return when the server's certificate ends; None over http, and if nobody tells."""
    sock = getattr(getattr(response, "connection", None), "sock", None)
    peer = getattr(sock, "getpeercert", None)
    with contextlib.suppress(OSError, ValueError):  # the server has closed the connection
        if end := (peer() or {}).get("notAfter") if peer else None:
            return datetime.fromtimestamp(ssl.cert_time_to_seconds(end), timezone.utc)
    return None
