"""What several build jobs made becomes one release: all of it, or nothing."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from releasekit.commands.adopt import adopt, read_adopted
from releasekit.commands.build import note_other_files
from releasekit.commands.record import (
    find_parts,
    load_dists,
    load_record,
    refuse_gaps,
    refuse_other_commit,
)
from releasekit.commands.version import read_project
from releasekit.context import ProjectContext
from releasekit.model.dists import Dist
from releasekit.model.parts import join_parts
from releasekit.model.project import Project
from releasekit.model.record import Record, render_record
from releasekit.outcome import Gathered
from releasekit.tempdirs import open_tempdir
from releasekit.workspace import RECORD, make_folder, write_file


def run(ctx: ProjectContext) -> None:
    """Join what several build jobs left to one release."""
    folders = [ctx.root / folder for folder in ctx.options.gather_from]
    project = read_project(ctx)
    gather(ctx, project, folders or (ctx.results,), read_adopted(ctx, ctx.options.adopt))


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """What one build left: its record, and the directory that holds its `dist/`."""

    path: Path
    record: Record
    root: Path


def gather(
    ctx: ProjectContext, project: Project, folders: Sequence[Path], wheels: Sequence[Dist] = ()
) -> Record:
    """Join what build jobs left in directories, each with a project's `dist/` and `reports/`.

    `wheels` were built by other tools. Nothing is changed before all of it is known to be one whole
    release. Raises CANNOT_ADOPT and INCOMPLETE_RELEASE.
    """
    ctx.progress.begin("gather")
    # A directory has the records of all builds in it, or the one of a project.
    parts = [
        Part(path=path, record=load_record(path, root=folder), root=folder)
        for folder in folders
        for path in find_parts(folder) or [folder / RECORD]
    ]
    for part in parts:
        refuse_other_commit(part.record, project, part.path)
    records = {str(part.path): part.record for part in parts}
    joined = join_parts(records)
    dists = [dist for part in parts for dist in load_dists(part.root, part.record)]
    if wheels and joined.sdist:
        sdist = next(dist for dist in dists if dist.filename == joined.sdist.filename)
        records[f"--adopt {wheels[0].path.parent}"] = adopt(wheels, sdist, joined)
        joined = join_parts(records)
    refuse_gaps(ctx, joined)
    _fetch(ctx, [*dists, *wheels])
    write_file(ctx.record_path, render_record(joined), root=ctx.root)
    note_other_files(ctx, joined)
    ctx.progress.finish(Gathered(record=joined))
    return joined


def _fetch(ctx: ProjectContext, dists: Sequence[Dist]) -> None:
    """Copy files into `dist/`, beside it first: an interrupt leaves whole files only."""
    make_folder(ctx.dist, root=ctx.root)
    with open_tempdir(".build-", ctx.dist) as tempdir:
        others = {dist.filename: dist.path for dist in dists if dist.path.parent != ctx.dist}
        copies = [Path(shutil.copyfile(path, tempdir / name)) for name, path in others.items()]
        for copy in copies:
            copy.replace(ctx.dist / copy.name)
