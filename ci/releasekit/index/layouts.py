"""The layouts, and what is the same in all of them.

Another kind of server is a file beside this one, and a line in LAYOUTS.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from releasekit.index.nexus import NEXUS
from releasekit.index.protocol import Access, Index, Layout, ignore_server_info
from releasekit.index.pypiserver import PYPISERVER
from releasekit.model.credentials import NO_CREDENTIALS, Credentials

if TYPE_CHECKING:
    from releasekit.http.client import Client
    from releasekit.index.protocol import ServerInfo

LAYOUTS = (NEXUS, PYPISERVER)
"""The first one that owns an address is taken; the last one owns every address."""


def find_layout(url: str) -> Layout:
    """Return the layout of the repository at an address."""
    return next(layout for layout in LAYOUTS if layout.owns(url))


def simple_url(url: str) -> str:
    """Return the address of a repository's simple index (PEP 503)."""
    return find_layout(url).find_simple_url(url)


def open_index(
    url: str,
    *,
    client: Client,
    reader: Credentials,
    publisher: Credentials = NO_CREDENTIALS,
    on_answer: Callable[[ServerInfo], None] = ignore_server_info,
) -> Index:
    """Return the index of the repository at an address; nothing is asked yet."""
    access = Access(url=url, client=client, reader=reader, publisher=publisher, on_answer=on_answer)
    return find_layout(url).open(access)
