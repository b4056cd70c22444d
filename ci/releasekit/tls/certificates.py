"""X.509 certificates: what they say, bundles of them (text, a file, a directory), their faults.

What the environment names is read leniently (`read_bundle`): it is there for other programs. What
`ca-bundle` names was given to this kit, so whatever is wrong with it is said (`read_ca_bundle`).
"""

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

from releasekit.errors import BadCertificateFile, access

CERTIFICATE = re.compile(r"-----BEGIN ((?:X509 )?CERTIFICATE)-----([^-]+)-----END \1-----")
SHOWN = 3  # reasons that an error lists
# Why a certificate is of no use, and what fixes that; {key} is the setting that names it.
Fault = tuple[str, str]

NO_CERTIFICATE = (
    "no PEM certificate in it",
    "give {key} a PEM file (-----BEGIN CERTIFICATE-----);\n"
    "`openssl x509 -in FILE -noout -text` shows what a file holds",
)
EMPTY = ("the file is empty", "export or copy the certificate again; {key} takes PEM")
# What a CA bundle may not hold, by how a label of PEM ends.
FORMS = {
    "PRIVATE KEY": (
        "a private key is in it, and a CA bundle goes to everybody",
        "take the key out of it; if the file was committed or sent, have the key replaced",
    ),
    "TRUSTED CERTIFICATE": (
        "it is in OpenSSL's own TRUSTED CERTIFICATE form, which other programs cannot read",
        "openssl x509 -in FILE -out FILE.pem, and give {key} that file",
    ),
    "PKCS7": (
        "it is PKCS #7 (a .p7b file), not single certificates",
        "openssl pkcs7 -print_certs -in FILE -out FILE.pem, and give {key} that file",
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    """What a certificate says of itself; names are written as RFC 4514 has them."""

    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    sha256: str
    """Fingerprint: upper-case hex pairs with colons, as browsers and OpenSSL show it."""
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


def parse_certificate(der: bytes) -> Certificate:
    """Return what a DER certificate says.

    Raises ValueError where it is none, or none that `cryptography` will read: it is stricter than
    OpenSSL, and warns of old roots that are to be refused one day.
    """
    from cryptography import x509

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = x509.load_der_x509_certificate(der)
        try:
            is_ca = found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        except x509.ExtensionNotFound:  # a root of X.509 v1 cannot say so (RFC 5280)
            is_ca = found.issuer == found.subject
        return Certificate(
            subject=found.subject.rfc4514_string() or "(no subject)",
            issuer=found.issuer.rfc4514_string() or "(no issuer)",
            not_before=found.not_valid_before_utc,
            not_after=found.not_valid_after_utc,
            sha256=hashlib.sha256(der).digest().hex(":").upper(),
            is_ca=is_ca,
        )


def find_time_fault(certificate: Certificate) -> Fault | None:
    """Return why a certificate does not count now, or None."""
    now = datetime.now(timezone.utc)
    if now > certificate.not_after:
        return (
            f"{certificate.name} expired on {certificate.not_after:%Y-%m-%d}",
            "ask who issued it for the renewed one, and put that in its place",
        )
    if now < certificate.not_before:
        return (
            f"{certificate.name} is valid from {certificate.not_before:%Y-%m-%d %H:%M} UTC on, "
            f"and this machine's clock says {now:%Y-%m-%d %H:%M}",
            "set this machine's clock, or wait until the certificate is valid",
        )
    return None


def read_ca_bundle(value: str) -> tuple[str, tuple[str, ...]]:
    """Return the CA certificates that `ca-bundle` names as PEM, each of them once.

    With them come the reasons why others are left out. Raises BadCertificateFile, also where every
    certificate in it is of no use.
    """
    texts = list(_read(value))
    found = list(dict.fromkeys(der for text in texts for der in _read_certificates(*text)))
    if not found:
        is_empty = bool(texts) and texts[0][0] == value and not texts[0][1].strip()
        raise explain("ca-bundle", value, EMPTY if is_empty else NO_CERTIFICATE)
    useless = _find_useless(found)
    reasons = [reason for reason, _ in useless.values()]
    if len(useless) == len(found):
        more = [f"and {len(reasons) - SHOWN} more like these"] if len(reasons) > SHOWN else []
        _, fix = next(iter(useless.values()))
        raise explain("ca-bundle", value, ("\n".join([*reasons[:SHOWN], *more]), fix))
    useful = (ssl.DER_cert_to_PEM_cert(der).strip() for der in found if der not in useless)
    return "\n".join(useful), tuple(reasons)


def read_bundle(value: str) -> str:
    """Return the certificates of a text, a file, or a directory, whatever else is there."""
    try:
        texts = [content.decode("ascii", "replace") for _, content in _read(value)]
    except BadCertificateFile:
        return ""
    return "\n".join(pem for text in texts for pem in split_certificates(text))


def split_certificates(text: str) -> list[str]:
    """Return the certificates of a PEM text, each as a text of its own."""
    return [match[0] for match in CERTIFICATE.finditer(text)]


def is_pem(value: str) -> bool:
    """Tell a text from a path."""
    return "-----BEGIN" in value


def explain(key: str, value: str, fault: Fault) -> BadCertificateFile:
    """Return the error; a text, which may hold a private key, is not shown."""
    path = "(the PEM text itself)" if is_pem(value) else value
    reason, fix = fault
    return BadCertificateFile(
        access.BAD_CERTIFICATE_FILE, key=key, path=path, reason=reason, fix=fix.format(key=key)
    )


def _read(value: str) -> Iterator[tuple[str, bytes]]:
    """Yield the text itself, or each file and what it holds; raises BadCertificateFile."""
    if is_pem(value):
        yield value, value.encode()
        return
    path = Path(value)
    try:
        for file in sorted(path.iterdir()) if path.is_dir() else [path]:
            if not file.is_dir() or file == path:  # Debian: /etc/ssl/certs/java
                yield str(file), file.read_bytes()
    except OSError as error:
        fault = error.strerror or str(error), NO_CERTIFICATE[1]
        raise explain("ca-bundle", value, fault) from error


def _read_certificates(place: str, content: bytes) -> Iterator[bytes]:
    if content.startswith(b"\x30") and is_readable(content):  # a SEQUENCE of ASN.1
        fix = "openssl x509 -inform der -in FILE -out FILE.pem, and give {key} that file"
        raise explain("ca-bundle", place, ("the certificate is in DER form, not PEM", fix))
    number = 0
    for block in re.split("(?=-----BEGIN)", content.decode("ascii", "replace")):
        begin = re.match(r"-----BEGIN ([A-Z0-9 ]+)-----", block)
        label = begin[1] if begin else ""
        for form, fault in FORMS.items():
            if label.endswith(form):
                raise explain("ca-bundle", place, fault)
        if label.endswith("CERTIFICATE"):
            number += 1
            match, der = CERTIFICATE.match(block), b""
            with contextlib.suppress(ValueError):
                der = binascii.a2b_base64(match[2]) if match else b""
            if not is_readable(der):
                reason = f"certificate {number} in it is cut off or damaged"
                ends = "-----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----"
                raise explain("ca-bundle", place, (reason, f"copy it again, whole: from {ends}"))
            yield der


def is_readable(certificates: str | bytes) -> bool:
    """Tell whether OpenSSL reads PEM or DER: quicker than importing what could say more."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=certificates)
    except (ssl.SSLError, ValueError):
        return False
    return True


def _find_useless(found: list[bytes]) -> dict[bytes, Fault]:
    """Return which certificates cannot vouch for servers.

    One that vouches for itself alone is let pass: it is the only one there is for its server.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=b"".join(found))
    listed, now = context.get_ca_certs(), datetime.now(timezone.utc).timestamp()
    parse_time = ssl.cert_time_to_seconds
    if len(listed) == len(found) and all(
        parse_time(str(one["notBefore"])) <= now <= parse_time(str(one["notAfter"]))
        for one in listed
    ):
        return {}  # known without the import of what could say more
    useless: dict[bytes, Fault] = {}
    for der in found:
        with contextlib.suppress(ValueError):  # OpenSSL has read it, so it may be of use
            certificate = parse_certificate(der)
            name = certificate.name
            if not certificate.is_ca and not certificate.is_self_issued:
                useless[der] = (
                    f"{name} is no CA: it is the certificate of a server or a person",
                    f"give the certificate of the CA that issued it: {certificate.issuer}",
                )
            elif fault := find_time_fault(certificate):
                useless[der] = fault
    return useless
