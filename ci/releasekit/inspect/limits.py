"""Bounds for archives that somebody made to be read for ever."""

from __future__ import annotations

import struct
from io import SEEK_SET
from pathlib import Path
from typing import BinaryIO

UNPACKED_FREE = 128 << 20
"""Bytes that any archive may unpack to."""
UNPACKED_FACTOR = 100
"""... and how many times its own size on top: zip and gzip reach a thousand, code about five."""
MEMBERS_LIMIT = 200_000
"""Members of an archive; large real ones have some ten thousand."""
DIRECTORY_LIMIT = 32 << 20
"""Bytes of a zip's central directory, which is read as a whole: about 150 for a member."""
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
