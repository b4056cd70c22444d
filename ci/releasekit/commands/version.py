"""A project has a version."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

from releasekit import git
from releasekit.context import ProjectContext
from releasekit.errors import ReleasekitError, setup
from releasekit.inspect.project import find_counter, find_stated_version
from releasekit.model.project import (
    Project,
    dirty_tree,
    explain_tags,
    find_release_tag,
    no_release_tag,
    refuse_unreleasable,
)
from releasekit.model.versions import Development
from releasekit.outcome import ProjectRead


def run(ctx: ProjectContext) -> None:
    """Show what a release would be called."""
    read_releasable_project(ctx)


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
        fetch = f"git -C {shlex.quote(str(commit.root))} fetch --tags"
        ctx.progress.note(
            f"this clone has no tags, and {counter} counts from them: {fetch} gives the number "
            "that other clones get"
        )
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
    commit, root, patterns = project.commit, project.commit.root, ctx.settings.tag_patterns
    snapshots = ctx.target.snapshots_url
    if snapshots and not project.tag:
        if project.dirty:
            raise dirty_tree(commit, f"the commit {commit.short}")
        if commit.shallow:
            raise no_release_tag(commit, patterns)
        # The number would depend on how the project was cloned. A project that never had a release
        # has no tags anywhere, and may go on.
        why = _find_counter(project)
        if project.development and not project.development.history.has_tags:
            why = git.find_tags_elsewhere(root, ctx.network.git_environ, seconds=30)
        if why:
            top, short = shlex.quote(str(root)), commit.short
            raise ReleasekitError(
                setup.NO_TAGS_TO_COUNT_FROM, root=str(root), commit=short, reason=why, top=top
            )
    elif not ctx.target.sandbox:
        refuse_unreleasable(project, patterns)
    if project.released_as is None:
        ctx.progress.note(
            f"HEAD has no release tag: this goes to {snapshots}, as a development version"
            if snapshots
            else "a configured index would refuse this: it takes unchanged, tagged commits only"
        )
        if said := explain_tags(commit.tags if project.tag is None else (), patterns):
            ctx.progress.note("; ".join(said))
    return project


def _find_counter(project: Project) -> str:
    """Return what would count from tags that this clone lacks, beside releasekit; "" for none."""
    is_counted = project.history and not project.history.has_tags and not project.development
    return find_counter(project.root) if is_counted else ""
