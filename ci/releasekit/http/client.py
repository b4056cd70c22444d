"""The HTTP client of a run: everything that the kit asks for goes through it."""

import contextlib
import hashlib
import io
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from urllib3 import BaseHTTPResponse, PoolManager

from releasekit.errors.failed import (
    ANSWER_TOO_LARGE,
    REDIRECT_LOOP,
    REDIRECT_TO_HTTP,
    REDIRECT_TO_NOWHERE,
)
from releasekit.http.answer import DOCUMENT, PAGE, TEXT, Answer
from releasekit.http.connections import (
    ERRORS,
    Limits,
    find_proxy,
    make_basic,
    open_exchange,
    open_manager,
)
from releasekit.http.failures import Failure, fail, refuse_login
from releasekit.model.access import NO_CREDENTIALS, Credentials, may_have_login, show_address
from releasekit.plural import plural
from releasekit.tls.trust import Trust

BLOCK = 1 << 20
UNANNOUNCED = 256 << 20  # bytes of a file whose size nobody announces; Nexus announces all
PAUSES = (0.0, 0.6, 1.2)  # seconds before each further attempt of what is safe to repeat
ATTEMPTS = len(PAUSES) + 1


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
        self.managers: dict[str | None, PoolManager] = {}
        """The connections by their proxy; None has those without one."""
        # Requests so far, and those that had no answer, or a status of 400 or above.
        self.sent, self.failed = 0, 0
        self._environ, self._on_wait = environ, on_wait
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close all connections."""
        for manager in self.managers.values():
            manager.clear()

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

        A redirect to another server is followed, or is the answer. Raises Failure.
        """

        def read() -> Answer:
            with self._open(
                url, credentials, headers or {}, limit, follows_elsewhere=follows_elsewhere
            ) as (answer, response):
                if response.status >= 300:
                    body = _read_some(response, TEXT)
                elif leave_rest:
                    body = response.read(limit)
                else:
                    body = _read_all(response, answer.url, limit)
                return replace(answer, body=body)

        return self._repeat(read, attempts)

    def download(
        self,
        url: str,
        *,
        credentials: Credentials = NO_CREDENTIALS,
        path: Path | None = None,
        limit: int = UNANNOUNCED,
    ) -> Answer:
        """Read a file as it is, into `path` if one is given, and hash it.

        Of more than `limit` bytes it has no hash. Raises Failure, and OSError of `path`.
        """

        def read() -> Answer:
            headers = {"Cache-Control": "no-cache"}
            with self._open(url, credentials, headers, limit) as (answer, response):
                if response.status != 200:
                    return replace(answer, body=_read_some(response, TEXT))
                sha256, start = _save(response, path, limit)
                return replace(answer, sha256=sha256, start=start)

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
        """Send what changes something, once; its answer may take `patience` seconds to begin.

        A body that breaks off, never ends or comes too slowly is cut: what was asked for is done
        by then. Raises Failure.
        """
        wanted = {**_authorize(credentials), **(headers or {})}
        limits = Limits(self.timeout, DOCUMENT, patience)
        with self._exchange(method, url, wanted, limits, body) as (answer, response):
            return replace(answer, body=_read_some(response, DOCUMENT))

    def _repeat(self, read: Callable[[], Answer], attempts: int) -> Answer:
        for pause in PAUSES[: attempts - 1]:
            try:
                answer = read()
                if (seconds := self._find_pause(answer, pause)) is None:
                    return answer
            except Failure as failure:
                if not failure.may_pass:
                    raise
                seconds = pause
            time.sleep(seconds)
        return read()

    def find_wait(self, answer: Answer) -> float | None:
        """Return the seconds that a server asks to wait (429, 503), if not more than `timeout`.

        It may ask for hours (Retry-After).
        """
        wait = answer.wait if answer.status in (429, 503) else None
        return wait if wait is not None and wait <= self.timeout else None

    def _find_pause(self, answer: Answer, pause: float) -> float | None:
        """Return the seconds before another attempt; None if this answer is final."""
        if answer.status not in (429, 500, 502, 503, 504):
            return None
        wait = self.find_wait(answer)
        if wait is not None and wait >= 1:
            self._on_wait(
                f"{show_address(answer.url)} answered {answer.status}, and asks to wait "
                f"{wait:.0f} s: waiting"
            )
        return wait if answer.status == 429 else max(wait or 0, pause)

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
        """Provide the answer that redirects lead to, within the same limits."""
        place, seen = url, {url}
        # The chunks of a body may have twice its size; a body that is sent packed has less.
        limits = Limits(self.timeout, 2 * limit)
        while True:
            wanted = {**headers, **(_authorize(credentials) if may_have_login(url, place) else {})}
            with self._exchange("GET", place, wanted, limits) as exchange:
                answer, response = exchange
                location = answer.headers.get("Location") or ""
                is_redirect = answer.status in (301, 302, 303, 307, 308) and location
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
        limits: Limits,
        body: bytes | Iterable[bytes] | None = None,
    ) -> Iterator[tuple[Answer, BaseHTTPResponse]]:
        """Provide the answer to one request, and its body to read; raises Failure, also of that."""
        proxy = self.find_proxy(url)
        usual = {"User-Agent": "releasekit", "Accept": "*/*", "Accept-Encoding": "identity"}
        self._count(sent=1)
        began = datetime.now(timezone.utc)
        try:
            with self._lock:
                if proxy not in self.managers:
                    self.managers[proxy] = open_manager(url, proxy, self.trust.context)
            with open_exchange(
                self.managers[proxy],
                method,
                url,
                headers={**usual, **headers},
                body=body,
                proxy=proxy,
                limits=limits,
            ) as response:
                moment = began + (datetime.now(timezone.utc) - began) / 2
                reason = response.reason or ""
                if response.status == 407:  # over http; over https CONNECT is refused
                    logins = response.headers.getlist("Proxy-Authenticate")
                    raise refuse_login(url, proxy, f"407 {reason}".rstrip(), logins)
                self._count(failed=response.status >= 400)
                # Now, because the connection goes with the body.
                certificate, certificate_ends = _read_certificate(response)
                answer = Answer(
                    url=url,
                    status=response.status,
                    reason=reason,
                    headers=response.headers,
                    body=b"",
                    moment=moment,
                    certificate_ends=certificate_ends,
                    certificate=certificate,
                )
                yield answer, response
        except Failure:
            self._count(failed=1)
            raise

    def _count(self, *, sent: int = 0, failed: int = 0) -> None:
        with self._lock:
            self.sent += sent
            self.failed += failed


