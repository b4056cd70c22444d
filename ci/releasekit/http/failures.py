"""Why an exchange failed: one kind for each cause, and a table of what is said of it.

The kinds are told from each other by the errors of urllib3, OpenSSL and the system.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
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
    TIMEOUT = auto()
    PROXY_UNREACHABLE = auto()
    PROXY_LOGIN = auto()
    PROXY_ADDRESS = auto()
    PROXY_NEEDS_SOCKS = auto()
    PROXY_ANSWER = auto()
    """The proxy answered that it does not connect to the server."""
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


PASSING = {
    *(Kind.REFUSED, Kind.UNKNOWN_NAME, Kind.CLOSED, Kind.TIMEOUT, Kind.HANDSHAKE),
    *(Kind.PROXY_UNREACHABLE, Kind.PROXY_ANSWER, Kind.CUT_OFF, Kind.UNREADABLE),
}
"""Another attempt can end otherwise."""

SHOW_CLIENT_CERT = (
    "set client-cert (or RELEASEKIT_CLIENT_CERT) to a PEM file of the certificate and key"
)

ENTRIES = {
    Kind.REFUSED: UNREACHABLE,
    Kind.ADDRESS: INVALID_ADDRESS,
    Kind.UNKNOWN_NAME: UNREACHABLE,
    Kind.CLOSED: UNREACHABLE,
    Kind.TIMEOUT: UNREACHABLE,
    Kind.HANDSHAKE: UNREACHABLE,
    Kind.PROXY_UNREACHABLE: PROXY_UNREACHABLE,
    Kind.PROXY_ANSWER: PROXY_REFUSED,
    Kind.PROXY_LOGIN: PROXY_NEEDS_LOGIN,
    Kind.PROXY_ADDRESS: INVALID_PROXY,
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
NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE")
TUNNEL = re.compile(r"Tunnel connection failed: (\d+) ?(.*)")
"""How http.client words what a proxy answered to CONNECT."""


def explain(failure: Failure) -> ReleasekitError:
    """Return the error that a failed exchange is."""
    where = failure.url
    if failure.proxy and failure.kind.name.startswith("PROXY_"):
        where = f"{show_proxy(failure.proxy)}, on the way to {failure.url}"
    fixes = (fix for why, fix in CLIENT_REFUSALS.values() if why == failure.reason)
    entry, host = ENTRIES[failure.kind], urlsplit(failure.url).hostname or ""
    return ReleasekitError(
        entry, url=where, reason=failure.reason, host=host, fix=next(fixes, SHOW_CLIENT_CERT)
    )


def show_proxy(proxy: str) -> str:
    """Return a proxy's address without its login."""
    return show_address(proxy).rstrip("/")


def classify(error: Exception, url: str, proxy: str | None = None) -> Failure:
    """Tell what an error means; `proxy` is the one on the way, if there is one."""
    if isinstance(error, Failure):
        return error
    causes = list(find_causes(error, "reason", "original_error", with_context=True))
    at_proxy = proxy is not None and any(isinstance(c, errors.ProxyError) for c in causes)
    for cause in causes:
        if found := _classify_cause(cause, url, proxy if at_proxy else None):
            kind, reason = found
            if at_proxy and kind in (Kind.REFUSED, Kind.UNKNOWN_NAME, Kind.CLOSED, Kind.TIMEOUT):
                kind = Kind.PROXY_UNREACHABLE
            return Failure(kind=kind, url=url, reason=reason, proxy=proxy)
    reason = "the connection was closed before an answer came"
    kind = Kind.PROXY_UNREACHABLE if at_proxy else Kind.CLOSED
    return Failure(kind=kind, url=url, reason=reason, proxy=proxy)


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
        case OSError() if found := TUNNEL.match(str(cause)):
            said = f"{found[1]} {found[2].strip()}".rstrip()
            if found[1] == "407":
                return Kind.PROXY_LOGIN, f"it asks for a login ({said})"
            return Kind.PROXY_ANSWER, f"the proxy answered {said}"
        case TimeoutError() | errors.TimeoutError():
            return Kind.TIMEOUT, "no answer within the timeout, or too slow an answer"
        case errors.IncompleteRead() | http.client.IncompleteRead():
            return Kind.CUT_OFF, "the connection was closed in the middle of the answer"
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
        return Kind.HANDSHAKE, "what answers there speaks no TLS"
    if isinstance(error, ssl.SSLEOFError):
        return Kind.HANDSHAKE, "the connection was closed during the TLS handshake"
    said = (error.reason or str(error)).lower().replace("_", " ")
    return Kind.HANDSHAKE, f"no TLS connection: {said}"
