"""Whom the kit trusts, and the client's own certificate.

One context, and one PEM file with the same certificates for children: the system's store with what
the environment names and `ca-bundle` added. Nothing of it is ever taken away, and no check is ever
switched off.
"""

from __future__ import annotations

import functools
import os
import re
import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import certifi

from releasekit.tls.certificates import (
    CERTIFICATE,
    EMPTY,
    NO_CERTIFICATE,
    CaBundle,
    Certificate,
    CertificateFault,
    explain,
    find_time_fault,
    is_pem,
    is_readable,
    parse_certificate,
    read_bundle,
    read_ca_bundle,
    read_clock,
    split_certificates,
)

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
        text = Path(path).read_bytes().decode("ascii", "replace")
        if fault := _find_fault(text):
            raise explain("client-cert", path, fault)
        # A password, even an empty one, keeps OpenSSL from asking for it on the terminal.
        context.load_cert_chain(path, password="")
    except ssl.SSLError as error:
        fault = DAMAGED
        if error.reason == "KEY_VALUES_MISMATCH":
            reason = OTHER_KEY.reason.format(name=_parse_first(text).name)
            fault = CertificateFault(reason=reason, fix=OTHER_KEY.fix)
        raise explain("client-cert", path, fault) from error
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
    if ENCRYPTED.search(text):
        return ENCRYPTED_KEY
    try:
        return find_time_fault(_parse_first(text), read_clock())
    except ValueError:
        return DAMAGED


def _parse_first(text: str) -> Certificate:
    match = CERTIFICATE.search(text)
    return parse_certificate(ssl.PEM_cert_to_DER_cert(match[0] if match else ""))


CA_VARIABLES = (
    "SSL_CERT_FILE",  # OpenSSL, uv
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "PIP_CERT",
    "TWINE_CERT",
    "GIT_SSL_CAINFO",
    "CARGO_HTTP_CAINFO",  # build backends that compile Rust
    "NODE_EXTRA_CA_CERTS",  # build backends that run npm
)
CA_DIRECTORIES = "SSL_CERT_DIR"
SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # SUSE
)
"""Where the system's file is for a Python that was built elsewhere, as uv's own are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrustedSource:
    """A place that trusted certificates come from, as messages name it, and its PEM text."""

    name: str
    pem: str


@dataclass(frozen=True, kw_only=True)
class Trust:
    """All that is trusted, and the client's own certificate."""

    sources: tuple[TrustedSource, ...]
    """Weakest first: the system, what the environment names, `ca-bundle`."""
    useless: tuple[str, ...] = ()
    """Why certificates of `ca-bundle` were left out."""
    client_cert: str | None = None

    def render_pem(self) -> str:
        """Return everything that is trusted as one PEM text."""
        return "\n".join(source.pem for source in self.sources)

    @functools.cached_property
    def context(self) -> ssl.SSLContext:
        """The context of all connections, made for the first one: the system's take 25 ms."""
        system, *others = self.sources
        context = _open_context(system.pem)
        # An intermediate CA that was given is trusted without its root: so do curl, uv, Python
        # 3.13.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        for source in others:
            context.load_verify_locations(cadata=source.pem)
        if self.client_cert:
            load_client_cert(context, self.client_cert)
        return context


def open_trust(environ: Mapping[str, str], ca_bundle: str | None, client_cert: str | None) -> Trust:
    """Return what is trusted, with the client's own certificate; raises BadCertificateFile."""
    system = _read_system_bundle()
    own = read_ca_bundle(ca_bundle) if ca_bundle else CaBundle(pem="")
    sources = [
        TrustedSource(name="the system's certificates", pem=system),
        *_read_named_bundles(environ, system),
    ]
    if ca_bundle:
        name = "ca-bundle (its PEM text)" if is_pem(ca_bundle) else f"ca-bundle {ca_bundle}"
        sources.append(TrustedSource(name=name, pem=own.pem))
    if client_cert:
        load_client_cert(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), client_cert)
    return Trust(sources=tuple(sources), useless=own.useless, client_cert=client_cert)


def _open_context(system: str) -> ssl.SSLContext:
    """Return a context that trusts what the system does.

    macOS and Windows are asked by truststore. Elsewhere the system's store is a file, read once:
    truststore reads it for each connection (38 ms of CPU), and lets one thread shake hands at a
    time, which takes many round trips where many connect.
    """
    if sys.platform in ("darwin", "win32"):
        import truststore

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=system)
    folder = ssl.get_default_verify_paths().openssl_capath
    if Path(folder).is_dir():  # looked into when a certificate is not known yet
        context.load_verify_locations(capath=folder)
    return context


def _read_named_bundles(environ: Mapping[str, str], system: str) -> list[TrustedSource]:
    """Read what the environment's CA variables name; what cannot be used adds nothing.

    They mostly name what the system has anyway, each of them: only what is new is returned.
    """
    named = {value: name for name in reversed(CA_VARIABLES) if (value := environ.get(name))}
    folders = dict.fromkeys(environ.get(CA_DIRECTORIES, "").split(os.pathsep), CA_DIRECTORIES)
    own = Path(ssl.get_default_verify_paths().openssl_capath).resolve()
    known = set(split_certificates(system))
    sources = []
    for value, name in {**named, **folders}.items():
        if not value or (name == CA_DIRECTORIES and Path(value).resolve() == own):
            continue
        fresh = [pem for pem in split_certificates(read_bundle(value)) if pem not in known]
        if fresh and is_readable(text := "\n".join(fresh)):
            sources.append(TrustedSource(name=name, pem=text))
            known.update(fresh)
    return sources


def _read_system_bundle() -> str:
    """Return the system's CA certificates as PEM; certifi's where the system has no file."""
    candidates = (ssl.get_default_verify_paths().openssl_cafile, *SYSTEM_BUNDLES, certifi.where())
    return next(Path(p).read_text("ascii", "replace") for p in candidates if Path(p).is_file())
