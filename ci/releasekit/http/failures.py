"""Why an exchange failed: one kind for each cause, and a table of what is said of it.

The kinds are told from each other by the errors of urllib3, OpenSSL and the system.
"""

from __future__ import annotations

import contextlib
import email.message
import http.client
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from urllib.parse import urlsplit

import urllib3.exceptions as errors

from releasekit.errors import ReleasekitError
from releasekit.errors.access import (
    CERTIFICATE_EXPIRED,
    CERTIFICATE_NOT_YET_VALID,
    CERTIFICATE_OF_ANOTHER_NAME,
    CLIENT_CERTIFICATE_REFUSED,
    INVALID_PROXY,
    PROXY_NEEDS_LOGIN,
    PROXY_NEEDS_SOCKS,
    UNTRUSTED_CERTIFICATE,
)
from releasekit.errors.failed import (
    ANSWER_CUT_OFF,
    ANSWER_TOO_LARGE,
    INVALID_ADDRESS,
    PROXY_REFUSED,
    PROXY_UNREACHABLE,
    REDIRECT_LOOP,
    REDIRECT_TO_HTTP,
    REDIRECT_TO_NOWHERE,
    TOO_SLOW,
    UNREACHABLE,
    UNREADABLE_ANSWER,
)
from releasekit.errors.limits import find_causes
from releasekit.model.addresses import show_address


class Kind(Enum):
    """What went wrong. PROXY_...: on the way to the proxy, or there."""

    REFUSED = auto()
    ADDRESS = auto()
    """No address, as a link of a page or a setting may be."""
    UNKNOWN_NAME = auto()
    CLOSED = auto()
    """Closed or reset, before the answer or in the middle of it; no route; no network."""
    NO_CONNECTION = auto()
    """No connection within the timeout."""
    TIMEOUT = auto()
    PROXY_UNREACHABLE = auto()
    PROXY_LOGIN = auto()
    PROXY_ADDRESS = auto()
    PROXY_TLS = auto()
    """A proxy whose address is https, and with which there is no TLS connection."""
    PROXY_FORBIDS = auto()
    """The proxy answered that it does not take such requests, or not to this server."""
    PROXY_NEEDS_SOCKS = auto()
    PROXY_ANSWER = auto()
    """The proxy answered that it cannot connect to the server now."""
    UNTRUSTED = auto()
    NOT_YET_VALID = auto()
    EXPIRED = auto()
    WRONG_NAME = auto()
    CLIENT_CERTIFICATE = auto()
    HANDSHAKE = auto()
    REDIRECT_LOOP = auto()
    REDIRECT_TO_HTTP = auto()
    REDIRECT_ADDRESS = auto()
    CUT_OFF = auto()
    TOO_LARGE = auto()
    WRONG_LENGTH = auto()
    UNREADABLE = auto()
    """What answered is no HTTP, or has headers or an encoding that cannot be read."""


@dataclass(kw_only=True, eq=False)
class Failure(Exception):
    """An exchange that failed; `str(explain(failure))` says what, where, why and the fix."""

    kind: Kind
    url: str
    reason: str
    proxy: str | None = field(default=None, repr=False)
    """With its login, if it has one."""


class ProxyRefusal(OSError):
    """A proxy's answer to CONNECT other than 200."""

    def __init__(self, status: int, reason: str, headers: email.message.Message) -> None:
        self.status = status
        self.said = f"{status} {reason.strip()}".rstrip()
        if location := headers.get("Location"):
            with contextlib.suppress(ValueError):  # no address
                self.said += f", to {show_address(location)}"
        super().__init__(f"Tunnel connection failed: {self.said}")
        self.logins = tuple(headers.get_all("Proxy-Authenticate", ()))


class TooLarge(http.client.HTTPException):
    """An answer has more bytes than it may have, its headers or what frames its body included."""


PASSING = {
    *(Kind.REFUSED, Kind.UNKNOWN_NAME, Kind.CLOSED, Kind.TIMEOUT, Kind.HANDSHAKE),
    *(Kind.NO_CONNECTION, Kind.PROXY_UNREACHABLE, Kind.PROXY_ANSWER, Kind.CUT_OFF),
    Kind.UNREADABLE,
}
"""Another attempt can end otherwise."""
STALE = (Kind.CLOSED, Kind.HANDSHAKE, Kind.PROXY_UNREACHABLE)
"""How it shows that a connection that was kept had been closed meanwhile."""
BUSY = (408, 425, 429)
"""Refusals of a proxy that another attempt can get past; those of 500 and above can be, too."""

