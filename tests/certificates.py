"""Certificates in every state, made by `cryptography`: trustme makes good ones only."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

NOW = datetime.now(timezone.utc).replace(microsecond=0)
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Made:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def fingerprint(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex(":").upper()

    def key_pem(self, password: bytes | None = None, *, old: bool = False) -> str:
        encryption = BestAvailableEncryption(password) if password else NoEncryption()
        form = PrivateFormat.TraditionalOpenSSL if old else PrivateFormat.PKCS8
        return self.key.private_bytes(Encoding.PEM, form, encryption).decode()


def make(
    name: str,
    issuer: Made | None = None,
    *,
    ca: bool | None = True,
    start: datetime = NOW - 30 * DAY,
    end: datetime = NOW + 365 * DAY,
    hosts: tuple[str, ...] = (),
) -> Made:
    """Make a certificate; `ca` None leaves the basic constraints out, as X.509 v1 does."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )
    if ca is not None:
        constraints = x509.BasicConstraints(ca=ca, path_length=None)
        builder = builder.add_extension(constraints, critical=True)
    if hosts:
        import ipaddress

        names = [x509.IPAddress(ipaddress.ip_address(host)) for host in hosts]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    signed = builder.sign((issuer.key if issuer else key), hashes.SHA256())
    return Made(certificate=signed, key=key)


def server_context(folder: Path, *chain: Made) -> ssl.SSLContext:
    """Make a server that shows a chain, its own certificate first."""
    path = folder / "server.pem"
    path.write_text(chain[0].key_pem() + "".join(one.pem for one in chain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
