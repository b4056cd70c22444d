"""Looking at a connection step by step: the address, the TLS chain, answers without a retry.

A chain that is not trusted is read from a handshake of its own, on which nothing is ever sent.
"""

from __future__ import annotations

import _ssl
import contextlib
import hashlib
import http.client
import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import requests
import urllib3
from requests.utils import get_auth_from_url, get_environ_proxies, select_proxy

from releasekit.config.target import is_loopback
from releasekit.doctor.facts import Answer, Handshake, Reach, ServerFacts
from releasekit.http import NO_RETRIES, explain_failure, open_session
from releasekit.index.answer_headers import parse_date, wants_license
from releasekit.model.credentials import NO_CREDENTIALS, Credentials
from releasekit.model.simple_page import NotAnIndexPageError, ProjectPage, parse_project_page
from releasekit.network import Network
from releasekit.nexus.documents import parse_server_version
from releasekit.tls.bundle import CERTIFICATE
from releasekit.tls.certificates import Certificate
from releasekit.tls.parsing import parse_certificate, read_clock
from releasekit.tls.trust import TrustedSource

Session = requests.Session
DEFAULT_PORTS = {"https": 443, "http": 80}
STATUS = "/service/rest/v1/status"


def reach(url: str, timeout: float) -> Reach:
    """Try whether something takes connections there, or at the proxy before it."""
    host, port, proxy = _find_endpoint(url)
    where = urlsplit(proxy) if proxy else urlsplit(url)
    shown = f"{where.scheme}://{where.hostname}:{where.port}" if proxy else None
    problem = _try_connection(where.hostname or "", where.port or port, timeout)
    return Reach(host=host, port=port, proxy=shown, problem=problem)


def _find_endpoint(url: str) -> tuple[str, int, str | None]:
    parts = urlsplit(url)
    proxies = {} if is_loopback(url) else get_environ_proxies(url, no_proxy=None)
    host, port = parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]
    return host, port, select_proxy(url, proxies)


def _try_connection(host: str, port: int, timeout: float) -> str | None:
    try:
        socket.create_connection((host, port), timeout).close()
    except (socket.gaierror, UnicodeError):
        return f"the name {host} cannot be resolved"
    except TimeoutError:
        return f"no connection within {timeout:g} s (time is up)"
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return None


def shake_hands(url: str, network: Network) -> Handshake:
    """Make a TLS connection as a release does, and look at the chain; nothing is sent on it."""
    try:
        with _open_tls(url, network.trust.context, network.timeout) as connection:
            verified = _read_chain(connection, "get_verified_chain")
            return Handshake(
                protocol=connection.version() or "",
                chain=_parse_chain(_read_chain(connection, "get_unverified_chain")),
                anchor=_find_anchor(verified, network.trust.sources),
            )
    except ssl.SSLCertVerificationError as error:
        answers = explain_failure(error, url).answers()
        return Handshake(
            chain=_read_untrusted_chain(url, network.timeout),
            problem=answers["why"],
            code=error.verify_code,
            mend=answers["next"],
        )
    except OSError as error:
        answers = explain_failure(error, url).answers()
        return Handshake(problem=answers["why"], mend=answers["next"])


