"""Why a call of uv 0.13 failed, by its output; and which certificates uv does not accept.

uv 0.13 checks them with rustls-webpki, which for example refuses the certificate of a CA as that of
a server (RFC 5280, section 4.2.1.9); OpenSSL accepts it.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from releasekit.errors import ReleasekitError
from releasekit.errors.access import (
    INVALID_PROXY,
    LICENSE_LIMIT,
    PROXY_NEEDS_LOGIN,
    UV_REFUSES_CERTIFICATE,
)
from releasekit.errors.failed import PROXY_REFUSED, PROXY_UNREACHABLE
from releasekit.errors.setup import NO_UPLOAD_TIMES
from releasekit.errors.usage import INVALID_UV_SETTING
from releasekit.index.layouts import simple_url
from releasekit.model.access import refused_login
from releasekit.redact import hide_credentials
from releasekit.tls.trust import open_trust
from releasekit.uv.call import UvCall
from releasekit.uv.indexes import BuildIndex, clean_environ
from releasekit.uv.program import Count, run_uv

FINAL = re.compile(
    r"Failed to parse entry|TOML parse error|The build backend returned an error"
    r"|couldn't find remote ref"
)
"""What uv 0.13 says where the same call fails again. "No solution" is not of them: a group whose
proxy is down looks as if nobody had the project (docs/nexus-behaviour.md, Remote failures)."""
MEANINGS = {
    "CaUsedAsEndEntity": "it is the certificate of a CA (CA:TRUE), used as that of a server",
    "EndEntityUsedAsCa": "a certificate of a server (CA:FALSE) is used as that of a CA",
    "UnsupportedCertVersion": "it is no X.509 version 3",
    "UnknownIssuer": "its issuer is not among the certificates that uv is given",
    "NotValidForName": "it is for another name",
}


def refuse_failed(call: UvCall, output: str, timeout: float) -> None:
    """Raise what a failed call of uv is, if that is known.

    BUILD_WITH_CREDENTIALS where it may not build; CREDENTIALS_NEEDED and WrongCredentials where the
    group does not let it in; NO_UPLOAD_TIMES; what `refuse_met` raises.
    """
    refuse_met(hide_credentials(output), call.index, call.environ, timeout)
    for line in output.splitlines():
        if call.group and call.group.url in line:
            refuse_wrong_login(line, call.group)
    found = re.search(r"`([^`\s]+)` was filtered by `(exclude-newer(?:-package)?)`", output)
    if found and "is missing an upload date" in output:  # the index does not say what is how old
        name, setting = found.groups()
        fix = "export UV_EXCLUDE_NEWER=false   (in CI: a variable), then run this again"
        if setting == "exclude-newer-package":  # no variable of uv 0.13 beats this one
            fix = f"remove {name} from {setting}, or write there: {name} = false"
        raise ReleasekitError(
            NO_UPLOAD_TIMES, names=name, setting=f"`{setting}`", index=call.index, fix=fix
        )
    if call.source and (names := find_unbuilt_names(output)):
        raise call.refusal(
            ", ".join(names),
            "the index has no wheel of it for this Python and machine, only an sdist",
            f"put a wheel of it on that index (`python -m pip wheel --no-deps {names[0]}` makes "
            "it: run that\nwithout credentials), or name a version that has one in the file of "
            "build-constraints",
        )


def refuse_wrong_login(said: str, index: BuildIndex) -> None:
    """Raise CREDENTIALS_NEEDED or WrongCredentials if uv says that the index did not let it in."""
    match = re.search(r"\((401 Unauthorized|403 Forbidden)\)", said)
    if match and (not index.credentials.username or match[1].startswith("401")):
        raise refused_login(index.url, index.credentials, match[1])


def find_unbuilt_names(output: str) -> tuple[str, ...]:
    """Return the packages that uv would have had to build, by what it says of --no-build."""
    unbuilt = (
        r"Wheels are required for `([^`]+)`|Building source distributions for `([^`]+)` is disabled"
    )
    return tuple(dict.fromkeys(first or other for first, other in re.findall(unbuilt, output)))


def refuse_met(said: str, index: str, environ: Mapping[str, str], timeout: float) -> None:
    """Raise what uv met before an index answered as one, whatever it was called for.

    INVALID_UV_SETTING, UV_REFUSES_CERTIFICATE, what a proxy is, and LICENSE_LIMIT.
    """
    # An option, which a setting became, or a variable.
    unread = r"(?m)^error: (invalid value '.*|Failed to parse environment variable .*)"
    if invalid := re.search(unread, said):
        raise ReleasekitError(INVALID_UV_SETTING, reason=invalid[1])
    if objection := _describe_objection(said):
        address, fix = re.search(r"https://[^\s`'\")]+", said), find_certificate_fix(objection)
        url = address[0] if address else index
        raise ReleasekitError(UV_REFUSES_CERTIFICATE, url=url, reason=objection, fix=fix)
    # It had no answer, or over http that of a proxy.
    no_answer = r"(?:error sending request|\(407 .*\)) for url \((https?://[^\s)]+)\)"
    if not_sent := re.search(no_answer, said):
        _refuse_proxy(said, not_sent[1], environ, timeout)
    if met := re.search(r"\((402 .*)\) for url \((https?://[^\s)]+)\)", said):
        raise ReleasekitError(LICENSE_LIMIT, url=met[2], answer=met[1])


def _refuse_proxy(said: str, url: str, environ: Mapping[str, str], timeout: float) -> None:
    """Raise what is wrong with the proxy, if that is why uv had no answer.

    uv names no proxy, nor what it asks for (0.13). Our own client asks the same address through the
    same proxy, without credentials.
    """
    from releasekit.http.client import Client  # takes long, and a call seldom fails
    from releasekit.http.failures import fail, refuse_login

    client = Client(trust=open_trust(environ, None, None), environ=environ, timeout=timeout)
    proxy = client.find_proxy(url)
    with contextlib.closing(client):
        try:
            if proxy:
                client.get(url, leave_rest=True, follows_elsewhere=False, attempts=1)
        except ReleasekitError as error:
            if error.entry in (
                PROXY_NEEDS_LOGIN,
                INVALID_PROXY,
                PROXY_REFUSED,
                PROXY_UNREACHABLE,
            ):
                raise
    if re.search(r"proxy authorization required|\(407 ", said):
        raise refuse_login(url, proxy, "407")
    tunnel = r"(?m)^ *cause: .*(?:tunnel error|\bsocks\b).*(?:\n *cause: .*)*"
    if proxy and (met := re.search(tunnel, said)):  # as of SOCKS, where PySocks is not installed
        reason = ": ".join(line.strip().removeprefix("cause: ") for line in met[0].splitlines())
        raise fail(PROXY_REFUSED, url, reason, proxy)


def _describe_objection(output: str) -> str:
    if not (found := re.search(r"invalid peer certificate: (.*)", output)):
        return ""
    said = found[1].strip()
    meaning = next((text for word, text in MEANINGS.items() if word in said), "")
    return f"{meaning} ({said})" if meaning else said


def find_certificate_fix(objection: str) -> str:
    """Return what changes an objection of uv to a certificate."""
    if "UnknownIssuer" in objection:
        return "set ca-bundle (or RELEASEKIT_CA_BUNDLE) to the PEM file of the CA that issued it"
    return (
        "have its administrator install a certificate for a server (CA:FALSE, X.509 version 3,\n"
        "with the host in subjectAltName), and set ca-bundle to the CA that issued it"
    )


def is_unlike_a_server(certificate: bytes) -> bool:
    """Tell whether a certificate, in DER, is of the kinds that OpenSSL accepts and uv does not.

    Those of CAs, and of X.509 before version 3; `doctor` asks uv about all others too.
    """
    # basicConstraints with CA:TRUE (RFC 5280, 4.2.1.9); to parse DER takes longer than to ask uv.
    of_ca = rb"(?s)\x06\x03\x55\x1d\x13(?:\x01\x01\xff)?\x04.\x30.\x01\x01\xff"
    is_old = bool(certificate) and b"\xa0\x03\x02\x01\x02" not in certificate[:32]
    return is_old or bool(re.search(of_ca, certificate))


def ask_for_objection(url: str, environ: Mapping[str, str], *, timeout: float, count: Count) -> str:
    """Let uv make a TLS connection to a repository; return what it objects to, "" for nothing.

    It asks for the page of a project that does not exist, without credentials. All other failures
    are those of a server that our own client asks too.
    """
    options = ("--no-config", "--no-build", "--no-progress", "--no-python-downloads")
    kept = {name: environ[name] for name in ("UV_CACHE_DIR",) if name in environ}
    variables = {
        "UV_DEFAULT_INDEX": simple_url(url),
        "UV_HTTP_TIMEOUT": f"{max(1, round(timeout))}",
        "UV_HTTP_RETRIES": "0",
        "NETRC": os.devnull,
    }
    with contextlib.suppress(ReleasekitError, OSError):
        finished = run_uv(
            ("pip", "compile", *options, "--python", sys.executable, "-"),
            cwd=Path("/"),
            environ={**clean_environ(environ), **kept, **variables},
            stdin="releasekit-certificate\n",
            seconds=2 * timeout,
            count=count,
        )
        return _describe_objection(finished.output)
    return ""
