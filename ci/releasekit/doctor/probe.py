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
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from urllib3.filepost import encode_multipart_formdata

from releasekit.doctor.facts import Answer, Handshake, Reach, ServerFacts
from releasekit.http import answer as http_answer
from releasekit.http.client import Client
from releasekit.http.connections import make_login
from releasekit.http.failures import classify, explain, show_proxy
from releasekit.http.proxies import PORTS
from releasekit.index.server_info import parse_date, wants_license
from releasekit.model.credentials import NO_CREDENTIALS, Credentials
from releasekit.model.simple_page import NotAnIndexPageError, ProjectPage, parse_project_page
from releasekit.nexus.documents import parse_server_version
from releasekit.tls.bundle import CERTIFICATE
from releasekit.tls.certificates import Certificate
from releasekit.tls.parsing import parse_certificate
from releasekit.tls.trust import TrustedSource

STATUS = "/service/rest/v1/status"


@dataclass(frozen=True, kw_only=True, slots=True)
class Visitor:
    """Who asks the server, each question once: an answer that comes at the second try is none."""

    client: Client
    credentials: Credentials

    def get(self, url: str, *, limit: int, leave_rest: bool = False) -> http_answer.Answer:
        """Read an address, once; raises the situations of connections."""
        return self.client.get(
            url,
            credentials=self.credentials,
            headers={"Accept": "text/html, application/json"},
            limit=limit,
            leave_rest=leave_rest,
            attempts=1,
        )


def reach(url: str, client: Client) -> Reach:
    """Try whether something takes connections there, or at the proxy before it."""
    host, port, proxy = _find_endpoint(url, client)
    where = urlsplit(proxy or url)
    shown = show_proxy(proxy) if proxy else None
    problem = _try_connection(where.hostname or "", where.port or port, client.timeout)
    return Reach(host=host, port=port, proxy=shown, problem=problem)


def _find_endpoint(url: str, client: Client) -> tuple[str, int, str | None]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or PORTS[parts.scheme], client.find_proxy(url)


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


def shake_hands(url: str, client: Client) -> Handshake:
    """Make a TLS connection as a release does, and look at the chain; nothing is sent on it."""
    try:
        with _open_tls(url, client.trust.context, client) as connection:
            verified = _read_chain(connection, "get_verified_chain")
            return Handshake(
                protocol=connection.version() or "",
                chain=_parse_chain(_read_chain(connection, "get_unverified_chain")),
                anchor=_find_anchor(verified, client.trust.sources),
            )
    except ssl.SSLCertVerificationError as error:
        answers = explain(classify(error, url)).answers(render=str)
        return Handshake(
            chain=_read_untrusted_chain(url, client),
            problem=answers["why"],
            code=error.verify_code,
            fix=answers["next"],
        )
    except OSError as error:
        answers = explain(classify(error, url, client.find_proxy(url))).answers(render=str)
        return Handshake(problem=answers["why"], fix=answers["next"])


def _read_untrusted_chain(url: str, client: Client) -> tuple[Certificate, ...]:
    """Read what the server shows to somebody who believes nothing of it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # this connection is closed as soon as the chain is read
    try:
        with _open_tls(url, context, client) as connection:
            return _parse_chain(_read_chain(connection, "get_unverified_chain"))
    except OSError:
        return ()


@contextlib.contextmanager
def _open_tls(url: str, context: ssl.SSLContext, client: Client) -> Iterator[ssl.SSLSocket]:
    """Provide a connection after its handshake, through the proxy where there is one."""
    host, port, proxy = _find_endpoint(url, client)
    where = urlsplit(proxy or url)
    connection = http.client.HTTPSConnection(
        where.hostname or host, where.port or port, timeout=client.timeout, context=context
    )
    if proxy:
        userinfo = where.netloc.rpartition("@")[0]
        connection.set_tunnel(host, port, headers=make_login(userinfo))
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


def ask(visitor: Visitor, url: str) -> Answer:
    """GET an address, once, and return how it was answered; its body may be large, and is left."""
    return read_answer(visitor.get(url, limit=1, leave_rest=True))


def read_project(visitor: Visitor, url: str) -> tuple[Answer, ProjectPage]:
    """GET a project's page, once; whatever is none has no files, and is not from Nexus."""
    answer = visitor.get(url, limit=http_answer.PAGE)
    said, page = read_answer(answer), ProjectPage(title="")
    if answer.status == 200:
        try:
            page = parse_project_page(answer.text, answer.url)
        except NotAnIndexPageError:
            said = replace(said, is_foreign=True)
    return said, page


def send_empty_form(visitor: Visitor, url: str) -> Answer:
    """POST a form of an upload that holds no file: rights are looked at first, nothing is stored.

    docs/nexus-behaviour.md#refused-uploads: 403 to who may not upload, 401 to nobody, 500 to who
    may, with a stack trace in its log. So do a file with a wrong md5_digest (400) and an upload
    that ends after `100 Continue`; and a server that did not compare digests would store that file.
    """
    body, content_type = encode_multipart_formdata({":action": "file_upload"})
    return read_answer(
        visitor.client.send(
            "POST",
            url,
            credentials=visitor.credentials,
            headers={"Content-Type": content_type},
            body=body,
        )
    )


def read_answer(answer: http_answer.Answer) -> Answer:
    """Return the status, the reason phrase, in which Nexus says what is wrong, and whose it is."""
    reason = answer.reason
    if wants_license(answer):
        reason = "End User License Agreement"  # stands in the page, with newer versions
    is_foreign = parse_server_version(answer.headers.get("Server")) is None
    return Answer(status=answer.status, reason=reason, is_foreign=is_foreign)


def read_server(client: Client, url: str) -> ServerFacts:
    """Ask as nobody what the server says of itself."""
    nobody = Visitor(client=client, credentials=NO_CREDENTIALS)
    status = nobody.get(f"{url}{STATUS}", limit=http_answer.DOCUMENT)
    writable = ask(nobody, f"{url}{STATUS}/writable")
    named = status.headers.get("Server", "")
    return ServerFacts(
        version=parse_server_version(named),
        named=named,
        status=read_answer(status),
        writable=writable,
        date=parse_date(status.headers.get("Date")),
        now=status.moment,
    )


def read_frozen(visitor: Visitor, url: str) -> str | None:
    """Read who asked for the read-only mode: 3.30 tells administrators, after 3.90 it is gone."""
    try:
        place = f"{url}/service/rest/v1/read-only"
        found = visitor.get(place, limit=http_answer.DOCUMENT).parse_json()
    except ValueError:
        return None
    reason = found.get("summaryReason") if isinstance(found, dict) else None
    return reason or None
