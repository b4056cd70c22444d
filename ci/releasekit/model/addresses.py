"""Web addresses: what two of them share, and what may be shown of one."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_loopback(url: str) -> bool:
    """Tell whether an address is on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_same_origin(url: str, other: str) -> bool:
    """Tell whether two addresses have the same scheme, host and port, as credentials require."""
    return urlsplit(url)[:2] == urlsplit(other)[:2]


def show_address(url: str) -> str:
    """Return an address without what may be secret: its login, its query, its fragment."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
