"""Connections: sessions and retries over the run's one TLS context, and why one fails.

The context is mounted by an adapter, because a requests session would let REQUESTS_CA_BUNDLE
replace every other setting (psf/requests#3829; measured with `twine --cert` and `pip --cert` too).
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth

from releasekit.config.target import is_loopback
from releasekit.errors import (
    ClientCertificateRefused,
    ReleasekitError,
    Unreachable,
    UntrustedCertificate,
)
from releasekit.model.credentials import Credentials
from releasekit.network import Network

CERTIFICATE_MENDS = {
    9: "compare this machine's clock with the server's; or its certificate is too new",
    10: "ask the administrator of that server to renew its certificate",
    62: "use the host name in `url` that the certificate was issued for",
    64: "use the host name in `url` that the certificate was issued for",
}
"""By OpenSSL's codes: not yet valid, expired, issued for another name or address (x509_vfy.h)."""
SHOW_CLIENT_CERT = (
    "set client-cert (or RELEASEKIT_CLIENT_CERT) to a PEM file of the certificate and key"
)
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
GET_RETRIES = urllib3.Retry(
    total=3,
    other=0,  # an untrusted certificate stays untrusted
    backoff_factor=0.3,
    status_forcelist=(500, 502, 503, 504),
    allowed_methods=("GET", "HEAD"),
    raise_on_status=False,
    respect_retry_after_header=False,  # it may ask for hours, and this waits without a word
)
"""A GET is tried four times; a POST never by this."""
NO_RETRIES = urllib3.Retry(total=0)
KEPT = 24
"""Connections to one server that are kept for the next request; more than threads that ask."""
DIRECT = ""
"""Stands for the proxy where there is none."""


class _Adapter(HTTPAdapter):
    """Use the connections of the run, which have its TLS context; loopback gets no proxy."""

    def __init__(self, network: Network, retries: urllib3.Retry) -> None:
        self._network = network
        super().__init__(max_retries=retries, pool_maxsize=KEPT)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        pools = self._network.pools
        self.proxy_manager = pools
        if DIRECT not in pools:
            pool = urllib3.PoolManager(maxsize=KEPT, ssl_context=self._network.trust.context)
            pools.setdefault(DIRECT, pool)  # of two threads that come first, one's is taken
        self.poolmanager = pools[DIRECT]

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, **kwargs, ssl_context=self._network.trust.context)

    def close(self) -> None:
        """Keep the connections: the network ends them."""

    def build_connection_pool_key_attributes(
        self,
        request: requests.PreparedRequest,
        verify: Any,  # noqa: ARG002 - REQUESTS_CA_BUNDLE arrives here, and ends here
        cert: Any = None,  # noqa: ARG002
    ) -> tuple[Any, Any]:
        return super().build_connection_pool_key_attributes(request, True, None)

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Load nothing more: the context holds all that is trusted."""

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        timeout = timeout or self._network.timeout
        proxies = {} if is_loopback(request.url or "") else proxies
        return super().send(request, stream, timeout, verify, cert, proxies)


@contextlib.contextmanager
def open_session(
    network: Network, credentials: Credentials, retries: urllib3.Retry = GET_RETRIES
) -> Iterator[requests.Session]:
    """Provide a session that connects as this run does."""
    with requests.Session() as session:
        session.auth = basic_auth(credentials) if credentials.username else send_as_it_is
        for scheme in ("https://", "http://"):
            session.mount(scheme, _Adapter(network, retries))
        yield session


def send_as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Send a request without credentials, and keep requests from taking some out of netrc."""
    return request


def basic_auth(credentials: Credentials) -> HTTPBasicAuth:
    """Return the credentials in UTF-8 (RFC 7617), which requests would send as Latin-1."""
    return HTTPBasicAuth(credentials.username.encode(), credentials.password.encode())


def explain_failure(error: OSError, url: str) -> ReleasekitError:
    """Return the situation that a failed connection is."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            reason = cause.verify_message
            if mend := CERTIFICATE_MENDS.get(cause.verify_code):
                return UntrustedCertificate(url=url, reason=reason, mend=mend)
            return UntrustedCertificate(url=url, reason=reason)
        if isinstance(cause, ssl.SSLError):
            return _explain_tls(cause, url)
        if isinstance(cause, urllib3.exceptions.NameResolutionError):
            host = urlsplit(url).hostname
            return Unreachable(url=url, reason=f"the name {host} cannot be resolved")
    for cause in _causes(error):
        if isinstance(cause, OSError) and cause.strerror:
            return Unreachable(url=url, reason=cause.strerror.lower())
    if isinstance(error, requests.Timeout):
        return Unreachable(url=url, reason="no answer within the timeout")
    return Unreachable(url=url, reason="the connection was closed before an answer came")


def _explain_tls(error: ssl.SSLError, url: str) -> ReleasekitError:
    if refusal := CLIENT_REFUSALS.get(error.reason):
        return ClientCertificateRefused(url=url, reason=refusal[0], mend=refusal[1])
    if error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"):
        return Unreachable(url=url, reason="what answers there speaks no TLS")
    if isinstance(error, ssl.SSLEOFError):
        return Unreachable(url=url, reason="the connection was closed during the TLS handshake")
    said = (error.reason or str(error)).lower().replace("_", " ")
    return Unreachable(url=url, reason=f"no TLS connection: {said}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the errors below an error, through urllib3's and requests' own wrappings."""
    seen: set[int] = set()
    queue = [error]
    while queue:
        cause = queue.pop(0)
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        below = (cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args)
        queue.extend(item for item in below if isinstance(item, BaseException))
