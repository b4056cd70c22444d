"""An archive read once, from front to back, within bounds: its members, metadata and secrets."""

import gzip
import hashlib
import itertools
import posixpath
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from email.parser import Parser
from pathlib import Path
from typing import IO, BinaryIO, cast

from releasekit.archives import BLOCK, UNREADABLE
from releasekit.checks.model import DistFacts, Member, Secret
from releasekit.checks.secrets import find_secrets
from releasekit.model.dists import Dist, find_stand_in
from releasekit.model.published import Contents

# Bytes of a zip's central directory, which is read as a whole: about 150 per member.
DIRECTORY_LIMIT = 32 << 20
# What zipfile and tarfile raise for headers that no writer of archives makes; ValueError is
# TooMuchError too.
DAMAGED = (*UNREADABLE, ValueError, OverflowError, MemoryError, RecursionError)


class TooMuchError(ValueError):
    """An archive unpacks to more than anybody can have meant."""


def read_archive(dist: Dist) -> DistFacts:
    """Read an archive as far as it can be read: what it holds, without its metadata."""
    members: list[Member] = []
    folders: list[Member] = []
    secrets: list[Secret] = []
    problem = None
    try:
        for found, blocks in _walk_members(dist):
            stream = iter(blocks)
            first = next(stream, b"")
            member = replace(found, stands_for=find_stand_in(first))
            (folders if member.folder else members).append(member)
            secrets += find_secrets(member.name, itertools.chain((first,), stream))
            if len(members) + len(folders) > 200_000:  # large real ones have some ten thousand
                raise TooMuchError("it has more than 200000 members")
    except DAMAGED as error:
        problem = str(error) or type(error).__name__
    return DistFacts(
        dist=dist,
        metadata=None,
        members=tuple(members),
        folders=tuple(folders),
        secrets=tuple(secrets),
        archive_problem=problem,
    )


def read_contents(dist: Dist) -> Contents:
    """Read the digests of all members, and what made a wheel; raises one of DAMAGED."""
    members, generator = {}, ""
    for member, blocks in _walk_members(dist):
        digest, head = hashlib.sha256(f"{member.link}:".encode()), b""
        for block in blocks:
            digest.update(block)
            head = head or block[: 64 << 10]  # WHEEL has some hundred bytes
        members[member.name] = digest.hexdigest()
        if member.name.count("/") == 1 and member.name.endswith(".dist-info/WHEEL"):
            generator = Parser().parsestr(head.decode(errors="replace")).get("Generator", "")
    return Contents(members=members, generator=generator)


def _walk_members(dist: Dist) -> Iterator[tuple[Member, Iterable[bytes]]]:
    """Go through the members of an archive and their bytes; raises one of DAMAGED."""
    # Zip and gzip reach a thousand times their size, code about five.
    limit = (128 << 20) + 100 * dist.path.stat().st_size
    walk = _walk_zip if dist.path.suffix in (".whl", ".zip") else _walk_tar
    return walk(dist.path, limit)


def _walk_zip(path: Path, limit: int) -> Iterator[tuple[Member, Iterable[bytes]]]:
    _refuse_large_directory(path)
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        total = sum(entry.file_size for entry in entries)
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


def _refuse_large_directory(path: Path) -> None:
    """Raise TooMuchError for a zip with a huge central directory, before that is read.

    Read from the end record, and from its 64-bit form where the field is full (APPNOTE.TXT 6.3.10,
    4.3.14 and 4.3.16).
    """
    with path.open("rb") as file:
        file.seek(-min(path.stat().st_size, 1 << 17), 2)
        tail = file.read()
    # Without an end record there are no bytes here: it is not a zip file, which zipfile will say.
    size = int.from_bytes(tail[tail.rfind(b"PK\5\6") :][12:16], "little")
    if size == 0xFFFFFFFF:
        size = int.from_bytes(tail[tail.rfind(b"PK\6\6") :][40:48], "little")
    if size > DIRECTORY_LIMIT:
        raise TooMuchError(f"its central directory has {size} bytes")


def _walk_tar(path: Path, limit: int) -> Iterator[tuple[Member, Iterable[bytes]]]:
    with gzip.open(path) as stream:
        bounded = cast("BinaryIO", _Bounded(cast("BinaryIO", stream), limit))
        archive = tarfile.open(fileobj=bounded, mode="r:")  # noqa: SIM115 - holds no file open
        total = 0
        while (entry := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined] # else every header is kept
            total += entry.size
            if total > limit:  # a sparse file can be larger than all that is in the archive
                raise TooMuchError(f"it unpacks to {total} bytes")
            link = entry.linkname if entry.islnk() else None
            if entry.issym():
                link = posixpath.join(posixpath.dirname(entry.name), entry.linkname)
            special = not (entry.isreg() or entry.isdir() or link is not None)
            member = Member(
                name=entry.name, size=entry.size, link=link, special=special, folder=entry.isdir()
            )
            content = archive.extractfile(entry) if entry.isreg() and not entry.issparse() else None
            yield member, _read_blocks(content) if content else ()
        while bounded.read(BLOCK):  # the length and the CRC of a gzip file are at its very end
            pass


def _read_blocks(stream: IO[bytes]) -> Iterator[bytes]:
    while block := stream.read(BLOCK):
        yield block


class _Bounded:
    """A stream that tarfile reads forward only, and not beyond a limit."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self.tell = stream.tell

    def read(self, size: int) -> bytes:
        # A header (PAX records, long names) is read as a whole.
        if not 0 <= size <= 8 << 20:
            raise TooMuchError(f"a header of it has {size} bytes")
        data = self._stream.read(size)
        self._refuse(self.tell())
        return data

    def seek(self, position: int) -> int:
        if position < self.tell():
            raise TooMuchError("it leads back to what was read already")
        self._refuse(position)
        return self._stream.seek(position)

    def _refuse(self, position: int) -> None:
        if position > self._limit:
            raise TooMuchError(f"it unpacks to more than {self._limit} bytes")
