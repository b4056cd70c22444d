"""Why an exchange failed, told from the errors of urllib3, OpenSSL and the system."""

from __future__ import annotations

import contextlib
import email.message
import http.client
import socket
import ssl
from collections.abc import Sequence
from urllib.parse import urlsplit

import urllib3.exceptions as errors

from releasekit.errors import Entry, ReleasekitError, access, failed
from releasekit.errors.limits import find_causes
from releasekit.model.access import show_address

# These fail on the way to the proxy, or there.
AT_PROXY = (
    *(access.INVALID_PROXY, access.PROXY_NEEDS_LOGIN, access.PROXY_NEEDS_SOCKS),
    *(failed.PROXY_REFUSED, failed.PROXY_UNREACHABLE),
)
# By OpenSSL's codes: not yet valid, expired, issued for another name or address (x509_vfy.h).
CERTIFICATE_ENTRIES = {
    9: access.CERTIFICATE_NOT_YET_VALID,
    10: access.CERTIFICATE_EXPIRED,
    62: access.CERTIFICATE_OF_ANOTHER_NAME,
    64: access.CERTIFICATE_OF_ANOTHER_NAME,
}
SHOW_CLIENT_CERT = (
    "set client-cert (or RELEASEKIT_CLIENT_CERT) to a PEM file of the certificate and key"
)
# Reason and fix, by OpenSSL's names of the TLS alerts that a server sends (RFC 8446, section 6.2).
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
SPEAKS_NO_TLS = "what answers there speaks no TLS"
SEVERAL_LENGTHS = "it names several lengths"
CLOSED_EARLY = "the connection was closed before an answer came"
CLOSED_IN_THE_MIDDLE = "the connection was closed in the middle of the answer"


class Failure(ReleasekitError):
    """An exchange that failed."""

    @property
    def may_pass(self) -> bool:
        """Tell whether another attempt can end otherwise."""
        return self.fields["reason"] != SEVERAL_LENGTHS and self.entry in (
            *(failed.ANSWER_CUT_OFF, failed.TOO_SLOW, failed.UNREACHABLE, failed.UNREADABLE_ANSWER),
            *(failed.PROXY_REFUSED, failed.PROXY_UNREACHABLE),
        )


class ProxyRefusal(OSError):
    """A proxy's answer to CONNECT other than 200."""

    def __init__(self, status: int, reason: str, headers: email.message.Message) -> None:
        self.status = status
        self.text = f"{status} {reason.strip()}".rstrip()
        if location := headers.get("Location"):
            with contextlib.suppress(ValueError):  # no address
                self.text += f", to {show_address(location)}"
        super().__init__(f"Tunnel connection failed: {self.text}")
        self.logins = headers.get_all("Proxy-Authenticate", [])


class TooLarge(http.client.HTTPException):
    """An answer has more bytes than it may have, its headers or what frames its body included."""


def fail(entry: Entry, url: str, reason: str, proxy: str | None = None, fix: str = "") -> Failure:
    """Return the failure of an exchange with `url`; `proxy` is the one on the way, if any."""
    place = url
    if proxy:
        shown = show_proxy(proxy)
        at_proxy = entry in AT_PROXY
        place = f"{shown}, on the way to {url}" if at_proxy else f"{url}, through the proxy {shown}"
    fix = fix or dict(CLIENT_REFUSALS.values()).get(reason, "")
    return Failure(entry, url=place, reason=reason, host=urlsplit(url).hostname or "", fix=fix)


def show_proxy(proxy: str) -> str:
    """Return a proxy's address without its login.

    One that is not percent-encoded may have `/`, `?`, `#` or `@` in it: the host is after the last.
    """
    scheme, _, rest = proxy.partition("://")
    shown = f"{scheme}://{rest.rpartition('@')[2]}"
    with contextlib.suppress(ValueError):  # no address, as in "http://["
        shown = show_address(shown)
    return shown.rstrip("/")


def refuse_login(url: str, proxy: str | None, answer: str, logins: Sequence[str] = ()) -> Failure:
    """Return the failure that a 407 is, with the logins that it offers (Proxy-Authenticate)."""
    scheme = (proxy or "http").partition("://")[0]
    fix = (
        f"write the login into the variable: HTTPS_PROXY={scheme}://USER:PASSWORD@HOST:PORT\n"
        "(percent-encode special characters)"
    )
    has_login = "@" in (proxy or "")
    wants = "it does not accept the login in its address" if has_login else "it asks for a login"
    offered = ", ".join(logins)[:200]
    reason = f"{wants} ({answer}: {offered})" if offered else f"{wants} ({answer})"
    if offered and "basic" not in offered.lower():
        reason += "; releasekit, pip and uv log in with Basic alone"
        fix = "run a relay on this machine that logs in there, and name it in HTTPS_PROXY"
    if not proxy:
        reason = f"what answers is a proxy, and {reason}"
    return fail(access.PROXY_NEEDS_LOGIN, url, reason, proxy, fix)


def classify(
    error: Exception, url: str, proxy: str | None = None, *, at_proxy: bool = False
) -> Failure:
    """Tell what an error means; `at_proxy`: it was met while the proxy was spoken to."""
    for cause in find_causes(error, "reason", "original_error", with_context=True):
        if refusal := _classify_refusal(cause, url, proxy):
            return refusal
        if found := _classify_cause(cause, (at_proxy and proxy) or url):
            entry, reason = _blame_proxy(*found, url) if at_proxy else found
            return fail(entry, url, reason, proxy)
    return fail(
        failed.PROXY_UNREACHABLE if at_proxy else failed.UNREACHABLE, url, CLOSED_EARLY, proxy
    )


