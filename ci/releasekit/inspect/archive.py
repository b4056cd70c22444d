"""An archive read once, from front to back, within bounds: its members, metadata and secrets."""

from __future__ import annotations

import gzip
import posixpath
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, BinaryIO, cast

from releasekit.archives import BLOCK, UNREADABLE
from releasekit.checks.facts import Member
from releasekit.checks.secrets import Secret, find_secrets
from releasekit.inspect.limits import (
    MEMBERS_LIMIT,
    Bounded,
    TooMuchError,
    refuse_large_directory,
    unpacked_limit,
)
from releasekit.model.dists import Dist

DAMAGED = (*UNREADABLE, ValueError, OverflowError, MemoryError, RecursionError)
"""What zipfile and tarfile raise for headers that no writer of archives makes; ValueError is
TooMuchError too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Archive:
    """What an archive holds."""

    members: tuple[Member, ...]
    folders: tuple[Member, ...]
    secrets: tuple[Secret, ...]
    problem: str | None
    """Why it could not be read to its end."""


def read_archive(dist: Dist) -> Archive:
    """Read an archive as far as it can be read."""
    members: list[Member] = []
    folders: list[Member] = []
    secrets: list[Secret] = []
    problem = None
    try:
        for member, blocks in walk_members(dist):
            (folders if member.folder else members).append(member)
            secrets += find_secrets(member.name, blocks)
            if len(members) + len(folders) > MEMBERS_LIMIT:
                raise TooMuchError(f"it has more than {MEMBERS_LIMIT} members")
    except DAMAGED as error:
        problem = str(error) or type(error).__name__
    return Archive(
        members=tuple(members), folders=tuple(folders), secrets=tuple(secrets), problem=problem
    )


def walk_members(dist: Dist) -> Iterator[tuple[Member, Iterable[bytes]]]:
    """Go through the members of an archive and their bytes; raises one of DAMAGED."""
    return _walk_zip(dist) if dist.path.suffix in (".whl", ".zip") else _walk_tar(dist)


def _walk_zip(dist: Dist) -> Iterator[tuple[Member, Iterable[bytes]]]:
    refuse_large_directory(dist.path)
    with zipfile.ZipFile(dist.path) as archive:
        entries = archive.infolist()
        total, limit = sum(entry.file_size for entry in entries), unpacked_limit(dist.path)
        for entry in entries:
            # The name as it is written: zipfile cuts `filename` at a null byte.
            name = entry.orig_filename
            member = Member(name=name, size=entry.file_size, folder=name.endswith("/"))
            if total > limit or member.folder:
                yield member, ()
            else:
                with archive.open(entry) as stream:
                    yield member, _read_blocks(stream)
        if total > limit:
            raise TooMuchError(f"it unpacks to {total} bytes")


def _walk_tar(dist: Dist) -> Iterator[tuple[Member, Iterable[bytes]]]:
    limit = unpacked_limit(dist.path)
    with gzip.open(dist.path) as stream:
        bounded = cast("BinaryIO", Bounded(cast("BinaryIO", stream), limit))
        archive = tarfile.open(fileobj=bounded, mode="r:")  # noqa: SIM115 - holds no file open
        total = 0
        while (entry := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined] # else every header is kept
            total += entry.size
            if total > limit:  # a sparse file can be larger than all that is in the archive
                raise TooMuchError(f"it unpacks to {total} bytes")
            content = archive.extractfile(entry) if entry.isreg() and not entry.issparse() else None
            yield _read_tar_member(entry), _read_blocks(content) if content else ()


def _read_tar_member(entry: tarfile.TarInfo) -> Member:
    link = None
    if entry.issym():
        link = posixpath.join(posixpath.dirname(entry.name), entry.linkname)
    elif entry.islnk():
        link = entry.linkname
    is_known = entry.isreg() or entry.isdir() or link is not None
    return Member(
        name=entry.name, size=entry.size, link=link, special=not is_known, folder=entry.isdir()
    )


def _read_blocks(stream: IO[bytes]) -> Iterator[bytes]:
    while block := stream.read(BLOCK):
        yield block
