"""Certificates read by `cryptography`, which trustme brings; imported when one must be explained.

The standard library decodes only CA certificates, and of those no fingerprint and no DER; OpenSSL's
own messages do not say which certificate of a bundle they mean.
"""

from __future__ import annotations

import hashlib
import warnings
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from releasekit.tls.certificates import Certificate, render_fingerprint

if TYPE_CHECKING:
    from cryptography import x509


def parse_certificate(der: bytes) -> Certificate:
    """Return what a DER certificate says.

    Raises ValueError where it is none, or none that `cryptography` will read: it is stricter than
    OpenSSL, and warns of old roots that are to be refused one day.
    """
    from cryptography import x509

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _parse(x509.load_der_x509_certificate(der), der)


def _parse(found: x509.Certificate, der: bytes) -> Certificate:
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
