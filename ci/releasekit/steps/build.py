"""The version names dists: they are built once, and recorded."""

from __future__ import annotations

import contextlib
import platform
import tempfile
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version as installed_version
from pathlib import Path

from releasekit.adapters import git
from releasekit.adapters.build import BuildOptions, build_dists
from releasekit.adapters.files import write_text
from releasekit.core.dists import Dist, DistKind, parse_metadata, read_dist, read_metadata
from releasekit.core.errors import BuildFailed, BuildRequirementsFailed, NotInCommit
from releasekit.core.events import Began, Built, Note, Output
from releasekit.core.project import Project
from releasekit.core.record import Record, RecordedFile, render_record
from releasekit.steps.job import Job


def build(job: Job, project: Project) -> Record:
    """Build the sdist and the wheel into `dist/`, and record them."""
    job.notify(Began(step="build"))
    with _make_room(job) as room, _open_source(job, project) as source:
        log = room / "build.log"
        try:
            with log.open("w", encoding="utf-8") as lines:
                built = build_dists(source, room, _build_options(job, project, lines.write))
        except (BuildFailed, BuildRequirementsFailed) as error:
            error.root, error.log = str(job.root), str(_log_path(job))
            raise
        finally:
            write_text(_log_path(job), log.read_text("utf-8"))
        dists = tuple(_keep(job, path) for path in (built.sdist, built.wheel))
    record = _make_record(project, dists, built.requirements)
    write_text(job.record_path, render_record(record))
    _note_strangers(job, record)
    job.notify(Built(record=record))
    return record


def _log_path(job: Job) -> Path:
    return job.record_path.parent / "build.log"


@contextlib.contextmanager
def _make_room(job: Job) -> Iterator[Path]:
    """Provide a place beside the finished dists, from which a rename is atomic."""
    job.dist.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".build-", dir=job.dist) as folder:
        yield Path(folder)


@contextlib.contextmanager
def _open_source(job: Job, project: Project) -> Iterator[Path]:
    """Provide what is to be built: the commit alone; a changed tree, for the sandbox, as it is."""
    if project.dirty:
        yield job.root
        return
    with git.open_worktree(project.commit, job.network.environ) as tree:
        source = tree / job.root.relative_to(project.commit.root)
        if not source.is_dir():
            raise NotInCommit(root=str(job.root), commit=project.commit.short)
        yield source


def _build_options(job: Job, project: Project, write: Callable[[str], object]) -> BuildOptions:
    def log(line: str) -> None:
        write(f"{line}\n")
        job.notify(Output(line=line))

    constraints, tag = job.settings.build_constraints, project.released_as
    return BuildOptions(
        environ=job.network.environ,
        cache=job.cache,
        constraints=job.root / constraints if constraints else None,
        epoch=project.commit.time,
        version=str(tag.version) if tag else None,
        log=log,
    )


def _keep(job: Job, path: Path) -> Dist:
    path.chmod(0o644)
    return read_dist(path.replace(job.dist / path.name))


def _make_record(project: Project, dists: Sequence[Dist], requirements: Sequence[str]) -> Record:
    wheel = next(dist for dist in dists if dist.named.kind is DistKind.WHEEL)
    metadata, _ = parse_metadata(read_metadata(wheel) or b"")
    tools = ("releasekit", "build", "uv")
    return Record(
        project=metadata.get("name", wheel.named.name),
        version=str(wheel.named.version),
        tag=project.released_as.name if project.released_as else None,
        commit=project.commit.sha,
        dirty=project.dirty,
        requirements=tuple(requirements),
        tools={
            "python": platform.python_version(),
            **{name: installed_version(name) for name in tools},
        },
        files=tuple(
            RecordedFile(filename=dist.filename, size=dist.size, sha256=dist.sha256)
            for dist in dists
        ),
    )


def _note_strangers(job: Job, record: Record) -> None:
    ours = {file.filename for file in record.files}
    others = sorted(p.name for p in job.dist.iterdir() if p.is_file() and p.name not in ours)
    if others:
        names = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if others[3:] else "")
        job.notify(Note(text=f"dist/ also holds {names}: left alone, not part of this release"))
