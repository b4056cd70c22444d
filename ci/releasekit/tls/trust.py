"""Whom the kit trusts: one context, and one PEM file with the same certificates for children.

The context is the system's store with what the environment names and `ca-bundle`
added. Nothing of it is ever taken away, and no check is ever switched off.
"""

from __future__ import annotations

import functools
import os
import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import certifi

from releasekit.tls.bundle import (
    CaBundle,
    is_pem,
    is_readable,
    read_bundle,
    read_ca_bundle,
    split_certificates,
)
from releasekit.tls.client_cert import load_client_cert

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
        sources.append(TrustedSource(name=_name_bundle(ca_bundle), pem=own.pem))
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


def _name_bundle(value: str) -> str:
    return "ca-bundle (its PEM text)" if is_pem(value) else f"ca-bundle {value}"


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
