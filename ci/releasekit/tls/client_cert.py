"""The client's own certificate and its key, in one PEM file."""

from __future__ import annotations

import re
import ssl
from pathlib import Path

from releasekit.tls.bundle import (
    CERTIFICATE,
    EMPTY,
    NO_CERTIFICATE,
    explain,
    is_pem,
)
from releasekit.tls.certificates import CertificateFault, find_time_fault
from releasekit.tls.parsing import parse_certificate, read_clock

KEY = re.compile(r"-----BEGIN ((?:[A-Z]+ )*)PRIVATE KEY-----")
ENCRYPTED = re.compile(r"-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED", re.M)

TEXT = CertificateFault(
    reason="give the path of a file",
    fix="write the text to a file that you alone can read, and give {key} its path",
)
NO_KEY = CertificateFault(
    reason="there is a certificate in it, but no private key",
    fix="put both into one file: cat CERTIFICATE.pem KEY.pem > client.pem; chmod 600 client.pem",
)
ENCRYPTED_KEY = CertificateFault(
    reason="its private key is encrypted, and nobody is asked for the password",
    fix="openssl pkey -in FILE -out KEY.pem; chmod 600 KEY.pem; put the certificate beside it",
)
OTHER_KEY = CertificateFault(
    reason="the private key in it is not that of {name}, the first certificate in it",
    fix="put the certificate of that key first, then those of the CAs between, if any",
)
DAMAGED = CertificateFault(
    reason="the certificate or the key in it is cut off or damaged",
    fix="copy both again, whole: from -----BEGIN …----- to -----END …-----",
)


def load_client_cert(context: ssl.SSLContext, path: str) -> None:
    """Make a context show the certificate; raises BadCertificateFile."""
    if is_pem(path):
        raise explain("client-cert", path, TEXT)
    try:
        content = Path(path).read_bytes()
        if fault := _find_fault(content.decode("ascii", "replace")):
            raise explain("client-cert", path, fault)
        # A password, even an empty one, keeps OpenSSL from asking for it on the terminal.
        context.load_cert_chain(path, password="")
    except ssl.SSLError as error:
        raise explain("client-cert", path, _explain_refusal(content, error)) from error
    except OSError as error:
        fault = CertificateFault(reason=error.strerror or str(error), fix=NO_CERTIFICATE.fix)
        raise explain("client-cert", path, fault) from error


def _find_fault(text: str) -> CertificateFault | None:
    """Return what is wrong with the file before anything tries to use it."""
    if not text.strip():
        return EMPTY
    if not CERTIFICATE.search(text):
        return NO_CERTIFICATE
    if not KEY.search(text):
        return NO_KEY
    return ENCRYPTED_KEY if ENCRYPTED.search(text) else _find_time_fault(text)


def _find_time_fault(text: str) -> CertificateFault | None:
    match = CERTIFICATE.search(text)
    try:
        certificate = parse_certificate(ssl.PEM_cert_to_DER_cert(match[0] if match else ""))
    except ValueError:
        return DAMAGED
    return find_time_fault(certificate, read_clock())


def _explain_refusal(content: bytes, error: ssl.SSLError) -> CertificateFault:
    if error.reason == "KEY_VALUES_MISMATCH":
        match = CERTIFICATE.search(content.decode("ascii", "replace"))
        name = parse_certificate(ssl.PEM_cert_to_DER_cert(match[0] if match else "")).name
        return CertificateFault(reason=OTHER_KEY.reason.format(name=name), fix=OTHER_KEY.fix)
    return DAMAGED
