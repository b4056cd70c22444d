"""Connections: one TLS context, sessions and retries, and the environment of children.

The context is the system's store (truststore) with what the environment names and `ca-bundle`
added. It is mounted by an adapter, because a requests session would let REQUESTS_CA_BUNDLE replace
every other setting (psf/requests#3829; measured with `twine --cert` and `pip --cert` as well).
"""

from __future__ import annotations

import contextlib
import ipaddress
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import certifi
import requests
import truststore
import urllib3
from requests.adapters import HTTPAdapter

from releasekit.core.errors import (
    BadCertificateFile,
    ReleasekitError,
    Unreachable,
    UntrustedCertificate,
)
from releasekit.core.target import Credentials

CA_VARIABLES = (
    "SSL_CERT_FILE",  # OpenSSL, uv
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "PIP_CERT",
    "TWINE_CERT",
    "GIT_SSL_CAINFO",
)
LOOPBACK = "localhost,127.0.0.1,::1"
GET_RETRIES = urllib3.Retry(
    total=3,
    other=0,  # an untrusted certificate stays untrusted
    backoff_factor=0.3,
    status_forcelist=(500, 502, 503, 504),
    allowed_methods=("GET", "HEAD"),
    raise_on_status=False,
)
"""A GET is tried four times; a POST never by this."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """How this run connects: in process by `context`, in children by `environ`."""

    context: ssl.SSLContext
    environ: Mapping[str, str]
    """For children: every CA variable names one PEM file with all that is trusted."""
    timeout: float
    """Seconds without an answer."""


@contextlib.contextmanager
def open_network(
    *,
    environ: Mapping[str, str],
    ca_bundle: str | None = None,
    client_cert: str | None = None,
    timeout: float = 60,
) -> Iterator[Network]:
    """Provide the connections of a run; the merged PEM file lives as long.

    Raises BadCertificateFile.
    """
    named = _read_named_bundles(environ)
    own = read_bundle("ca-bundle", ca_bundle) if ca_bundle else ""
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for pem in filter(None, (named, own)):
        _load(context, pem, where=ca_bundle or "")
    if client_cert:
        _load_client_cert(context, client_cert)
    with tempfile.TemporaryDirectory(prefix="releasekit-ca-") as folder:
        bundle = Path(folder, "ca-bundle.pem")
        bundle.write_text("\n".join((_read_system_bundle(), named, own)), encoding="utf-8")
        children = child_environ(environ, bundle)
        yield Network(context=context, environ=children, timeout=timeout)


def child_environ(environ: Mapping[str, str], bundle: Path) -> dict[str, str]:
    """Return the environment of children: the user's, one CA bundle, loopback without proxies."""
    loopback = {
        name: ",".join(filter(None, (environ.get(name), LOOPBACK)))
        for name in ("NO_PROXY", "no_proxy")
    }
    return {**environ, **dict.fromkeys(CA_VARIABLES, str(bundle)), **loopback}


def read_bundle(key: str, value: str) -> str:
    """Return the PEM text of a file, of all files of a directory, or the given text itself.

    Raises BadCertificateFile where there is no certificate.
    """
    if "-----BEGIN" in value:
        return value
    path = Path(value).expanduser()
    try:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        texts = [file.read_text(encoding="ascii", errors="replace") for file in files]
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadCertificateFile(key=key, path=value, reason=reason) from error
    found = [text for text in texts if "-----BEGIN CERTIFICATE-----" in text]
    if not found:
        raise BadCertificateFile(key=key, path=value, reason="no PEM certificate in it")
    return "\n".join(found)


def _read_named_bundles(environ: Mapping[str, str]) -> str:
    """Return what the environment's CA variables name; what cannot be read adds nothing."""
    texts = []
    for value in dict.fromkeys(environ.get(name) for name in CA_VARIABLES):
        if value:
            with contextlib.suppress(BadCertificateFile):
                texts.append(read_bundle("", value))
    return "\n".join(texts)


def _read_system_bundle() -> str:
    """Return the system's CA certificates as PEM; certifi's where the system has no file."""
    paths = ssl.get_default_verify_paths()
    candidates = (paths.openssl_cafile, "/etc/ssl/certs/ca-certificates.crt", certifi.where())
    return next(Path(p).read_text("ascii", "replace") for p in candidates if Path(p).is_file())


def _load(context: ssl.SSLContext, pem: str, *, where: str) -> None:
    try:
        context.load_verify_locations(cadata=pem)
    except ssl.SSLError as error:
        reason = f"not a readable PEM certificate ({error.reason or error})"
        raise BadCertificateFile(key="ca-bundle", path=where, reason=reason) from error


def _load_client_cert(context: ssl.SSLContext, path: str) -> None:
    try:
        context.load_cert_chain(path)
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror or str(error)
        raise BadCertificateFile(key="client-cert", path=path, reason=reason) from error


class _Adapter(HTTPAdapter):
    """Give every connection the run's TLS context, and loopback no proxy."""

    def __init__(self, network: Network, retries: urllib3.Retry) -> None:
        self._network = network
        super().__init__(max_retries=retries)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._network.context)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, **kwargs, ssl_context=self._network.context)

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


def is_loopback(url: str) -> bool:
    """Tell whether an address is on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def mount(session: requests.Session, network: Network, retries: urllib3.Retry) -> None:
    """Make a session, twine's for one, connect as this run does."""
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(network, retries))


@contextlib.contextmanager
def open_session(network: Network, credentials: Credentials) -> Iterator[requests.Session]:
    """Provide a session that reads: a GET is tried four times, with back-off."""
    with requests.Session() as session:
        session.auth = (credentials.username, credentials.password)
        mount(session, network, GET_RETRIES)
        yield session


def explain_failure(error: requests.RequestException, url: str) -> ReleasekitError:
    """Return the situation that a failed connection is."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return UntrustedCertificate(url=url, reason=cause.verify_message)
        if isinstance(cause, urllib3.exceptions.NameResolutionError):
            host = urlsplit(url).hostname
            return Unreachable(url=url, reason=f"the name {host} cannot be resolved")
    for cause in _causes(error):
        if isinstance(cause, OSError) and cause.strerror:
            return Unreachable(url=url, reason=cause.strerror.lower())
    if isinstance(error, requests.Timeout):
        return Unreachable(url=url, reason="no answer within the timeout")
    return Unreachable(url=url, reason="the connection was closed before an answer came")


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
