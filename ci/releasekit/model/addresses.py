"""Web addresses: what two of them share, and what may be shown of one."""

from __future__ import annotations

import contextlib
import ipaddress
from urllib.parse import urlsplit

PORTS = {"http": 80, "https": 443}


def is_loopback(url: str) -> bool:
    """Tell whether an address is on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_address(text: str) -> bool:
    """Tell whether an address has a host, and no port that is none."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port  # which raises, too
        return bool(host)
    except ValueError:
        return False


def find_origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of an address, as they are compared (RFC 6454, section 4)."""
    parts, port = urlsplit(url), None
    with contextlib.suppress(ValueError):  # the port is no number, which is refused later
        port = parts.port or PORTS.get(parts.scheme)
    return parts.scheme, parts.hostname or "", port


def is_same_origin(url: str, other: str) -> bool:
    """Tell whether two addresses have the same scheme, host and port, as credentials require."""
    return find_origin(url) == find_origin(other)


def may_have_login(url: str, target: str) -> bool:
    """Tell whether credentials for an address may go where it redirects to.

    The same server, and the same host by https where the address was http (as requests does).
    """
    (scheme, host, port), (to, name, number) = find_origin(url), find_origin(target)
    is_upgrade = (scheme, port, to, number) == ("http", 80, "https", 443)
    return (scheme, host, port) == (to, name, number) or (is_upgrade and host == name)


def show_address(url: str) -> str:
    """Return an address without what may be secret: its login, its query, its fragment."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
