"""The layouts, and what is the same in all of them.

Another kind of server is a file beside this one, and a line in LAYOUTS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from releasekit.index import Layout
from releasekit.index.nexus import NEXUS
from releasekit.index.pypiserver import PYPISERVER
from releasekit.model.credentials import NO_CREDENTIALS, Credentials

if TYPE_CHECKING:
    from releasekit.http.client import Client
    from releasekit.index.pages import Index

LAYOUTS = (NEXUS, PYPISERVER)
"""The first one that owns an address is taken; the last one owns every address."""


def find_layout(url: str) -> Layout:
    """Return the layout of the repository at an address."""
    return next(layout for layout in LAYOUTS if layout.owns(url))


def simple_url(url: str) -> str:
    """Return the address of a repository's simple index (PEP 503), as installers take it."""
    return f"{url.rstrip('/')}/{find_layout(url).simple_path}"


def open_index(
    url: str, *, client: Client, reader: Credentials, publisher: Credentials = NO_CREDENTIALS
) -> Index:
    """Return the index of the repository at an address; no request is sent yet."""
    from releasekit.index.pages import Index

    return Index(
        url=url,
        simple_url=simple_url(url),
        layout=find_layout(url),
        client=client,
        reader=reader,
        publisher=publisher,
    )