SHOW_CLIENT_CERT = (
    "set client-cert (or RELEASEKIT_CLIENT_CERT) to a PEM file of the certificate and key"
)

ENTRIES = {
    Kind.REFUSED: UNREACHABLE,
    Kind.ADDRESS: INVALID_ADDRESS,
    Kind.UNKNOWN_NAME: UNREACHABLE,
    Kind.CLOSED: UNREACHABLE,
    Kind.NO_CONNECTION: UNREACHABLE,
    Kind.TIMEOUT: TOO_SLOW,
    Kind.HANDSHAKE: UNREACHABLE,
    Kind.PROXY_UNREACHABLE: PROXY_UNREACHABLE,
    Kind.PROXY_ANSWER: PROXY_REFUSED,
    Kind.PROXY_LOGIN: PROXY_NEEDS_LOGIN,
    Kind.PROXY_ADDRESS: INVALID_PROXY,
    Kind.PROXY_TLS: INVALID_PROXY,
    Kind.PROXY_FORBIDS: INVALID_PROXY,
    Kind.PROXY_NEEDS_SOCKS: PROXY_NEEDS_SOCKS,
    Kind.UNTRUSTED: UNTRUSTED_CERTIFICATE,
    Kind.NOT_YET_VALID: CERTIFICATE_NOT_YET_VALID,
    Kind.EXPIRED: CERTIFICATE_EXPIRED,
    Kind.WRONG_NAME: CERTIFICATE_OF_ANOTHER_NAME,
    Kind.CLIENT_CERTIFICATE: CLIENT_CERTIFICATE_REFUSED,
    Kind.REDIRECT_LOOP: REDIRECT_LOOP,
    Kind.REDIRECT_TO_HTTP: REDIRECT_TO_HTTP,
    Kind.REDIRECT_ADDRESS: REDIRECT_TO_NOWHERE,
    Kind.CUT_OFF: ANSWER_CUT_OFF,
    Kind.TOO_LARGE: ANSWER_TOO_LARGE,
    Kind.WRONG_LENGTH: UNREADABLE_ANSWER,
    Kind.UNREADABLE: UNREADABLE_ANSWER,
}
"""The entry of the catalogue that a kind of failure is."""

CERTIFICATE_KINDS = {
    9: Kind.NOT_YET_VALID,
    10: Kind.EXPIRED,
    62: Kind.WRONG_NAME,
    64: Kind.WRONG_NAME,
}
"""By OpenSSL's codes: not yet valid, expired, issued for another name or address (x509_vfy.h)."""
CLIENT_REFUSALS = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": ("it asks for a client certificate", SHOW_CLIENT_CERT),
    "SSLV3_ALERT_HANDSHAKE_FAILURE": (
        "it ended the handshake, as servers do that ask for a client certificate",
        SHOW_CLIENT_CERT,
    ),
    "TLSV1_ALERT_UNKNOWN_CA": (
        "it does not know the CA that issued the client certificate",
        "use a client certificate of the CA that this server asks for",
    ),
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": (
        "it says that the client certificate has expired",
        "renew the client certificate; if it is valid still, compare the clocks",
    ),
    "SSLV3_ALERT_BAD_CERTIFICATE": (
        "it refuses the client certificate",
        "ask its administrator which client certificates it accepts",
    ),
}
"""By OpenSSL's names of the TLS alerts that a server sends (RFC 8446, section 6.2)."""
SPEAKS_NO_TLS = "what answers there speaks no TLS"
NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE")
LOGIN_FIX = (
    "write the login into the variable: HTTPS_PROXY={scheme}://USER:PASSWORD@HOST:PORT\n"
    "(percent-encode special characters)"
)
RELAY_FIX = "run a relay on this machine that logs in there, and name it in HTTPS_PROXY"
ONLY_BASIC = "releasekit, pip and uv log in with Basic alone"
SHOWN = 200
"""Characters of what a proxy asks for."""


