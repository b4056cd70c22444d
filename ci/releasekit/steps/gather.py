"""What several build jobs made becomes one release: all of it, or nothing."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from releasekit.events import Began, Gathered
from releasekit.model.dists import Dist
from releasekit.model.parts import join_parts
from releasekit.model.project import Project
from releasekit.model.record import Record, render_record
from releasekit.steps.build import note_strangers
from releasekit.steps.job import RECORD, Job
from releasekit.steps.record import (
    find_parts,
    load_dists,
    load_record,
    refuse_gaps,
    refuse_other_commit,
)
from releasekit.tempdirs import open_room
from releasekit.workspace import make_folder, write_file


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """What one build left: its record, and the directory that holds its `dist/`."""

    path: Path
    record: Record
    root: Path


def gather(job: Job, project: Project, folders: Sequence[Path]) -> Record:
    """Join what build jobs left in these directories: each holds a job's `dist/` and `reports/`.

    Nothing is changed before all of it is known to be one whole release.
    """
    job.notify(Began(step="gather"))
    parts = [part for folder in folders for part in _read_parts(folder)]
    for part in parts:
        refuse_other_commit(part.record, project, part.path)
    joined = join_parts({str(part.path): part.record for part in parts})
    refuse_gaps(job, joined)
    _fetch(job, [dist for part in parts for dist in load_dists(part.root, part.record)])
    write_file(job.record_path, render_record(joined), root=job.root)
    note_strangers(job, joined)
    job.notify(Gathered(record=joined))
    return joined


def _read_parts(folder: Path) -> list[Part]:
    """Read what a directory holds: the records of all builds in it, or the one of a job."""
    paths = find_parts(folder) or [folder / RECORD]
    return [Part(path=path, record=load_record(path, root=folder), root=folder) for path in paths]


def _fetch(job: Job, dists: Sequence[Dist]) -> None:
    """Copy files into `dist/`, beside it first: an interrupt leaves whole files only."""
    make_folder(job.dist, root=job.root)
    with open_room(".build-", job.dist) as room:
        others = {dist.filename: dist.path for dist in dists if dist.path.parent != job.dist}
        copies = [Path(shutil.copyfile(path, room / name)) for name, path in others.items()]
        for copy in copies:
            copy.replace(job.dist / copy.name)
