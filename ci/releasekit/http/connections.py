"""Connections with deadlines, kept for the next request, direct or through a proxy.

urllib3's timeouts count from one read to the next, so that a server that sends a byte now and then
keeps a client for ever. Here each read and write of an exchange is bounded by its deadline.
"""

import base64
import contextlib
import http.client
import importlib.util
import io
import ipaddress
import ssl
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util import parse_url

from releasekit.errors import access, failed
from releasekit.http.failures import ProxyRefusal, TooLarge, classify, fail
from releasekit.model.access import find_origin, is_loopback

SLOWEST = 32 << 10  # bytes per second: what is slower than that, timeout aside, is given up
KEPT = 24  # connections to one server, for the next request; more than threads that ask
ERRORS = (urllib3.exceptions.HTTPError, http.client.HTTPException)
HEAD = 1 << 20  # bytes before a body: the headers of the answer, and of answers before it (100)
MARGIN = 4 << 20  # bytes beside those of a body that are read: a block of it, and its last lines
LONGEST_LINE = 64 << 10  # as in http.client; urllib3 2.6 has no limit for the lines of chunks


def find_proxy(url: str, environ: Mapping[str, str]) -> str | None:
    """Return the address of the proxy for an address; None for a direct connection.

    As curl, pip and uv do: the lower-case variable first, HTTP_PROXY or HTTPS_PROXY before
    ALL_PROXY, and http where the proxy's address names no scheme. Loopback is never proxied.
    """
    if is_loopback(url) or _is_excluded(url, environ):
        return None
    proxies = {
        scheme: environ.get(f"{scheme}_proxy") or environ.get(f"{scheme.upper()}_PROXY")
        for scheme in ("http", "https", "all")
    }
    if sys.platform == "darwin" and not any(proxies.values()):
        from urllib.request import getproxies_macosx_sysconf

        proxies |= getproxies_macosx_sysconf()
    proxy = proxies.get(urlsplit(url).scheme) or proxies["all"]
    if not proxy:  # an empty variable is as good as none
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _is_excluded(url: str, environ: Mapping[str, str]) -> bool:
    """Tell whether NO_PROXY names the host: a domain, `*`, an address or a network (CIDR)."""
    _, host, port = find_origin(url)
    excluded = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    for name in filter(None, map(str.strip, excluded.lower().split(","))):
        domain = name.removesuffix(f":{port}").lstrip(".")
        if name == "*" or domain == host or host.endswith(f".{domain}"):
            return True
        with contextlib.suppress(ValueError):  # names, not addresses
            if ipaddress.ip_address(host) in ipaddress.ip_network(domain, strict=False):
                return True
    return False


class Limits:
    """What an exchange may take: it ends `seconds` after its last byte, or if it is too slow.

    Its first byte may take `patience` seconds. The answer has at most `most` bytes, as it is sent.
    """

    def __init__(self, seconds: float, most: int, patience: float = 0) -> None:
        self.most = most
        self._seconds, self._patience = seconds, patience
        self._end = time.monotonic() + seconds

    def find_timeout(self) -> float:
        """Return the seconds that the next read or write may take; raises TimeoutError."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline of the exchange is over")
        return min(left, self._seconds)

    def count(self, size: int) -> None:
        """Move the end, because so many bytes were sent or received."""
        self._end += size / SLOWEST

    def start_waiting(self) -> None:
        """Move the end, because the request is sent whole."""
        self._seconds = max(self._seconds, self._patience)
        self._end = max(self._end, time.monotonic() + self._patience)


class _Exchange(threading.local):
    """The exchange of this thread: urllib3 hands nothing on to a connection."""

    limits = Limits(0, 0)
    is_new = False  # True if a connection was made for it: one that was kept may be closed already
    at_proxy = False  # True while the proxy is spoken to, not the server


_exchange = _Exchange()


class _Reader(io.RawIOBase):
    """Reads from a socket until the deadline, and not more than an answer may have."""

    def __init__(self, raw: io.RawIOBase, connection: Any) -> None:
        self._raw, self._socket = raw, connection
        self.limits, self.left = _exchange.limits, HEAD

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._socket.settimeout(self.limits.find_timeout())
        size = self._raw.readinto(buffer) or 0
        self.limits.count(size)
        self.left -= size
        if self.left < 0:
            raise TooLarge
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Buffered(io.BufferedReader):
    """Reads no line without end."""

    is_over = False  # True if the last line was cut off, or was none

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(LONGEST_LINE + 1 if size is None or size < 0 else size)
        self.is_over = not line.endswith(b"\n")
        return line


class _Response(http.client.HTTPResponse):
    """An answer that is read until the deadline, its first line and its headers too."""

    def __init__(self, sock: Any, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self._reader = _Reader(self.fp.detach(), sock)
        self.fp = self._lines = _Buffered(self._reader)

    def begin(self) -> None:
        super().begin()
        if self._lines.is_over:  # http.client takes a cut for the end of the headers
            raise http.client.IncompleteRead(b"")
        self._reader.left = self._reader.limits.most + MARGIN


class Tunnelled(http.client.HTTPResponse):
    """A proxy's answer to CONNECT, with what it asks for; http.client keeps its status alone."""

    def _read_status(self) -> tuple[str, int, str]:
        version, status, reason = super()._read_status()  # type: ignore[misc]
        if status != 200:
            raise ProxyRefusal(status, reason, http.client.parse_headers(self.fp))
        return version, status, reason


