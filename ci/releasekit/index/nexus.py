"""Nexus: several repositories on one server, each below /repository/NAME/.

This is the only module that knows this path.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from releasekit.index import Layout

REPOSITORIES = "/repository/"


def repository_url(nexus: str, name: str) -> str:
    """Return the address of a repository, with the slash at the end that Nexus demands."""
    return f"{nexus}{REPOSITORIES}{name}/"


def is_below_repositories(url: str) -> bool:
    """Tell whether an address leads to the repositories of a Nexus, or to one of them."""
    return REPOSITORIES in f"{urlsplit(url).path}/"


def split_url(url: str) -> tuple[str, str] | None:
    """Return the Nexus and the name of its repository that an address holds, None for others."""
    nexus, found, name = url.rstrip("/").partition(REPOSITORIES)
    return (nexus, name) if found and name and "/" not in name else None


NEXUS = Layout(
    owns=lambda url: REPOSITORIES in url,
    find_sibling=lambda url, name: repository_url(url.partition(REPOSITORIES)[0], name),
)
