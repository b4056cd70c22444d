"""Connections: one TLS context, sessions and retries, and the environment of children.

The context is the system's store (truststore) with what the environment names and `ca-bundle`
added. It is mounted by an adapter, because a requests session would let REQUESTS_CA_BUNDLE replace
every other setting (psf/requests#3829; measured with `twine --cert` and `pip --cert` as well).
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
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
from requests.auth import HTTPBasicAuth

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
PEM_CERTIFICATE = re.compile(
    "-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----.+?-----END \\1-----", re.DOTALL
)
PRIVATE_PREFIXES = ("TWINE_", "RELEASEKIT_")
FOREIGN_VARIABLES = (
    # git rev-parse --local-env-vars, without GIT_CONFIG*, which CI uses for safe.directory
    *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"),
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"),
    *("GIT_GRAFT_FILE", "GIT_SHALLOW_FILE", "GIT_NO_REPLACE_OBJECTS", "GIT_REPLACE_REF_BASE"),
    *("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP"),
)
LOOPBACK = "localhost,127.0.0.1,::1"
CERTIFICATE_MENDS = {
    10: "ask the administrator of that server to renew its certificate",
    62: "use the host name in `url` that the certificate was issued for",
    64: "use the host name in `url` that the certificate was issued for",
}
"""By OpenSSL's codes: expired, and issued for another host name or address (x509_vfy.h)."""
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
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    named = _load_named_bundles(context, environ)
    own = _load_bundle(context, "ca-bundle", ca_bundle) if ca_bundle else ""
    if client_cert:
        _load_client_cert(context, client_cert)
    with tempfile.TemporaryDirectory(prefix="releasekit-ca-") as folder:
        bundle = Path(folder, "ca-bundle.pem")
        bundle.write_text("\n".join((_read_system_bundle(), named, own)), encoding="utf-8")
        children = child_environ(environ, bundle)
        if client_cert:
            # uv and pip show it too: the release is installed back from the same server.
            path = str(Path(client_cert).absolute())  # children run in other directories
            children |= dict.fromkeys(("SSL_CLIENT_CERT", "PIP_CLIENT_CERT"), path)
        yield Network(context=context, environ=children, timeout=timeout)


def child_environ(environ: Mapping[str, str], bundle: Path) -> dict[str, str]:
    """Return the environment of children: the user's, one CA bundle, loopback without proxies.

    A build backend is other people's code: it gets no credentials for publishing. Variables that
    git sets for its hooks name the repository of the hook, and PYTHONPATH would put files into the
    build that the tag does not have.
    """
    spellings = ("NO_PROXY", "no_proxy")  # each client prefers one
    theirs = dict.fromkeys(environ[name] for name in spellings if environ.get(name))
    loopback = dict.fromkeys(spellings, ",".join((*theirs, LOOPBACK)))
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith(PRIVATE_PREFIXES) and name not in FOREIGN_VARIABLES
    }
    return {**kept, **dict.fromkeys(CA_VARIABLES, str(bundle)), **loopback}


def read_bundle(key: str, value: str) -> str:
    """Return the certificates of a file, of all files of a directory, or of the given text.

    Comments, which need not be ASCII, and private keys are left out. Raises BadCertificateFile
    where there is no certificate.
    """
    try:
        texts = [value] if _is_pem(value) else _read_files(Path(value).expanduser())
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadCertificateFile(key=key, path=value, reason=reason) from error
    found = [match[0] for text in texts for match in PEM_CERTIFICATE.finditer(text)]
    if not found:
        reason = "no PEM certificate in it"
        raise BadCertificateFile(key=key, path=_show(value), reason=reason)
    return "\n".join(found)


def _read_files(path: Path) -> list[str]:
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    files = [file for file in files if not file.is_dir()]  # Debian: /etc/ssl/certs/java
    return [file.read_text(encoding="ascii", errors="replace") for file in files]


def _is_pem(value: str) -> bool:
    return "-----BEGIN" in value


def _show(value: str) -> str:
    """Return how messages name a file; a text, which may hold a private key, is not shown."""
    return "(the PEM text itself)" if _is_pem(value) else value


def _load_named_bundles(context: ssl.SSLContext, environ: Mapping[str, str]) -> str:
    """Trust what the environment's CA variables name; what cannot be used adds nothing."""
    texts = []
    for value in dict.fromkeys(environ.get(name) for name in CA_VARIABLES):
        if value:
            with contextlib.suppress(BadCertificateFile):
                texts.append(_load_bundle(context, "", value))
    return "\n".join(texts)


def _read_system_bundle() -> str:
    """Return the system's CA certificates as PEM; certifi's where the system has no file."""
    paths = ssl.get_default_verify_paths()
    candidates = (paths.openssl_cafile, "/etc/ssl/certs/ca-certificates.crt", certifi.where())
    return next(Path(p).read_text("ascii", "replace") for p in candidates if Path(p).is_file())


def _load_bundle(context: ssl.SSLContext, key: str, value: str) -> str:
    pem = read_bundle(key, value)
    try:
        context.load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError, TypeError) as error:  # the last two: not ASCII
        reason = f"not a readable PEM certificate ({getattr(error, 'reason', None) or error})"
        raise BadCertificateFile(key=key, path=_show(value), reason=reason) from error
    return pem


def _load_client_cert(context: ssl.SSLContext, path: str) -> None:
    try:
        # A password, even an empty one, keeps OpenSSL from asking for it on the terminal.
        context.load_cert_chain(path, password="")
    except (OSError, ssl.SSLError) as error:
        reason = "give the path of a file" if _is_pem(path) else error.strerror or str(error)
        raise BadCertificateFile(key="client-cert", path=_show(path), reason=reason) from error


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
        session.auth = basic_auth(credentials)
        mount(session, network, GET_RETRIES)
        yield session


def basic_auth(credentials: Credentials) -> HTTPBasicAuth:
    """Return the credentials in UTF-8 (RFC 7617), which requests would send as Latin-1."""
    return HTTPBasicAuth(credentials.username.encode(), credentials.password.encode())


def explain_failure(error: requests.RequestException, url: str) -> ReleasekitError:
    """Return the situation that a failed connection is."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            reason = cause.verify_message
            if mend := CERTIFICATE_MENDS.get(cause.verify_code):
                return UntrustedCertificate(url=url, reason=reason, mend=mend)
            return UntrustedCertificate(url=url, reason=reason)
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
