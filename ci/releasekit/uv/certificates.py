"""Certificates that uv does not accept: it checks more than Python's OpenSSL does.

uv 0.13 checks with rustls-webpki, which for example refuses the certificate of a CA as that of a
server (RFC 5280, section 4.2.1.9); OpenSSL accepts it.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from releasekit.errors import ReleasekitError
from releasekit.errors.access import UV_REFUSES_CERTIFICATE
from releasekit.index.layouts import simple_url
from releasekit.uv.indexes import clean_environ
from releasekit.uv.program import Count, run_uv

OBJECTION = re.compile(r"invalid peer certificate: (?P<said>[^\n]*)")
PLACE = re.compile(r"https://[^\s`'\")]+")
UNKNOWN_ISSUER = "UnknownIssuer"
MEANINGS = {
    "CaUsedAsEndEntity": "it is the certificate of a CA (CA:TRUE), used as that of a server",
    "EndEntityUsedAsCa": "a certificate of a server (CA:FALSE) is used as that of a CA",
    "UnsupportedCertVersion": "it is no X.509 version 3",
    UNKNOWN_ISSUER: "its issuer is not among the certificates that uv is given",
    "NotValidForName": "it is for another name",
}
CA_TRUE = re.compile(rb"\x06\x03\x55\x1d\x13(?:\x01\x01\xff)?\x04.\x30.\x01\x01\xff", re.DOTALL)
"""basicConstraints with CA:TRUE in DER (RFC 5280, 4.2.1.9): to parse it takes longer than uv."""
VERSION_3 = b"\xa0\x03\x02\x01\x02"
NOT_THERE = "releasekit-certificate"
"""A project that no repository has: its page is asked for, and need not exist."""


def describe_objection(output: str) -> str:
    """Return what uv objects to in a server's certificate, by its output; "" if it does not."""
    if not (found := OBJECTION.search(output)):
        return ""
    said = found["said"].strip()
    meaning = next((text for word, text in MEANINGS.items() if word in said), "")
    return f"{meaning} ({said})" if meaning else said


def find_certificate_fix(objection: str) -> str:
    """Return what changes that."""
    if UNKNOWN_ISSUER in objection:
        return "set ca-bundle (or RELEASEKIT_CA_BUNDLE) to the PEM file of the CA that issued it"
    return (
        "have its administrator install a certificate for a server (CA:FALSE, X.509 version 3,\n"
        "with the host in subjectAltName), and set ca-bundle to the CA that issued it"
    )


def find_refused_certificate(output: str, index: str) -> ReleasekitError | None:
    """Return the error of a call of uv that did not accept a server's certificate."""
    if not (objection := describe_objection(output)):
        return None
    place = PLACE.search(output)
    return ReleasekitError(
        UV_REFUSES_CERTIFICATE,
        url=place[0] if place else index,
        reason=objection,
        fix=find_certificate_fix(objection),
    )


def is_unlike_a_server(certificate: bytes) -> bool:
    """Tell whether a certificate, in DER, is of the kinds that OpenSSL accepts and uv does not.

    Those of CAs, and of X.509 before version 3; `doctor` asks uv about all others too.
    """
    if not certificate:
        return False
    return bool(CA_TRUE.search(certificate)) or VERSION_3 not in certificate[:32]


def ask_for_objection(url: str, environ: Mapping[str, str], *, timeout: float, count: Count) -> str:
    """Let uv make a TLS connection to a repository; return what it objects to, "" for nothing.

    The page of a project that does not exist is asked for, by nobody. All other failures are those
    of a server that our own client asks too.
    """
    options = ("--no-config", "--no-build", "--no-progress", "--no-python-downloads")
    told = {
        "UV_DEFAULT_INDEX": simple_url(url),
        "UV_HTTP_TIMEOUT": f"{max(1, round(timeout))}",
        "UV_HTTP_RETRIES": "0",
        "NETRC": os.devnull,
    }
    kept = {name: environ[name] for name in ("UV_CACHE_DIR",) if name in environ}
    with contextlib.suppress(ReleasekitError, OSError):
        finished = run_uv(
            ("pip", "compile", *options, "--python", sys.executable, "-"),
            cwd=Path("/"),
            environ={**clean_environ(environ), **kept, **told},
            given=f"{NOT_THERE}\n",
            seconds=2 * timeout,
            count=count,
        )
        return describe_objection(finished.output)
    return ""