def _classify_refusal(cause: BaseException, url: str, proxy: str | None) -> Failure | None:
    """Tell what a proxy's own answer means; None for an error that is no such answer."""
    # PySocks need not be installed: its errors are known by their names.
    kind, answer = type(cause).__name__, str(cause).removeprefix("Socket error: ")
    if isinstance(cause, ProxyRefusal):
        answer = cause.text
        if cause.status == 407:
            return refuse_login(url, proxy, answer, cause.logins)
        forbids = 400 <= cause.status < 500 and cause.status not in (408, 425, 429)
    elif kind == "SOCKS5AuthError":
        return refuse_login(url, proxy, answer)
    elif kind in ("SOCKS4Error", "SOCKS5Error"):
        forbids = answer.startswith("0x02")  # by a rule of the proxy (RFC 1928, section 6)
    else:
        return None
    entry = access.INVALID_PROXY if forbids else failed.PROXY_REFUSED
    return fail(entry, url, f"the proxy answered {answer}", proxy)


def _blame_proxy(entry: Entry, reason: str, url: str) -> tuple[Entry, str]:
    """Return what a failure is that was met while the proxy was spoken to."""
    if entry is access.UNTRUSTED_CERTIFICATE or entry in CERTIFICATE_ENTRIES.values():
        named = "(ca-bundle, or RELEASEKIT_CA_BUNDLE, names a private CA)"
        return access.INVALID_PROXY, f"its certificate is not trusted: {reason} {named}"
    if reason == SPEAKS_NO_TLS:
        return (
            access.INVALID_PROXY,
            f"{reason}: perhaps its address begins with http://, not https://",
        )
    if entry is failed.UNREACHABLE:
        return failed.PROXY_UNREACHABLE, reason
    if url.startswith("http:"):  # it passes on what the server sends
        return entry, reason
    at_connect = {
        failed.TOO_SLOW: failed.PROXY_UNREACHABLE,
        failed.UNREADABLE_ANSWER: failed.PROXY_REFUSED,
        failed.ANSWER_TOO_LARGE: failed.PROXY_REFUSED,
    }
    return at_connect.get(entry, entry), reason


# Errors that mean the same whatever they say, the first that fits.
CAUSES: tuple[tuple[type[Exception] | tuple[type[Exception], ...], Entry, str], ...] = (
    (errors.LocationValueError, failed.INVALID_ADDRESS, "its host or its port is none"),
    (ssl.SSLEOFError, failed.UNREACHABLE, "the connection was closed during the TLS handshake"),
    (errors.ConnectTimeoutError, failed.UNREACHABLE, "no connection within the timeout"),
    (
        (TimeoutError, errors.TimeoutError),
        failed.TOO_SLOW,
        "no answer within the timeout, or too slow an answer",
    ),
    (TooLarge, failed.ANSWER_TOO_LARGE, "its headers, or what frames its body, have no end"),
    (errors.InvalidHeader, failed.UNREADABLE_ANSWER, SEVERAL_LENGTHS),
    (errors.DecodeError, failed.UNREADABLE_ANSWER, "its content is not encoded as its headers say"),
    (http.client.RemoteDisconnected, failed.UNREACHABLE, CLOSED_EARLY),
    (
        (http.client.HTTPException, errors.HeaderParsingError),
        failed.UNREADABLE_ANSWER,
        "what answers does not speak HTTP",
    ),
)


def _classify_cause(cause: BaseException, url: str) -> tuple[Entry, str] | None:
    """Tell what one error of a chain means; None for one that only wraps another one.

    `url` is the address of the server or the proxy that was spoken to.
    """
    match cause:
        case errors.NewConnectionError():  # a subclass of TimeoutError, whatever it wraps
            return None
        case ssl.SSLCertVerificationError():
            entry = CERTIFICATE_ENTRIES.get(cause.verify_code, access.UNTRUSTED_CERTIFICATE)
            return entry, cause.verify_message
        case ssl.SSLError() if cause.reason in CLIENT_REFUSALS:
            return access.CLIENT_CERTIFICATE_REFUSED, CLIENT_REFUSALS[cause.reason][0]
        case ssl.SSLError(reason="WRONG_VERSION_NUMBER" | "HTTP_REQUEST" | "RECORD_LAYER_FAILURE"):
            return failed.UNREACHABLE, SPEAKS_NO_TLS
        case ssl.SSLError() if not isinstance(cause, ssl.SSLEOFError):
            text = (cause.reason or str(cause)).lower().replace("_", " ")
            return failed.UNREACHABLE, f"no TLS connection: {text}"
        case socket.gaierror() | UnicodeError():
            return failed.UNREACHABLE, f"the name {urlsplit(url).hostname} cannot be resolved"
        case http.client.IncompleteRead():
            return failed.ANSWER_CUT_OFF, CLOSED_IN_THE_MIDDLE
        case errors.ProtocolError() if "ended prematurely" in str(cause):  # between two chunks
            return failed.ANSWER_CUT_OFF, CLOSED_IN_THE_MIDDLE
        case errors.ProtocolError() if len(cause.args) == 1:  # of chunks; others wrap an error
            return failed.UNREADABLE_ANSWER, "what frames its body cannot be read"
        case http.client.HTTPException() if "headers" in str(cause) or "header line" in str(cause):
            return failed.UNREADABLE_ANSWER, "its headers are too long, or too many"
    for types, entry, reason in CAUSES:
        if isinstance(cause, types):
            return entry, reason
    if isinstance(cause, ConnectionRefusedError):
        return failed.UNREACHABLE, (cause.strerror or "connection refused").lower()
    if isinstance(cause, OSError) and cause.strerror:
        return failed.UNREACHABLE, cause.strerror.lower()
    return None
