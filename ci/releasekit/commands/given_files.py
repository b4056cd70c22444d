"""Dists that were given by path, from anywhere."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from releasekit.archives import read_dist
from releasekit.context import ProjectContext
from releasekit.errors import ReleasekitError
from releasekit.errors.usage import NOT_DISTS
from releasekit.model.dists import Dist, NotADistError, parse_filename
from releasekit.plural import list_some

SHOWN = 3
NONE_IN_THERE = "no file in there has the name of a dist"


def read_files(ctx: ProjectContext) -> tuple[Dist, ...]:
    """Read the dists that were given, those of a directory in the order of their names.

    Raises NOT_DISTS with all that is none. What else a directory holds is left alone.
    """
    paths: list[Path] = []
    for path in ctx.options.files:
        paths += _find_dists(ctx, path) if path.is_dir() else [path]
    read = [_read(path) for path in dict.fromkeys(paths)]
    reasons = [reason for reason in read if isinstance(reason, str)]
    if reasons or not read:
        where = ", ".join(map(str, ctx.options.files[:SHOWN])) + (
            ", …" if ctx.options.files[SHOWN:] else ""
        )
        raise ReleasekitError(NOT_DISTS, place=where, reasons="\n".join(reasons or [NONE_IN_THERE]))
    return tuple(dist for dist in read if isinstance(dist, Dist))


def _find_dists(ctx: ProjectContext, folder: Path) -> Sequence[Path]:
    files = sorted(path for path in folder.iterdir() if path.is_file())
    dists = []
    for path in files:
        with contextlib.suppress(NotADistError):
            parse_filename(path.name)
            dists.append(path)
    others = [path.name for path in files if path not in dists]
    if dists and others:
        ctx.progress.note(f"{folder} also holds {list_some(others)}: no dists, left alone")
    return dists


def _read(path: Path) -> Dist | str:
    """Read a dist, or return why the path leads to none."""
    if not path.is_file():
        return f"{path}: {'this is no regular file' if path.exists() else 'there is no such file'}"
    try:
        return read_dist(path)
    except (NotADistError, OSError) as error:
        return f"{path}: {error.strerror if isinstance(error, OSError) else error}"