def _read_untrusted_chain(url: str, timeout: float) -> tuple[Certificate, ...]:
    """Read what the server shows to somebody who believes nothing of it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # this connection is closed as soon as the chain is read
    try:
        with _open_tls(url, context, timeout) as connection:
            return _parse_chain(_read_chain(connection, "get_unverified_chain"))
    except OSError:
        return ()


@contextlib.contextmanager
def _open_tls(url: str, context: ssl.SSLContext, timeout: float) -> Iterator[ssl.SSLSocket]:
    """Provide a connection after its handshake, through the proxy where there is one."""
    host, port, proxy = _find_endpoint(url)
    where = urlsplit(proxy) if proxy else urlsplit(url)
    connection = http.client.HTTPSConnection(
        where.hostname or host, where.port or port, timeout=timeout, context=context
    )
    if proxy:
        user, password = get_auth_from_url(proxy)
        auth = urllib3.make_headers(proxy_basic_auth=f"{user}:{password}") if user else {}
        connection.set_tunnel(host, port, headers=auth)
    with contextlib.closing(connection):
        connection.connect()
        assert isinstance(connection.sock, ssl.SSLSocket)  # noqa: S101 - HTTPSConnection made it
        yield connection.sock


def _read_chain(connection: ssl.SSLSocket, method: str) -> list[bytes]:
    """Return a chain in DER. Before Python 3.13 the methods are private, and exist since 3.10."""
    if hasattr(connection, method):
        return list(getattr(connection, method)())
    private = getattr(getattr(connection, "_sslobj", None), method, list)
    return [certificate.public_bytes(_ssl.ENCODING_DER) for certificate in private() or ()]


def _parse_chain(chain: list[bytes]) -> tuple[Certificate, ...]:
    found = []
    for der in chain:
        with contextlib.suppress(ValueError):
            found.append(parse_certificate(der))
    return tuple(found)


def _find_anchor(chain: list[bytes], sources: tuple[TrustedSource, ...]) -> str | None:
    """Return where the certificate at the end of a verified chain came from."""
    wanted = hashlib.sha256(chain[-1]).digest() if chain else b""
    for source in reversed(sources):
        for match in CERTIFICATE.finditer(source.pem):
            pem = f"-----BEGIN CERTIFICATE-----{match[2]}-----END CERTIFICATE-----"
            if hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).digest() == wanted:
                return source.name
    return None


@contextlib.contextmanager
def open_probe(network: Network, credentials: Credentials | None) -> Iterator[Session]:
    """Provide a session that tries everything once; None asks as nobody."""
    with open_session(network, credentials or NO_CREDENTIALS, NO_RETRIES) as session:
        yield session


def look(session: Session, url: str) -> requests.Response:
    """GET an address, once; raises the situations of connections."""
    try:
        return session.get(url, headers={"Accept": "text/html, application/json"})
    except requests.RequestException as error:
        raise explain_failure(error, url) from error


def ask(session: Session, url: str) -> Answer:
    """GET an address, once, and return how it was answered; its body may be large, and is left."""
    try:
        with session.get(url, stream=True) as answer:
            return read_answer(answer)
    except requests.RequestException as error:
        raise explain_failure(error, url) from error


def read_project(session: Session, url: str) -> tuple[Answer, ProjectPage]:
    """GET a project's page, once; whatever is none has no files, and is not from Nexus."""
    answer = look(session, url)
    said, page = read_answer(answer), ProjectPage(title="")
    if answer.status_code == 200:
        try:
            page = parse_project_page(answer.text, url)
        except NotAnIndexPageError:
            said = replace(said, is_foreign=True)
    return said, page


def send_empty_form(session: Session, url: str) -> Answer:
    """POST a form of an upload that holds no file: rights are looked at first, nothing is stored.

    Measured on 3.30: 403 to who may not upload, 401 to nobody, 500 to who may, with a stack trace
    in its log. So do a file with a wrong md5_digest (400) and an upload that ends after `100
    Continue`; and a server that did not compare digests would store that file.
    """
    form = {":action": (None, "file_upload")}
    try:
        return read_answer(session.post(url, files=form, allow_redirects=False))
    except requests.RequestException as error:
        raise explain_failure(error, url) from error


def read_answer(answer: requests.Response) -> Answer:
    """Return the status, the reason phrase, in which Nexus says what is wrong, and whose it is."""
    reason = answer.reason or ""
    if wants_license(answer):
        reason = "End User License Agreement"  # stands in the page, with newer versions
    is_foreign = parse_server_version(answer.headers.get("Server")) is None
    return Answer(status=answer.status_code, reason=reason, is_foreign=is_foreign)


def read_server(network: Network, url: str) -> ServerFacts:
    """Ask as nobody what the server says of itself."""
    with open_probe(network, None) as session:
        before = read_clock()
        status = look(session, f"{url}{STATUS}")
        now = before + (read_clock() - before) / 2
        writable = ask(session, f"{url}{STATUS}/writable")
    named = status.headers.get("Server", "")
    return ServerFacts(
        version=parse_server_version(named),
        named=named,
        status=read_answer(status),
        writable=writable,
        date=parse_date(status.headers.get("Date")),
        now=now,
    )


def read_frozen(session: Session, url: str) -> str | None:
    """Read who asked for the read-only mode: 3.30 tells administrators, after 3.90 it is gone."""
    try:
        found = look(session, f"{url}/service/rest/v1/read-only").json()
    except ValueError:
        return None
    reason = found.get("summaryReason") if isinstance(found, dict) else None
    return reason or None
