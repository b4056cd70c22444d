"""X.509 certificates as values, what makes one useless as a trusted CA, and the clock."""

from __future__ import annotations

import hashlib
import re
import warnings
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    """What a certificate says of itself; names are written as RFC 4514 has them."""

    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    sha256: str
    """Fingerprint: upper-case hex pairs with colons, as browsers and OpenSSL show it."""
    sha1: str
    is_ca: bool

    @property
    def is_self_issued(self) -> bool:
        """Tell whether it is a root, or a server's certificate that vouches for itself."""
        return self.subject == self.issuer

    @property
    def name(self) -> str:
        """Return the common name where it has one, for messages."""
        parts = re.split(r"(?<!\\),", self.subject)
        return next((part for part in parts if part.startswith("CN=")), self.subject)


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificateFault:
    """Why a certificate is of no use, and what fixes that."""

    reason: str
    fix: str


def render_fingerprint(digest: bytes) -> str:
    """Return a digest as browsers and OpenSSL show it."""
    return digest.hex(":").upper()


def find_time_fault(certificate: Certificate, now: datetime) -> CertificateFault | None:
    """Return why a certificate does not count at this time, or None."""
    if now > certificate.not_after:
        return CertificateFault(
            reason=f"{certificate.name} expired on {certificate.not_after:%Y-%m-%d}",
            fix="ask who issued it for the renewed one, and put that in its place",
        )
    if now < certificate.not_before:
        return CertificateFault(
            reason=(
                f"{certificate.name} is valid from {certificate.not_before:%Y-%m-%d %H:%M} UTC on, "
                f"and this machine's clock says {now:%Y-%m-%d %H:%M}"
            ),
            fix="set this machine's clock, or wait until the certificate is valid",
        )
    return None


def find_authority_fault(certificate: Certificate, now: datetime) -> CertificateFault | None:
    """Return why a certificate cannot vouch for servers, or None.

    One that vouches for itself alone is let pass: it is the only one there is for its server.
    """
    if not certificate.is_ca and not certificate.is_self_issued:
        return CertificateFault(
            reason=f"{certificate.name} is no CA: it is the certificate of a server or a person",
            fix=f"give the certificate of the CA that issued it: {certificate.issuer}",
        )
    return find_time_fault(certificate, now)


def parse_certificate(der: bytes) -> Certificate:
    """Return what a DER certificate says.

    Raises ValueError where it is none, or none that `cryptography` will read: it is stricter than
    OpenSSL, and warns of old roots that are to be refused one day.
    """
    from cryptography import x509

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = x509.load_der_x509_certificate(der)
        return Certificate(
            subject=found.subject.rfc4514_string() or "(no subject)",
            issuer=found.issuer.rfc4514_string() or "(no issuer)",
            not_before=found.not_valid_before_utc,
            not_after=found.not_valid_after_utc,
            sha256=render_fingerprint(hashlib.sha256(der).digest()),
            sha1=render_fingerprint(hashlib.sha1(der, usedforsecurity=False).digest()),
            is_ca=_is_ca(found),
        )


def _is_ca(certificate: x509.Certificate) -> bool:
    """Tell whether it may issue others; a root of X.509 v1 has no way to say so (RFC 5280)."""
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return certificate.issuer == certificate.subject


def read_clock() -> datetime:
    """Return the time by this machine."""
    return datetime.now(timezone.utc)
