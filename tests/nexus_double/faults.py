"""Faults on purpose, as values: what goes wrong while a double runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Right = Literal["add", "read"]


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer an upload with this status, before anything is stored."""

    status: int
    message: str | None = None


@dataclass(frozen=True, slots=True)
class LoseAnswer:
    """Store an upload, then answer with this status; without one, cut the connection."""

    status: int | None = None


@dataclass(frozen=True, slots=True)
class CutBody:
    """Cut the connection once this many bytes of an upload's body have come; store nothing."""

    after: int = 0


UploadFault: TypeAlias = Refuse | LoseAnswer | CutBody | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Faults:
    """What goes wrong from the moment this value is set.

    uploads: one entry for each upload that reaches a repository, used up in order; None lets one
        pass.
    upload_delay: seconds between the last byte of an upload and storing it.
    stale_pages: so many requests for project pages of the group do not show what was uploaded
        since; math.inf for ever.
    dead_links: names of files that the group lists and answers with 404.
    other_bytes: file name to the bytes that the group serves in its place.
    cut_downloads: so many downloads from the group stop half-way.
    offline: names of repositories that are offline.
    forbidden: rights that the publisher does not have.
    read_only: the server is frozen.
    login_page: a front server answers everything with 200 and an HTML page.
    """

    uploads: tuple[UploadFault, ...] = ()
    upload_delay: float = 0.0
    stale_pages: float = 0
    dead_links: tuple[str, ...] = ()
    other_bytes: Mapping[str, bytes] = field(default_factory=dict)
    cut_downloads: int = 0
    offline: tuple[str, ...] = ()
    forbidden: tuple[Right, ...] = ()
    read_only: bool = False
    login_page: bool = False


NO_FAULTS = Faults()
