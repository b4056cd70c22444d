"""Proxies that keep uv from an index: uv names none of them, nor what it asks for (0.13)."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping

from releasekit.errors import ReleasekitError
from releasekit.errors.access import INVALID_PROXY, PROXY_NEEDS_LOGIN
from releasekit.errors.failed import PROXY_REFUSED, PROXY_UNREACHABLE
from releasekit.tls.trust import open_trust

NOT_SENT = re.compile(
    r"(?:error sending request|\(407 [^\n]*\)) for url \((?P<url>https?://[^\s)]+)\)"
)
"""How uv 0.13 says that it had no answer, or over http that of a proxy."""
LOGIN = re.compile(r"proxy authorization required|\(407 ")
OF_PROXIES = (PROXY_NEEDS_LOGIN, INVALID_PROXY, PROXY_REFUSED, PROXY_UNREACHABLE)
TUNNEL = re.compile(r"(?m)^ *cause: [^\n]*(?:tunnel error|\bsocks\b)[^\n]*(?:\n *cause: [^\n]*)*")


def find_proxy_failure(
    output: str, environ: Mapping[str, str], timeout: float
) -> ReleasekitError | None:
    """Return what is wrong with the proxy, if that is why a call of uv failed.

    Our own client asks the same address the same way, without credentials.
    """
    from releasekit.http.client import Client  # takes long, and a call seldom fails
    from releasekit.http.failures import fail, refuse_login

    if not (found := NOT_SENT.search(output)):
        return None
    url = found["url"]
    client = Client(trust=open_trust(environ, None, None), environ=environ, timeout=timeout)
    proxy = client.find_proxy(url)
    with contextlib.closing(client):
        try:
            if proxy:
                client.get(url, leave_rest=True, follows_elsewhere=False, attempts=1)
        except ReleasekitError as error:
            if error.entry in OF_PROXIES:
                return error
    if LOGIN.search(output):
        return refuse_login(url, proxy, "407")
    if proxy and (met := TUNNEL.search(output)):  # as of SOCKS, where PySocks is not installed
        reason = ": ".join(line.strip().removeprefix("cause: ") for line in met[0].splitlines())
        return fail(PROXY_REFUSED, url, reason, proxy)
    return None