def explain(failure: Failure) -> ReleasekitError:
    """Return the error that a failed exchange is."""
    where, proxy = failure.url, failure.proxy and show_proxy(failure.proxy)
    if proxy and failure.kind.name.startswith("PROXY_"):
        where = f"{proxy}, on the way to {failure.url}"
    elif proxy:
        where = f"{failure.url}, through the proxy {proxy}"
    fix = next((fix for why, fix in CLIENT_REFUSALS.values() if why == failure.reason), "")
    if failure.kind is Kind.PROXY_LOGIN:
        scheme = (failure.proxy or "http").partition("://")[0]
        only_basic = ONLY_BASIC in failure.reason
        fix = RELAY_FIX if only_basic else LOGIN_FIX.format(scheme=scheme)
    entry, host = ENTRIES[failure.kind], urlsplit(failure.url).hostname or ""
    return ReleasekitError(
        entry, url=where, reason=failure.reason, host=host, fix=fix or SHOW_CLIENT_CERT
    )


def show_proxy(proxy: str) -> str:
    """Return a proxy's address without its login.

    One that is not percent-encoded may have `/`, `?`, `#` or `@` in it: the host is after the last.
    """
    scheme, _, rest = proxy.partition("://")
    shown = f"{scheme}://{rest.rpartition('@')[2]}"
    with contextlib.suppress(ValueError):  # no address, as in "http://["
        shown = show_address(shown)
    return shown.rstrip("/")


def refuse_login(url: str, proxy: str | None, said: str, logins: Sequence[str]) -> Failure:
    """Return the failure that a 407 is, with the logins that it offers (Proxy-Authenticate)."""
    offered = ", ".join(logins)[:SHOWN]
    named = f"{said}: {offered}" if offered else said
    has_login = "@" in (proxy or "")
    wants = "it does not accept the login in its address" if has_login else "it asks for a login"
    reason = f"{wants} ({named})"
    if offered and "basic" not in offered.lower():
        reason += f"; {ONLY_BASIC}"
    if not proxy:
        reason = f"what answers is a proxy, and {reason}"
    return Failure(kind=Kind.PROXY_LOGIN, url=url, reason=reason, proxy=proxy)


def classify(
    error: Exception, url: str, proxy: str | None = None, *, at_proxy: bool = False
) -> Failure:
    """Tell what an error means; `proxy` is the one on the way, if there is one.

    `at_proxy` tells that it was the proxy that was spoken to.
    """
    if isinstance(error, Failure):
        return error
    causes = list(find_causes(error, "reason", "original_error", with_context=True))
    for cause in causes:
        if isinstance(cause, ProxyRefusal):
            return _classify_refusal(cause, url, proxy)
        if type(cause).__name__ in SOCKS_KINDS:
            return _classify_socks(cause, url, proxy)
        if found := _classify_cause(cause, url, proxy if at_proxy else None):
            kind, reason = _blame_proxy(*found, url) if at_proxy else found
            return Failure(kind=kind, url=url, reason=reason, proxy=proxy)
    reason = "the connection was closed before an answer came"
    kind = Kind.PROXY_UNREACHABLE if at_proxy else Kind.CLOSED
    return Failure(kind=kind, url=url, reason=reason, proxy=proxy)


def _blame_proxy(kind: Kind, reason: str, url: str) -> tuple[Kind, str]:
    """Return what a failure is that was met while the proxy was spoken to."""
    if kind in (Kind.UNTRUSTED, Kind.NOT_YET_VALID, Kind.EXPIRED, Kind.WRONG_NAME):
        named = "(ca-bundle, or RELEASEKIT_CA_BUNDLE, names a private CA)"
        return Kind.PROXY_TLS, f"its certificate is not trusted: {reason} {named}"
    if reason == SPEAKS_NO_TLS:
        return Kind.PROXY_TLS, f"{reason}: perhaps its address begins with http://, not https://"
    if kind in (Kind.REFUSED, Kind.UNKNOWN_NAME, Kind.CLOSED, Kind.NO_CONNECTION, Kind.HANDSHAKE):
        return Kind.PROXY_UNREACHABLE, reason
    if url.startswith("http:"):  # it passes on what the server sends
        return kind, reason
    at_connect = {Kind.TIMEOUT: Kind.PROXY_UNREACHABLE}
    at_connect |= dict.fromkeys((Kind.UNREADABLE, Kind.TOO_LARGE), Kind.PROXY_ANSWER)
    return at_connect.get(kind, kind), reason


