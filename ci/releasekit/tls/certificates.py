"""X.509 certificates: what they say, bundles of them (text, a file, a directory), their faults.

What the environment names is read leniently (`read_bundle`): it is there for other programs. What
`ca-bundle` names was given to this kit, so whatever is wrong with it is said (`read_ca_bundle`).
"""

from __future__ import annotations

import binascii
import contextlib
import hashlib
import re
import ssl
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from releasekit.errors import BadCertificateFile
from releasekit.errors.access import BAD_CERTIFICATE_FILE

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


BEGIN = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----")
CERTIFICATE = re.compile(r"-----BEGIN ((?:X509 )?CERTIFICATE)-----([^-]+)-----END \1-----")
DER = b"\x30"
"""The first byte of a certificate in DER, an ASN.1 SEQUENCE."""
SHOWN = 3

NO_CERTIFICATE = CertificateFault(
    reason="no PEM certificate in it",
    fix="give {key} a PEM file (-----BEGIN CERTIFICATE-----);\n"
    "`openssl x509 -in FILE -noout -text` shows what a file holds",
)
EMPTY = CertificateFault(
    reason="the file is empty", fix="export or copy the certificate again; {key} takes PEM"
)
PRIVATE_KEY = CertificateFault(
    reason="a private key is in it, and a CA bundle goes to everybody",
    fix="take the key out of it; if the file was committed or sent, have the key replaced",
)
CUT_OFF = CertificateFault(
    reason="certificate {number} in it is cut off or damaged",
    fix="copy it again, whole: from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----",
)
OTHER_FORMS = {
    "TRUSTED CERTIFICATE": CertificateFault(
        reason="it is in OpenSSL's own TRUSTED CERTIFICATE form, which other programs cannot read",
        fix="openssl x509 -in FILE -out FILE.pem, and give {key} that file",
    ),
    "PKCS7": CertificateFault(
        reason="it is PKCS #7 (a .p7b file), not single certificates",
        fix="openssl pkcs7 -print_certs -in FILE -out FILE.pem, and give {key} that file",
    ),
}
IN_DER = CertificateFault(
    reason="the certificate is in DER form, not PEM",
    fix="openssl x509 -inform der -in FILE -out FILE.pem, and give {key} that file",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class CaBundle:
    """What `ca-bundle` adds to the trust."""

    pem: str
    useless: tuple[str, ...] = ()
    """Why certificates of it were left out, while others are of use."""


def read_ca_bundle(value: str) -> CaBundle:
    """Return the CA certificates that `ca-bundle` names, each of them once.

    Raises BadCertificateFile, also where every certificate in it is of no use.
    """
    texts = list(_read(value))
    found = list(dict.fromkeys(der for text in texts for der in _read_certificates(text)))
    if not found:
        empty = texts[0].place == value and not texts[0].content.strip() if texts else False
        raise explain("ca-bundle", value, EMPTY if empty else NO_CERTIFICATE)
    useless = {} if _are_all_authorities(found) else _find_useless(found)
    reasons = [fault.reason for fault in useless.values()]
    if len(useless) == len(found):
        more = [f"and {len(reasons) - SHOWN} more like these"] if len(reasons) > SHOWN else []
        first = next(iter(useless.values()))
        fault = CertificateFault(reason="\n".join([*reasons[:SHOWN], *more]), fix=first.fix)
        raise explain("ca-bundle", value, fault)
    useful = (ssl.DER_cert_to_PEM_cert(der).strip() for der in found if der not in useless)
    return CaBundle(pem="\n".join(useful), useless=tuple(reasons))


def read_bundle(value: str) -> str:
    """Return the certificates of a text, a file, or a directory, whatever else is there."""
    try:
        texts = [text.content.decode("ascii", "replace") for text in _read(value)]
    except BadCertificateFile:
        return ""
    return "\n".join(pem for text in texts for pem in split_certificates(text))


def split_certificates(text: str) -> list[str]:
    """Return the certificates of a PEM text, each as a text of its own."""
    return [match[0] for match in CERTIFICATE.finditer(text)]


def is_pem(value: str) -> bool:
    """Tell a text from a path."""
    return "-----BEGIN" in value


def explain(key: str, value: str, fault: CertificateFault) -> BadCertificateFile:
    """Return the error; a text, which may hold a private key, is not shown."""
    path = "(the PEM text itself)" if is_pem(value) else value
    fix = fault.fix.format(key=key)
    return BadCertificateFile(
        BAD_CERTIFICATE_FILE, key=key, path=path, reason=fault.reason, fix=fix
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Text:
    """What a file holds, and how messages name it."""

    place: str
    content: bytes


def _read(value: str) -> Iterator[_Text]:
    """Yield the text itself, or what each file holds; raises BadCertificateFile."""
    if is_pem(value):
        yield _Text(place=value, content=value.encode())
        return
    path = Path(value)
    try:
        for file in sorted(path.iterdir()) if path.is_dir() else [path]:
            if not file.is_dir() or file == path:  # Debian: /etc/ssl/certs/java
                yield _Text(place=str(file), content=file.read_bytes())
    except OSError as error:
        fault = CertificateFault(reason=error.strerror or str(error), fix=NO_CERTIFICATE.fix)
        raise explain("ca-bundle", value, fault) from error


def _read_certificates(text: _Text) -> Iterator[bytes]:
    """Yield the certificates of one file in DER; raises BadCertificateFile."""
    if text.content.startswith(DER) and is_readable(text.content):
        raise explain("ca-bundle", text.place, IN_DER)
    number = 0
    for block in re.split("(?=-----BEGIN)", text.content.decode("ascii", "replace")):
        label = begin[1] if (begin := BEGIN.match(block)) else ""
        if label.endswith("PRIVATE KEY"):
            raise explain("ca-bundle", text.place, PRIVATE_KEY)
        if label in OTHER_FORMS:
            raise explain("ca-bundle", text.place, OTHER_FORMS[label])
        if label.endswith("CERTIFICATE"):
            number += 1
            match, der = CERTIFICATE.match(block), b""
            with contextlib.suppress(ValueError):
                der = binascii.a2b_base64(match[2]) if match else b""
            if not is_readable(der):
                reason = CUT_OFF.reason.format(number=number)
                fault = CertificateFault(reason=reason, fix=CUT_OFF.fix)
                raise explain("ca-bundle", text.place, fault)
            yield der


def is_readable(certificates: str | bytes) -> bool:
    """Tell whether OpenSSL reads PEM or DER: quicker than importing what could say more."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=certificates)
    except (ssl.SSLError, ValueError):
        return False
    return True


def _are_all_authorities(found: list[bytes]) -> bool:
    """Tell, by the standard library alone, whether there is nothing to explain."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=b"".join(found))
    listed, now = context.get_ca_certs(), read_clock().timestamp()
    return len(listed) == len(found) and all(
        ssl.cert_time_to_seconds(str(certificate["notBefore"]))
        <= now
        <= ssl.cert_time_to_seconds(str(certificate["notAfter"]))
        for certificate in listed
    )


def _find_useless(found: list[bytes]) -> dict[bytes, CertificateFault]:
    now, useless = read_clock(), {}
    for der in found:
        with contextlib.suppress(ValueError):  # OpenSSL has read it, so it may be of use
            if fault := find_authority_fault(parse_certificate(der), now):
                useless[der] = fault
    return useless