def _authorize(credentials: Credentials) -> dict[str, str]:
    if not credentials.username:
        return {}
    return {"Authorization": make_basic(f"{credentials.username}:{credentials.password}")}


def _follow(url: str, place: str, location: str, seen: set[str]) -> str:
    try:
        target = urljoin(place, location)
        shown, _ = show_address(target), urlsplit(target).port  # which raises, too
    except ValueError as error:
        raise fail(REDIRECT_TO_NOWHERE, url, "its Location is no address") from error
    scheme = urlsplit(target).scheme
    if scheme not in ("http", "https"):
        raise fail(REDIRECT_TO_NOWHERE, url, f"its Location is {shown}")
    if scheme == "http" and urlsplit(place).scheme == "https":
        raise fail(REDIRECT_TO_HTTP, url, f"its Location is {shown}")
    if target in seen or len(seen) > 10:
        count = plural(len(seen), "redirect")
        raise fail(REDIRECT_LOOP, url, f"after {count}, Location is {shown}")
    seen.add(target)
    return target


def _read_all(response: BaseHTTPResponse, url: str, limit: int) -> bytes:
    content = io.BytesIO()
    for block in response.stream(BLOCK, decode_content=True):
        content.write(block)
        if content.tell() > limit:
            raise fail(ANSWER_TOO_LARGE, url, f"it has more than {limit >> 20} MiB")
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
    with (path or Path("/dev/null")).open("wb") as file:
        for block in response.stream(BLOCK, decode_content=False):
            start = start or block[:8]
            size += len(block)
            if size > limit:
                return "", start
            sha256.update(block)
            file.write(block)
    return sha256.hexdigest(), start


def _read_certificate(response: Any) -> tuple[bytes, datetime | None]:
    sock: Any = getattr(getattr(response, "connection", None), "sock", None)
    if not hasattr(sock, "getpeercert"):
        return b"", None  # over http
    with contextlib.suppress(OSError, ValueError):  # the server has closed the connection
        end = (sock.getpeercert() or {}).get("notAfter")
        ends = end and datetime.fromtimestamp(ssl.cert_time_to_seconds(end), timezone.utc)
        return sock.getpeercert(binary_form=True) or b"", ends
    return b"", None
