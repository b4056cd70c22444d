"""What a build left for later steps: the record, and the files it names."""

from __future__ import annotations

import contextlib

from pydantic import ValidationError

from releasekit.core.dists import Dist, NotADistError, read_dist
from releasekit.core.errors import FilesChanged, NoRecord, RecordOfAnotherCommit
from releasekit.core.events import RecordRead
from releasekit.core.project import Project
from releasekit.core.record import Record, find_changes, parse_record
from releasekit.steps.job import Job


def read_record(job: Job, project: Project) -> Record:
    """Read the record that a build left; it has to be of this commit and tag.

    Raises NoRecord and RecordOfAnotherCommit.
    """
    path = job.record_path
    try:
        record = parse_record(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NoRecord(path=str(path), reason="there is no such file") from error
    except (OSError, ValueError) as error:
        reason = _first_problem(error) if isinstance(error, ValidationError) else str(error)
        raise NoRecord(path=str(path), reason=f"it cannot be read: {reason}") from error
    tag = project.released_as.name if project.released_as else None
    if (record.commit, record.tag, record.dirty) != (project.commit.sha, tag, project.dirty):
        built = _describe(record.commit, record.tag, record.dirty)
        head = _describe(project.commit.sha, tag, project.dirty)
        raise RecordOfAnotherCommit(path=str(path), built=built, head=head)
    job.notify(RecordRead(record=record))
    return record


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in problem['loc']) or 'JSON'}: {problem['msg']}"


def _describe(commit: str, tag: str | None, dirty: bool) -> str:
    return f"{commit[:10]} ({tag or 'no tag'}{', with changes' if dirty else ''})"


def read_dists(job: Job, record: Record) -> tuple[Dist, ...]:
    """Read the recorded files from `dist/`; raises FilesChanged for other bytes."""
    dists = []
    for file in record.files:
        with contextlib.suppress(FileNotFoundError, NotADistError):
            dists.append(read_dist(job.dist / file.filename))
    if changes := find_changes(record, dists):
        raise FilesChanged(dist=str(job.dist), reason="\n".join(changes))
    return tuple(dists)
