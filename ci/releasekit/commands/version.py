"""A project has a version."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

from packaging.version import Version

from releasekit import git
from releasekit.context import ProjectContext
from releasekit.errors import ReleasekitError
from releasekit.errors.refused import NOT_A_DEVELOPMENT_VERSION
from releasekit.errors.setup import NO_TAGS_TO_COUNT_FROM
from releasekit.inspect.project import find_counter, find_stated_version
from releasekit.model.project import (
    Project,
    dirty_tree,
    explain_tags,
    find_release_tag,
    no_release_tag,
    refuse_unreleasable,
)
from releasekit.model.versions import Development, render_tag
from releasekit.outcome import ProjectRead

WOULD_REFUSE = "a configured index would refuse this: it takes unchanged, tagged commits only"
GOES_TO_SNAPSHOTS = "HEAD has no release tag: this goes to {url}, as a development version"
NO_TAGS = (
    "this clone has no tags, and {counter} counts from them: "
    "git -C {top} fetch --tags gives the number that other clones get"
)
ASK_SECONDS = 30
"""Seconds that the repository of origin has to list its tags."""


def run(ctx: ProjectContext) -> None:
    """Show what a release would be called."""
    read_releasable_project(ctx)


def refuse_final_snapshot(ctx: ProjectContext, version: Version, commit: str) -> None:
    """Raise NOT_A_DEVELOPMENT_VERSION unless a version for `snapshots` has a .devN.

    `==1.0` means 1.0+local as well (PEP 440), and 1.0rc1 and 1.0.post1 are releases by a tag.
    """
    if not version.is_devrelease:
        raise ReleasekitError(
            NOT_A_DEVELOPMENT_VERSION,
            version=str(version),
            root=str(ctx.root),
            commit=commit[:10],
            snapshots=str(ctx.target.snapshots_url),
            tag=render_tag(version.public, ctx.settings.tag_patterns),
        )


def read_project(ctx: ProjectContext) -> Project:
    """Read the commit and its release tag, or the development version of what has none."""
    ctx.progress.begin("version")
    environ, patterns = ctx.network.git_environ, ctx.settings.tag_patterns
    commit = git.read_commit(ctx.root, environ)
    tag = find_release_tag(commit, patterns, ctx.tag)
    project = Project(root=ctx.root, commit=commit, tag=tag)
    if project.released_as is None:
        history = git.read_history(ctx.root, environ, patterns)
        project = develop(replace(project, history=history), ctx.root)
    ctx.progress.finish(ProjectRead(project=project))
    if counter := _find_counter(project):
        ctx.progress.note(NO_TAGS.format(counter=counter, top=shlex.quote(str(commit.root))))
    return project


def develop(project: Project, source: Path) -> Project:
    """Return the project with the development version of what is in a directory, if it needs one.

    The checkout decides: in a working tree git may be told to overlook a change.
    """
    stated = find_stated_version(source) if project.history else None
    if project.history is None or stated is None:
        return replace(project, development=None)
    return replace(project, development=Development(stated=stated, history=project.history))


def read_releasable_project(ctx: ProjectContext) -> Project:
    """Read the project and refuse a commit that may not go where this run sends it."""
    project = read_project(ctx)
    commit, patterns = project.commit, ctx.settings.tag_patterns
    snapshot = ctx.target.snapshots_url and not project.tag and not project.dirty
    if snapshot and commit.shallow:
        raise no_release_tag(commit, patterns)
    if ctx.target.snapshots_url and not project.tag and project.dirty:
        raise dirty_tree(commit, f"the commit {commit.short}")
    if snapshot:
        _refuse_uncounted(ctx, project)
    elif not ctx.target.sandbox:
        refuse_unreleasable(project, patterns)
    if project.released_as is None:
        _note_untagged(ctx, project)
    return project


def _note_untagged(ctx: ProjectContext, project: Project) -> None:
    """Say where a commit without a release tag goes, and why its tags are none."""
    url = ctx.target.snapshots_url
    ctx.progress.note(GOES_TO_SNAPSHOTS.format(url=url) if url else WOULD_REFUSE)
    tags = project.commit.tags if project.tag is None else ()
    if said := explain_tags(tags, ctx.settings.tag_patterns):
        ctx.progress.note("; ".join(said))


def _refuse_uncounted(ctx: ProjectContext, project: Project) -> None:
    """Raise NO_TAGS_TO_COUNT_FROM where the number would depend on how the project was cloned."""
    why, root, commit = _find_counter(project), project.commit.root, project.commit.short
    if project.development and not project.development.history.has_tags:
        # A project that never had a release has no tags anywhere, and may go on.
        why = git.find_tags_elsewhere(root, ctx.network.git_environ, ASK_SECONDS)
    if why:
        raise ReleasekitError(
            NO_TAGS_TO_COUNT_FROM,
            root=str(root),
            commit=commit,
            reason=why,
            top=shlex.quote(str(root)),
        )


def _find_counter(project: Project) -> str:
    """Return what would count from tags that this clone lacks, beside releasekit; "" for none."""
    is_counted = project.history and not project.history.has_tags and not project.development
    return find_counter(project.root) if is_counted else ""
