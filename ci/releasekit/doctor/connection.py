"""The questions of the connection: address, TLS, clock, encryption.

A chain that is not trusted is read from a handshake of its own, on which nothing is ever sent.
"""

import _ssl
import contextlib
import http.client
import socket
import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from releasekit.doctor.model import ADDRESS, CLOCK, ENCRYPTION, TLS, Row
from releasekit.errors import Status
from releasekit.http.client import Client
from releasekit.http.connections import Tunnelled, make_login
from releasekit.http.failures import classify, show_proxy
from releasekit.model.access import PORTS, is_loopback
from releasekit.plural import plural
from releasekit.tls.certificates import CERTIFICATE, Certificate, parse_certificate
from releasekit.tls.trust import TrustedSource

SOON = timedelta(days=14)
SKEW = timedelta(seconds=60)
"""Dates of this granularity stand in headers, logs and tokens; NTP keeps machines within less."""


def examine_address(url: str, client: Client) -> Row:
    """Try whether something takes connections there, or at the proxy before it."""
    host, port, proxy = _find_endpoint(url, client)
    place = f"{host}:{port}"
    shown = f"{place} through the proxy {show_proxy(proxy)}" if proxy else place
    parts = urlsplit(proxy or url)
    name = parts.hostname or ""
    try:
        socket.create_connection((name, parts.port or port), client.timeout).close()
    except (socket.gaierror, UnicodeError):
        problem = f"the name {name} cannot be resolved"
        fix = (
            "check url for a typo; a name of the company's network may need its VPN or HTTPS_PROXY"
        )
    except TimeoutError:
        problem = f"no connection within {client.timeout:g} s (time is up)"
        fix = f"have the firewall let this machine reach {place}, or name the proxy in HTTPS_PROXY"
    except OSError as error:
        problem = (error.strerror or str(error)).lower()
        fix = "see that Nexus runs there, and that url has the right port"
    else:
        return ADDRESS.ok(f"{shown} takes connections")
    if proxy:
        fix = f"see that the proxy runs, or go past it: NO_PROXY={host}"
    return ADDRESS.failed(f"{shown}: {problem}", fix)


def _find_endpoint(url: str, client: Client) -> tuple[str, int, str | None]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or PORTS[parts.scheme], client.find_proxy(url)


def examine_tls(url: str, client: Client, now: datetime) -> Row:
    """Make a TLS connection as a release does; the server proves on it who it is."""
    if not url.startswith("https://"):
        return TLS.unknown(
            "there is no certificate: the address is http", fix="see encryption, below"
        )
    try:
        with _open_tls(url, client.trust.context, client) as connection:
            protocol = connection.version() or ""
            chain = _parse_chain(_read_chain(connection, "get_unverified_chain"))
            verified = _read_chain(connection, "get_verified_chain")
    except ssl.SSLCertVerificationError as error:
        return _judge_untrusted(url, client, error)
    except OSError as error:
        # Before TLS with the server begins, it is the proxy that is spoken to.
        proxy = client.find_proxy(url)
        at_proxy = proxy is not None and not isinstance(error, ssl.SSLError)
        found = classify(error, url, proxy, at_proxy=at_proxy)
        answers = found.answers(render=str)
        text = f"{answers['where']}: {answers['why']}" if proxy else answers["why"]
        return TLS.failed(text, answers["next"], passes=found.status is Status.FAILED)
    if not chain:
        return TLS.ok(f"trusted ({protocol})")
    lines = tuple(map(_render_certificate, chain))
    first = min(chain, key=lambda certificate: certificate.not_after)
    if first.not_after - now < SOON:
        return judge_expiry(first.name, first.not_after, now, lines)
    anchor = _find_anchor(verified, client.trust.sources)
    trusted = f", trusted by {anchor}" if anchor else ""
    text = f"{chain[0].name}{trusted} ({protocol}), until {chain[0].not_after:%Y-%m-%d}"
    return TLS.ok(text, lines)


