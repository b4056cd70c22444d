"""A project has a version."""

from __future__ import annotations

from packaging.version import Version

from releasekit import git
from releasekit.events import Began, Note, ProjectRead
from releasekit.inspect.static_metadata import read_static_version
from releasekit.model.project import (
    Project,
    find_release_tag,
    no_release_tag,
    refuse_final_version,
    refuse_unreleasable,
)
from releasekit.steps.job import Job

WOULD_REFUSE = "a configured index would refuse this: it takes unchanged, tagged commits only"


def refuse_final_snapshot(job: Job, version: Version, commit: str) -> None:
    """Raise NotADevelopmentVersion for a version that may not go to `snapshots`."""
    refuse_final_version(
        version,
        root=job.root,
        commit=commit,
        patterns=job.settings.tag_patterns,
        snapshots=str(job.target.snapshots_url),
    )


def read_project(job: Job) -> Project:
    """Read the commit and its release tag."""
    job.notify(Began(step="version"))
    commit = git.read_commit(job.root, job.network.git_environ)
    tag = find_release_tag(commit, job.settings.tag_patterns, job.tag)
    project = Project(root=job.root, commit=commit, tag=tag)
    job.notify(ProjectRead(project=project))
    return project


def read_releasable_project(job: Job) -> Project:
    """Read the project and refuse a commit that may not go where this run sends it."""
    project = read_project(job)
    snapshot = job.target.snapshots_url and not project.tag and not project.dirty
    if snapshot and project.commit.shallow:
        raise no_release_tag(project.commit, job.settings.tag_patterns)
    if snapshot and (version := read_static_version(job.root)):
        refuse_final_snapshot(job, version, project.commit.sha)
    if not job.target.sandbox and not snapshot:
        refuse_unreleasable(project, job.settings.tag_patterns)
    if job.target.sandbox and (project.dirty or project.tag is None):
        job.notify(Note(text=WOULD_REFUSE))
    return project
