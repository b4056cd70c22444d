"""Whom the kit trusts, and the client's own certificate.

One context, and one PEM file with the same certificates for children: the system's store with what
the environment names and `ca-bundle` added. Nothing of it is ever taken away, and no check is ever
switched off.
"""

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
    Certificate,
    Fault,
    explain,
    find_time_fault,
    is_pem,
    is_readable,
    parse_certificate,
    read_bundle,
    read_ca_bundle,
    split_certificates,
)

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
DAMAGED = (
    "the certificate or the key in it is cut off or damaged",
    "copy both again, whole: from -----BEGIN …----- to -----END …-----",
)


def load_client_cert(context: ssl.SSLContext, path: str) -> None:
    """Make a context show the certificate; raises BadCertificateFile."""
    if is_pem(path):
        fix = "write the text to a file that you alone can read, and give {key} its path"
        raise explain("client-cert", path, ("give the path of a file", fix))
    try:
        text = Path(path).read_bytes().decode("ascii", "replace")
        if fault := _find_fault(text):
            raise explain("client-cert", path, fault)
        # A password, even an empty one, keeps OpenSSL from asking for it on the terminal.
        context.load_cert_chain(path, password="")
    except ssl.SSLError as error:
        fault = DAMAGED
        if error.reason == "KEY_VALUES_MISMATCH":
            name = _parse_first(text).name
            fault = (
                f"the private key in it is not that of {name}, the first certificate in it",
                "put the certificate of that key first, then those of the CAs between, if any",
            )
        raise explain("client-cert", path, fault) from error
    except OSError as error:
        fault = error.strerror or str(error), NO_CERTIFICATE[1]
        raise explain("client-cert", path, fault) from error


def _find_fault(text: str) -> Fault | None:
    if not text.strip():
        return EMPTY
    if not CERTIFICATE.search(text):
        return NO_CERTIFICATE
    if not re.search(r"-----BEGIN ((?:[A-Z]+ )*)PRIVATE KEY-----", text):
        return (
            "there is a certificate in it, but no private key",
            "put both into one file: cat CERTIFICATE.pem KEY.pem > client.pem; "
            "chmod 600 client.pem",
        )
    if re.search(r"(?m)-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED", text):
        return (
            "its private key is encrypted, and nobody is asked for the password",
            "openssl pkey -in FILE -out KEY.pem; chmod 600 KEY.pem; put the certificate beside it",
        )
    try:
        return find_time_fault(_parse_first(text))
    except ValueError:
        return DAMAGED


def _parse_first(text: str) -> Certificate:
    return parse_certificate(ssl.PEM_cert_to_DER_cert(split_certificates(text)[0]))


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
    useless: tuple[str, ...]  # why certificates of `ca-bundle` were left out
    client_cert: str | None

    @functools.cached_property
    def context(self) -> ssl.SSLContext:
        """The context of all connections, made for the first one: the system's take 25 ms.

        truststore asks macOS and Windows. Elsewhere the system's store is a file, read
        once: truststore reads it for each connection (38 ms of CPU), and lets one thread shake
        hands at a time, which takes many round trips where many connect.
        """
        system, *others = self.sources
        if sys.platform in ("darwin", "win32"):
            import truststore

            context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        else:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(cadata=system.pem)
            folder = ssl.get_default_verify_paths().openssl_capath
            if Path(folder).is_dir():  # looked into when a certificate is not known yet
                context.load_verify_locations(capath=folder)
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
    candidates = (
        ssl.get_default_verify_paths().openssl_cafile,
        # Where the system's file is for a Python that was built elsewhere, as uv's own are.
        "/etc/ssl/certs/ca-certificates.crt",  # Debian
        "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
        "/etc/ssl/ca-bundle.pem",  # SUSE
        certifi.where(),
    )
    file = next(path for path in map(Path, candidates) if path.is_file())
    system = file.read_text("ascii", "replace")
    sources = [TrustedSource(name="the system's certificates", pem=system)]
    sources += _read_named_bundles(environ, system)
    useless: tuple[str, ...] = ()
    if ca_bundle:
        pem, useless = read_ca_bundle(ca_bundle)
        name = "ca-bundle (its PEM text)" if is_pem(ca_bundle) else f"ca-bundle {ca_bundle}"
        sources.append(TrustedSource(name=name, pem=pem))
    if client_cert:
        load_client_cert(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), client_cert)
    return Trust(sources=tuple(sources), useless=useless, client_cert=client_cert)


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
