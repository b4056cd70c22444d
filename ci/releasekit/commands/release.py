"""`release`: the whole release, readable from top to bottom.

A project has a version; the version names dists; checks judge dists; a plan compares dists with
the index; publishing carries out the plan; verification plans again and finds nothing left to do;
the report says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from releasekit.commands.preload import import_in_parts
from releasekit.commands.version import read_releasable_project
from releasekit.context import ProjectContext
from releasekit.model.project import Project


def run(ctx: ProjectContext) -> None:
    """Release the project; with --dry-run stop after the plan.

    What a step needs is imported when it begins: a refusal does not wait for the libraries of the
    steps after it.
    """
    project = read_releasable_project(ctx)

    from releasekit.commands.build import build
    from releasekit.commands.record import refuse_gaps

    record = build(ctx, project, meanwhile=_look_ahead(ctx, project))
    refuse_gaps(ctx, record)

    from releasekit.commands.check import check
    from releasekit.commands.plan import make_plan

    checked = check(ctx, project, record)
    plan = make_plan(ctx, record, checked.dists)
    if ctx.options.dry_run:
        return

    from releasekit.commands.prove import begin_environments
    from releasekit.commands.publish import publish
    from releasekit.commands.verify import verify

    begin_environments(ctx)
    publish(ctx, plan, record, checked.proof)
    verify(ctx, record, checked.dists)


def _look_ahead(ctx: ProjectContext, project: Project) -> Iterator[None]:
    """While the build backend works: check the access to the index, and import what comes next.

    The backend waits for the end of each part, so they are small: none takes more than 0.1 s.
    """
    import releasekit.http.client  # noqa: F401 - what check_access imports, apart from it
    from releasekit.commands.access import check_access

    yield
    check_access(ctx, project)
    yield
    yield from import_in_parts()
    ctx.environments.begin()  # the last, since uv takes a core for itself