class _TimedTunnelled(Tunnelled, _Response):
    """The same until the deadline."""


class _Timed(HTTPConnection):
    """A connection that obeys the deadline of the exchange it is used for."""

    response_class: Any

    def connect(self) -> None:
        _exchange.is_new, _exchange.at_proxy = True, bool(self.proxy)
        super().connect()

    def _tunnel(self) -> None:
        self.response_class = _TimedTunnelled
        super()._tunnel()
        _exchange.at_proxy = False

    def send(self, data: Any) -> None:
        if self.sock is not None:
            self.sock.settimeout(_exchange.limits.find_timeout())
        super().send(data)
        _exchange.limits.count(len(data))

    def getresponse(self) -> Any:
        _exchange.limits.start_waiting()
        self.response_class = _Response
        return super().getresponse()


class _TimedHTTPS(_Timed, HTTPSConnection):
    """The same with TLS."""


def _make_pools(plain: type[_Timed], secure: type[_TimedHTTPS]) -> dict[str, Any]:
    class Pool(HTTPConnectionPool):
        ConnectionCls = plain

    class PoolHTTPS(HTTPSConnectionPool):
        ConnectionCls = secure

    return {"http": Pool, "https": PoolHTTPS}


@contextlib.contextmanager
def open_exchange(
    manager: urllib3.PoolManager,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: Any,
    proxy: str | None,
    limits: Limits,
) -> Iterator[urllib3.BaseHTTPResponse]:
    """Send a request once, and provide the answer, whose body is not read yet.

    A body that was not read to its end ends the connection. Raises Failure, also of errors in the
    block.
    """
    _exchange.limits = limits
    while True:
        _exchange.is_new = False
        _exchange.at_proxy = bool(proxy) and url.startswith("http:") and not is_socks(proxy)
        try:
            answer = manager.urlopen(
                method,
                url,
                redirect=False,
                retries=False,
                body=body,
                headers=headers,
                timeout=limits.find_timeout(),
                preload_content=False,
            )
            break
        except (*ERRORS, OSError) as error:
            failure = classify(error, url, proxy, at_proxy=_exchange.at_proxy)
            # A server closes a connection that was kept whenever it likes (RFC 9112, 9.3.1):
            # what is safe to repeat goes over the next one, which is a new one at last.
            was_closed = failure.entry in (failed.UNREACHABLE, failed.PROXY_UNREACHABLE)
            if method != "GET" or _exchange.is_new or not was_closed:
                raise failure from error
    try:
        yield answer
    except ERRORS as error:
        raise classify(error, url, proxy) from error
    finally:
        if not answer.closed:  # its body was not read to the end
            answer.close()
        answer.release_conn()


def open_manager(url: str, proxy: str | None, context: ssl.SSLContext) -> urllib3.PoolManager:
    """Return what connects, through a proxy if there is one; raises Failure."""
    manager = urllib3.PoolManager(maxsize=KEPT, ssl_context=context)
    if proxy:
        try:
            parts = parse_url(proxy)
            if is_socks(proxy):
                return _open_socks(url, proxy, context)
            if not parts.host:
                raise urllib3.exceptions.LocationParseError(proxy)
            manager = urllib3.ProxyManager(
                parts._replace(auth=None).url,
                maxsize=KEPT,
                ssl_context=context,
                proxy_ssl_context=context,
                proxy_headers=make_login(parts.auth),
            )
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            reason = "this is no address of a proxy (http://HOST:PORT)"
            raise fail(access.INVALID_PROXY, url, reason, proxy) from error
    manager.pool_classes_by_scheme = _make_pools(_Timed, _TimedHTTPS)
    return manager


def _open_socks(url: str, proxy: str, context: ssl.SSLContext) -> urllib3.PoolManager:
    if importlib.util.find_spec("socks") is None:
        reason = "it is a SOCKS proxy, and PySocks is not installed"
        raise fail(access.PROXY_NEEDS_SOCKS, url, reason, proxy)
    from urllib3.contrib import socks

    class Timed(_Timed, socks.SOCKSConnection):
        def _new_conn(self) -> Any:
            _exchange.at_proxy = True
            connected = super()._new_conn()
            _exchange.at_proxy = False
            return connected

    class TimedHTTPS(Timed, _TimedHTTPS, socks.SOCKSHTTPSConnection):
        pass

    manager = socks.SOCKSProxyManager(proxy, maxsize=KEPT, ssl_context=context)
    manager.pool_classes_by_scheme = _make_pools(Timed, TimedHTTPS)
    return manager


def is_socks(proxy: str | None) -> bool:
    """Tell whether a proxy speaks SOCKS."""
    scheme = (proxy or "").partition("://")[0].lower()
    return scheme in ("socks4", "socks4a", "socks5", "socks5h")


def make_login(userinfo: str | None) -> dict[str, str]:
    """Return the header of a login at a proxy, of `USER:PASSWORD` as an address has it."""
    if not userinfo:
        return {}
    username, _, password = userinfo.partition(":")
    login = f"{unquote(username)}:{unquote(password)}"
    return {"Proxy-Authorization": make_basic(login)}


def make_basic(login: str) -> str:
    """Return the value of a Basic login, in UTF-8 (RFC 7617); other bytes stay as they are."""
    return f"Basic {base64.b64encode(login.encode('utf-8', 'surrogateescape')).decode()}"