SOCKS_KINDS = {
    "SOCKS5AuthError": Kind.PROXY_LOGIN,
    "SOCKS5Error": Kind.PROXY_ANSWER,
    "SOCKS4Error": Kind.PROXY_ANSWER,
}
"""By the names of PySocks' errors; the library need not be installed."""
SOCKS_RULES = "0x02"
"""How PySocks begins what a rule of the proxy forbids (RFC 1928, section 6)."""


def _classify_socks(error: BaseException, url: str, proxy: str | None) -> Failure:
    kind, said = SOCKS_KINDS[type(error).__name__], str(error).removeprefix("Socket error: ")
    if kind is Kind.PROXY_LOGIN:
        return refuse_login(url, proxy, said, ())
    kind = Kind.PROXY_FORBIDS if said.startswith(SOCKS_RULES) else kind
    return Failure(kind=kind, url=url, reason=f"the proxy answered {said}", proxy=proxy)


def _classify_refusal(refusal: ProxyRefusal, url: str, proxy: str | None) -> Failure:
    if refusal.status == 407:
        return refuse_login(url, proxy, refusal.said, refusal.logins)
    forbids = 400 <= refusal.status < 500 and refusal.status not in BUSY
    kind = Kind.PROXY_FORBIDS if forbids else Kind.PROXY_ANSWER
    return Failure(kind=kind, url=url, reason=f"the proxy answered {refusal.said}", proxy=proxy)


def _classify_cause(cause: BaseException, url: str, proxy: str | None) -> tuple[Kind, str] | None:
    """Tell what one error of a chain means; None for one that only wraps another one."""
    match cause:
        case errors.NewConnectionError():  # a subclass of TimeoutError, whatever it wraps
            return None
        case errors.LocationValueError():
            return Kind.ADDRESS, "its host or its port is none"
        case ssl.SSLError():
            return _classify_tls(cause)
        case socket.gaierror() | UnicodeError():
            host = urlsplit(proxy or url).hostname
            return Kind.UNKNOWN_NAME, f"the name {host} cannot be resolved"
        case errors.ConnectTimeoutError():
            return Kind.NO_CONNECTION, "no connection within the timeout"
        case TimeoutError() | errors.TimeoutError():
            return Kind.TIMEOUT, "no answer within the timeout, or too slow an answer"
        case TooLarge():
            return Kind.TOO_LARGE, "its headers, or what frames its body, have no end"
        case errors.IncompleteRead() | http.client.IncompleteRead():
            return Kind.CUT_OFF, "the connection was closed in the middle of the answer"
        case errors.ProtocolError() if "ended prematurely" in str(cause):  # between two chunks
            return Kind.CUT_OFF, "the connection was closed in the middle of the answer"
        case errors.ProtocolError() if len(cause.args) == 1:  # of chunks; others wrap an error
            return Kind.UNREADABLE, "what frames its body cannot be read"
        case errors.InvalidHeader():
            return Kind.WRONG_LENGTH, "it names several lengths"
        case errors.DecodeError():
            return Kind.UNREADABLE, "its content is not encoded as its headers say"
        case http.client.RemoteDisconnected():
            return Kind.CLOSED, "the connection was closed before an answer came"
        case http.client.HTTPException() if "headers" in str(cause) or "header line" in str(cause):
            return Kind.UNREADABLE, "its headers are too long, or too many"
        case http.client.HTTPException() | errors.HeaderParsingError():
            return Kind.UNREADABLE, "what answers does not speak HTTP"
        case ConnectionRefusedError():
            return Kind.REFUSED, (cause.strerror or "connection refused").lower()
        case OSError() if cause.strerror:
            return Kind.CLOSED, cause.strerror.lower()
    return None


def _classify_tls(error: ssl.SSLError) -> tuple[Kind, str]:
    if isinstance(error, ssl.SSLCertVerificationError):
        return CERTIFICATE_KINDS.get(error.verify_code, Kind.UNTRUSTED), error.verify_message
    if refusal := CLIENT_REFUSALS.get(error.reason):
        return Kind.CLIENT_CERTIFICATE, refusal[0]
    if error.reason in NO_TLS:
        return Kind.HANDSHAKE, SPEAKS_NO_TLS
    if isinstance(error, ssl.SSLEOFError):
        return Kind.HANDSHAKE, "the connection was closed during the TLS handshake"
    said = (error.reason or str(error)).lower().replace("_", " ")
    return Kind.HANDSHAKE, f"no TLS connection: {said}"
