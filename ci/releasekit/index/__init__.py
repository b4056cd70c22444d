"""A simple index: its pages, its files, uploads to it, and what differs between servers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from releasekit.errors import ReleasekitError
    from releasekit.http.answer import Answer
    from releasekit.index.pages import Index


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """How one kind of server arranges its repositories, and how it answers uploads.

    See `layouts.LAYOUTS`. The module of a layout imports nothing that takes long: the settings of
    every command need its addresses.
    """

    owns: Callable[[str], bool]
    """Tells whether an address is one of a repository of this kind."""
    find_sibling: Callable[[str, str], str | None] = lambda *_: None
    """Returns the address of another repository of the same server, None if it has only one."""
    simple_path: str = "simple/"
    """Where the simple index (PEP 503) is, below the address that uploads go to."""
    follows_elsewhere: bool = True
    """False if a page that redirects to another server says that the project is not here."""
    ask_for_upload: Callable[[Index], Answer] | None = None
    """Sends an upload that cannot be stored: 400 to who may upload. None: to read is to know."""
    explain_refusal: Callable[[Answer, Index], ReleasekitError | None] = lambda *_: None
    """Tells what an answer to an upload means here; None if it means what it does everywhere."""
