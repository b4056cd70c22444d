"""How kinds of servers arrange their repositories, and how they answer uploads.

This module imports nothing that takes long: the settings of every command need its addresses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from releasekit.errors import ReleasekitError, WrongCredentials, access
from releasekit.http.answer import Answer
from releasekit.model.access import NO_CREDENTIALS, Credentials, describe_login

if TYPE_CHECKING:
    from releasekit.http.client import Client
    from releasekit.index.pages import Index

REPOSITORIES = "/repository/"
"""What Nexus has in the address of a repository, before its name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """What differs between kinds of servers; pages and uploads are the same for all."""

    owns: Callable[[str], bool]
    """Tells whether an address is one of a repository of this kind."""
    find_sibling: Callable[[str, str], str | None] = lambda *_: None
    """Returns the address of another repository of the same server, None if it has only one."""
    simple_path: str = "simple/"
    """Where the simple index (PEP 503) is, below the address that uploads go to."""
    root_title: str = "simple index"
    """How the title of the simple index's first page begins, in lower case."""
    follows_elsewhere: bool = True
    """False if a page that redirects to another server says that the project is not here."""
    ask_for_upload: Callable[[Index], Answer] | None = None
    """Sends an upload that cannot be stored: 400 to who may upload. None: to read is to know."""
    explain_refusal: Callable[[Answer, Index], ReleasekitError | None] = lambda *_: None
    """Tells what an answer to an upload means here; None if it means what it does everywhere."""


def repository_url(nexus: str, name: str) -> str:
    """Return the address of a Nexus's repository, with the slash at the end that it demands."""
    return f"{nexus}{REPOSITORIES}{name}/"


def split_url(url: str) -> tuple[str, str] | None:
    """Return the Nexus and the name of its repository that an address holds, None for others."""
    nexus, found, name = url.rstrip("/").partition(REPOSITORIES)
    return (nexus, name) if found and name and "/" not in name else None


NEXUS = Layout(
    owns=lambda url: REPOSITORIES in url,
    find_sibling=lambda url, name: repository_url(url.partition(REPOSITORIES)[0], name),
)


def _ask_pypiserver(index: Index) -> Answer:
    """Send a form without an action, which is looked at after the login, and stores nothing."""
    return index.client.send(
        "POST",
        index.url,
        credentials=index.publisher,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body=b"",
    )


def _explain_pypiserver(answer: Answer, index: Index) -> ReleasekitError | None:
    if answer.status != 403 or not index.publisher.username:
        return None
    name, source, hint = describe_login(index.publisher)
    return WrongCredentials(
        access.WRONG_CREDENTIALS_OR_RIGHTS, url=index.url, username=name, source=source, hint=hint
    )


# And servers like it: one repository per server, uploads to its root. Read from pypiserver 2.4
# (_app.py), and tried with it: by default it lets everybody read, answers 401 to an upload without
# credentials and 403 to one with a wrong password, and redirects a project that it does not have to
# a public index.
PYPISERVER = Layout(
    owns=bool,  # every address
    follows_elsewhere=False,
    ask_for_upload=_ask_pypiserver,
    explain_refusal=_explain_pypiserver,
)

# The first one that owns an address is taken; the last one owns every address.
LAYOUTS = (NEXUS, PYPISERVER)


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
