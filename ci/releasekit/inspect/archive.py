"""An archive read once, from front to back, within bounds: its members, metadata and secrets."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import posixpath
import struct
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from email.parser import Parser
from io import SEEK_SET
from pathlib import Path
from typing import IO, BinaryIO, cast

from releasekit.archives import BLOCK, UNREADABLE
from releasekit.checks.facts import Member
from releasekit.checks.secrets import Secret, find_secrets
from releasekit.model.dists import Dist
from releasekit.model.plan import Contents
from releasekit.model.stand_ins import find_stand_in

UNPACKED_FREE = 128 << 20
"""Bytes that any archive may unpack to."""
UNPACKED_FACTOR = 100
"""... and how many times its own size on top: zip and gzip reach a thousand, code about five."""
MEMBERS_LIMIT = 200_000
"""Members of an archive; large real ones have some ten thousand."""
DIRECTORY_LIMIT = 32 << 20
"""Bytes of a zip's central directory, which is read as a whole: about 150 per member."""
HEADER_LIMIT = 8 << 20
"""Bytes of a tar header (PAX records, long names), which is read as a whole."""

END, END64 = b"PK\5\6", b"PK\6\6"


class TooMuchError(ValueError):
    """An archive unpacks to more than anybody can have meant."""


def unpacked_limit(path: Path) -> int:
    """Return the bytes that an archive may unpack to."""
    return UNPACKED_FREE + UNPACKED_FACTOR * path.stat().st_size


def refuse_large_directory(path: Path) -> None:
    """Raise TooMuchError for a zip with a huge central directory, before that is read.

    Read from the end record, and from its 64-bit form where the field is full (APPNOTE.TXT 6.3.10,
    4.3.14 and 4.3.16).
    """
    with path.open("rb") as file:
        file.seek(-min(path.stat().st_size, 1 << 17), 2)
        tail = file.read()
    size = _read_field(tail, END, offset=12, form="<L")
    if size == 0xFFFFFFFF:
        size = _read_field(tail, END64, offset=40, form="<Q")
    if size > DIRECTORY_LIMIT:
        raise TooMuchError(f"its central directory has {size} bytes")


def _read_field(tail: bytes, mark: bytes, *, offset: int, form: str) -> int:
    start = tail.rfind(mark)
    field = tail[start + offset : start + offset + struct.calcsize(form)]
    if start < 0 or len(field) < struct.calcsize(form):
        return 0  # not a zip file, which zipfile will say
    value: int = struct.unpack(form, field)[0]
    return value


class Bounded:
    """A stream that is read forward only, and not beyond a limit."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self._stream = stream
        self._limit = limit

    def read(self, size: int = -1) -> bytes:
        """Read at most `size` bytes; a negative size reads the rest."""
        if size > HEADER_LIMIT:
            raise TooMuchError(f"a header of it has {size} bytes")
        data = self._stream.read(size if size >= 0 else self._limit + 1)
        self._refuse(self._stream.tell())
        return data

    def seek(self, position: int, whence: int = SEEK_SET) -> int:
        """Skip to a position that lies ahead."""
        if whence != SEEK_SET or position < self._stream.tell():
            raise TooMuchError("it leads back to what was read already")
        self._refuse(position)
        return self._stream.seek(position)

    def tell(self) -> int:
        """Return the position."""
        return self._stream.tell()

    def _refuse(self, position: int) -> None:
        if position > self._limit:
            raise TooMuchError(f"it unpacks to more than {self._limit} bytes")


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
            stream = iter(blocks)
            first = next(stream, b"")
            member = replace(member, stands_for=find_stand_in(first)) if first else member
            (folders if member.folder else members).append(member)
            secrets += find_secrets(member.name, itertools.chain((first,), stream))
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
        while bounded.read(BLOCK):  # the length and the CRC of a gzip file are at its very end
            pass


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


WHEEL_LIMIT = 64 << 10
"""Bytes of a wheel's file WHEEL; real ones have some hundred."""


def read_contents(dist: Dist) -> Contents:
    """Read the digests of all members, and what made a wheel; raises one of DAMAGED."""
    members, generator = {}, ""
    for member, blocks in walk_members(dist):
        digest, head = hashlib.sha256(f"{member.link}:".encode()), b""
        for block in blocks:
            digest.update(block)
            head = head or block[:WHEEL_LIMIT]
        members[member.name] = digest.hexdigest()
        if member.name.count("/") == 1 and member.name.endswith(".dist-info/WHEEL"):
            generator = Parser().parsestr(head.decode(errors="replace")).get("Generator", "")
    return Contents(members=members, generator=generator)
