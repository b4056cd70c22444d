"""Which proxy leads to an address, by the environment of the run."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Mapping
from urllib.parse import urlsplit

from releasekit.model.addresses import is_loopback

PORTS = {"http": 80, "https": 443}


def find_proxy(url: str, environ: Mapping[str, str]) -> str | None:
    """Return the address of the proxy for an address; None for a direct connection.

    As curl, pip and uv do: the lower-case variable first, HTTP_PROXY or HTTPS_PROXY before
    ALL_PROXY, and http where the proxy's address names no scheme. Loopback is never proxied.
    """
    if is_loopback(url) or _is_excluded(url, environ):
        return None
    scheme = urlsplit(url).scheme
    proxies = _read_proxies(environ)
    proxy = proxies.get(scheme) or proxies.get("all")
    return proxy if proxy is None or "://" in proxy else f"http://{proxy}"


def _read_proxies(environ: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for scheme in ("http", "https", "all"):
        name = f"{scheme}_proxy"
        if proxy := environ.get(name) or environ.get(name.upper()):
            found[scheme] = proxy
    if sys.platform == "darwin" and not found:
        from urllib.request import getproxies_macosx_sysconf

        return getproxies_macosx_sysconf()
    return found


def _is_excluded(url: str, environ: Mapping[str, str]) -> bool:
    """Tell whether NO_PROXY names the host: a domain, `*`, an address or a network (CIDR)."""
    excluded = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme)
    names = (name.strip().lower() for name in excluded.split(","))
    return any(_covers(name, host, port) for name in names if name)


def _covers(name: str, host: str, port: int | None) -> bool:
    """Tell whether one entry of NO_PROXY is a host, its domain, or its network."""
    domain = name.removesuffix(f":{port}").lstrip(".")
    if name == "*" or domain == host or host.endswith(f".{domain}"):
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(domain, strict=False)
    except ValueError:  # names, not addresses
        return False
