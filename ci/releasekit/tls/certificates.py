"""X.509 certificates as values, and what makes one useless as a trusted CA."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime


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