def _judge_untrusted(url: str, client: Client, error: ssl.SSLCertVerificationError) -> Row:
    """Tell why a chain is not trusted; it is read by somebody who believes nothing of it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # this connection is closed as soon as the chain is read
    chain: tuple[Certificate, ...] = ()
    with contextlib.suppress(OSError), _open_tls(url, context, client) as connection:
        chain = _parse_chain(_read_chain(connection, "get_unverified_chain"))
    answers = classify(error, url).answers(render=str)
    fix = answers["next"]
    # OpenSSL's codes for a chain that ends at no trusted certificate (x509_vfy.h).
    if chain and error.verify_code in (2, 18, 19, 20, 21):
        last = chain[-1]
        fix = f"save the certificate of {last.issuer}, which the server does not send, as PEM"
        if last.is_self_issued:
            fix = (
                f"get the certificate of {last.name} from who runs that CA, compare its SHA-256 "
                "with the last one above,"
            )
        fix += ' and set ca-bundle = "FILE.pem" in [tool.releasekit] (or RELEASEKIT_CA_BUNDLE)'
    return TLS.failed(answers["why"], fix, tuple(map(_render_certificate, chain)))


def judge_objection(row: Row, objection: str, fix: str) -> Row:
    """Tell that uv does not accept a certificate that Python accepts, as the row says."""
    return TLS.failed(
        f"Python accepts the certificate, and uv does not: {objection}",
        fix.replace("\n", " "),
        row.lines,
    )


def judge_expiry(name: str, end: datetime, now: datetime, lines: tuple[str, ...] = ()) -> Row:
    """Tell whether a certificate that is valid ends soon."""
    text = f"{name} expires in {plural((end - now).days, 'day')}, on {end:%Y-%m-%d}"
    if end - now < SOON:
        return TLS.warning(text, "ask the administrator of that server to renew it", lines)
    return TLS.ok(text, lines)


def _render_certificate(certificate: Certificate) -> str:
    return (
        f"{certificate.subject}; issued by {certificate.issuer}; "
        f"until {certificate.not_after:%Y-%m-%d}; SHA-256 {certificate.sha256}"
    )


@contextlib.contextmanager
def _open_tls(url: str, context: ssl.SSLContext, client: Client) -> Iterator[ssl.SSLSocket]:
    """Provide a connection after its handshake, through the proxy where there is one."""
    host, port, proxy = _find_endpoint(url, client)
    where = urlsplit(proxy or url)
    connection = http.client.HTTPSConnection(
        where.hostname or host, where.port or port, timeout=client.timeout, context=context
    )
    if proxy:
        connection.response_class = Tunnelled
        login = make_login(where.netloc.rpartition("@")[0])
        connection.set_tunnel(host, port, headers=login)
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
    for source in reversed(sources):
        for match in CERTIFICATE.finditer(source.pem):
            pem = f"-----BEGIN CERTIFICATE-----{match[2]}-----END CERTIFICATE-----"
            if chain and ssl.PEM_cert_to_DER_cert(pem) == chain[-1]:
                return source.name
    return None


def judge_clock(date: datetime | None, now: datetime | None) -> Row:
    """Tell whether the server and this machine agreed on the time, at one moment."""
    if date is None or now is None:
        return CLOCK.unknown("its answers carry no date", ask="the administrator of that server")
    skew = date - now
    if abs(skew) <= SKEW:
        return CLOCK.ok(f"the server's is within {SKEW.seconds} s of this machine's")
    seconds, parts = int(abs(skew).total_seconds()), []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    side = "ahead of" if skew > timedelta() else "behind"
    return CLOCK.warning(
        f"the server's is {' '.join(parts[:2])} {side} this machine's",
        "set the one that is wrong, by NTP: certificates, tokens and logs go by it",
    )


def judge_encryption(url: str) -> Row:
    """Tell whether a password could be read on its way."""
    if url.startswith("https://"):
        return ENCRYPTION.ok("the address is https")
    if is_loopback(url):
        return ENCRYPTION.ok("the address is plain http, and on this machine alone")
    return ENCRYPTION.failed(
        f"{url} is plain http: the password travels in clear",
        "have Nexus, or a front server, speak TLS, and write https:// into url",
    )
