"""What differs between the kit's dists and those that `uv build` makes of the same checkout."""

from __future__ import annotations

import hashlib
import re
import tarfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path

SHOWN = 3
"""Differences without an explanation that a row has."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of difference that is explained."""

    name: str
    line: str
    """A pattern of the whole line that `compare` gives."""
    why: str
    backends: str = ".*"
    """A pattern of the backends that it is about."""


KINDS = (
    Kind(
        name="debug paths",
        line=r"wheel: [^ ]+\.so differs",
        why="a compiler writes the directory that it runs in into the debug information, and that "
        "of `uv build` is another one (two runs of `uv build` in two directories differ as much, "
        "and not after `strip -g`); the kit's is always the same",
    ),
    Kind(
        name="build paths",
        line=r"wheel: contourpy/util/_build_config\.py differs",
        backends="mesonpy",
        why="the project has meson write the directories of the build and of its Python into this "
        "file",
    ),
    Kind(
        name="bytecode",
        line=r"sdist: lacks [^ ]+/__pycache__/[^ ]+\.pyc",
        why="a backend that lies in the project was imported, and MANIFEST.in takes its whole "
        "directory; the kit runs backends with PYTHONDONTWRITEBYTECODE",
    ),
    Kind(
        name="list of bytecode",
        line=r"sdist: lib/PyYAML\.egg-info/SOURCES\.txt differs",
        why="it lists that bytecode",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What a row says of the dists, and the lines that no kind explains."""

    text: str
    lines: tuple[str, ...] = ()
    unexplained: tuple[str, ...] = ()


def compare(ours: Path, theirs: Path, backend: str) -> Comparison:
    """Compare the dists in two directories: members, their content and mode, and metadata."""
    lines = tuple(_list_differences(ours, theirs))
    counts: dict[str, int] = {}
    unexplained = []
    for line in lines:
        if kind := find_kind(line, backend):
            counts[kind.name] = counts.get(kind.name, 0) + 1
        else:
            unexplained.append(line)
    cells = [f"{name} ({count})" if count > 1 else name for name, count in counts.items()]
    cells += unexplained[:SHOWN]
    if len(unexplained) > SHOWN:
        cells.append(f"and {len(unexplained) - SHOWN} more")
    return Comparison(text="; ".join(cells) or "same", lines=lines, unexplained=tuple(unexplained))


def find_kind(line: str, backend: str) -> Kind | None:
    """Return the kind of difference that explains a line."""
    return next(
        (k for k in KINDS if re.fullmatch(k.line, line) and re.fullmatch(k.backends, backend)),
        None,
    )


def _list_differences(ours: Path, theirs: Path) -> Iterator[str]:
    for what, pattern in (("sdist", "*.tar.gz"), ("wheel", "*.whl")):
        pair = [sorted(folder.glob(pattern)) for folder in (ours, theirs)]
        if names := _differ([path.name for path in one] for one in pair):
            yield f"{what}: {names}"
        if all(pair):
            yield from _compare_archives(what, *(_read(found[0]) for found in pair))


def _differ(pair: Iterator[Sequence[str]]) -> str:
    ours, theirs = pair
    return "" if ours == theirs else f"{' '.join(ours)} instead of {' '.join(theirs)}"


def _compare_archives(
    what: str, ours: Mapping[str, bytes], theirs: Mapping[str, bytes]
) -> Iterator[str]:
    for name in sorted(theirs.keys() - ours.keys()):
        yield f"{what}: lacks {name}"
    for name in sorted(ours.keys() - theirs.keys()):
        yield f"{what}: adds {name}"
    for name in sorted(ours.keys() & theirs.keys()):
        if ours[name] == theirs[name] or name.endswith(".dist-info/RECORD"):
            continue
        if re.fullmatch(r"PKG-INFO|[^/]+\.dist-info/METADATA", name):
            yield from _compare_metadata(what, ours[name], theirs[name])
        else:
            mode = ours[name][1:] == theirs[name][1:]
            yield f"{what}: {name} {'has another mode' if mode else 'differs'}"


def _compare_metadata(what: str, ours: bytes, theirs: bytes) -> Iterator[str]:
    left, right = message_from_bytes(ours[1:]), message_from_bytes(theirs[1:])
    for field in dict.fromkeys((*left.keys(), *right.keys())):
        if left.get_all(field) != right.get_all(field):
            yield f"{what}: metadata {field} differs"
    if left.get_payload() != right.get_payload():
        yield f"{what}: metadata description differs"


def _read(dist: Path) -> dict[str, bytes]:
    """Return the files of a dist, an sdist's without its top directory, by their names.

    The first byte of each tells whether it is executable; large files are digests.
    """
    if dist.suffix == ".whl":
        with zipfile.ZipFile(dist) as archive:
            return {
                one.filename: _pack(archive.read(one), one.external_attr >> 16)
                for one in archive.infolist()
                if not one.is_dir()
            }
    with tarfile.open(dist) as tar:
        found = {}
        for member in tar.getmembers():
            name = member.name.partition("/")[2]
            if member.isreg():
                file = tar.extractfile(member)
                found[name] = _pack(file.read() if file else b"", member.mode)
            elif not member.isdir():
                found[name] = _pack(f"link to {member.linkname}".encode(), 0)
        return found


def _pack(content: bytes, mode: int) -> bytes:
    short = content if len(content) < 1 << 20 else hashlib.sha256(content).digest()
    return (b"x" if mode & 0o100 else b"-") + short
