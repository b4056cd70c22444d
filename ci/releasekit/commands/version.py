"""A project has a version."""

from __future__ import annotations

from packaging.version import Version

from releasekit import git
from releasekit.context import ProjectContext
from releasekit.inspect.project import read_static_version
from releasekit.model.project import (
    Project,
    find_release_tag,
    no_release_tag,
    refuse_final_version,
    refuse_unreleasable,
)
from releasekit.results import ProjectRead

WOULD_REFUSE = "a configured index would refuse this: it takes unchanged, tagged commits only"


def run(ctx: ProjectContext) -> None:
    """Show what a release would be called."""
    read_releasable_project(ctx)


def refuse_final_snapshot(ctx: ProjectContext, version: Version, commit: str) -> None:
    """Raise NOT_A_DEVELOPMENT_VERSION for a version that may not go to `snapshots`."""
    refuse_final_version(
        version,
        root=ctx.root,
        commit=commit,
        patterns=ctx.settings.tag_patterns,
        snapshots=str(ctx.target.snapshots_url),
    )


def read_project(ctx: ProjectContext) -> Project:
    """Read the commit and its release tag."""
    ctx.progress.begin("version")
    commit = git.read_commit(ctx.root, ctx.network.git_environ)
    tag = find_release_tag(commit, ctx.settings.tag_patterns, ctx.tag)
    project = Project(root=ctx.root, commit=commit, tag=tag)
    ctx.progress.finish(ProjectRead(project=project))
    return project


def read_releasable_project(ctx: ProjectContext) -> Project:
    """Read the project and refuse a commit that may not go where this run sends it."""
    project = read_project(ctx)
    snapshot = ctx.target.snapshots_url and not project.tag and not project.dirty
    if snapshot and project.commit.shallow:
        raise no_release_tag(project.commit, ctx.settings.tag_patterns)
    if snapshot and (version := read_static_version(ctx.root)):
        refuse_final_snapshot(ctx, version, project.commit.sha)
    if not ctx.target.sandbox and not snapshot:
        refuse_unreleasable(project, ctx.settings.tag_patterns)
    if ctx.target.sandbox and (project.dirty or project.tag is None):
        ctx.progress.note(WOULD_REFUSE)
    return project
