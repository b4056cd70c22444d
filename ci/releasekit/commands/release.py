"""`release`: the whole release, readable from top to bottom.

A project has a version; the version names dists; checks judge dists; a plan compares dists with
the index; publishing carries out the plan; verification plans again and finds nothing left to do;
the report says so.
"""

from releasekit.commands.build import build
from releasekit.commands.check import check
from releasekit.commands.plan import make_plan
from releasekit.commands.project import refuse_gaps
from releasekit.commands.prove import begin_environments
from releasekit.commands.publish import check_access, publish
from releasekit.commands.verify import verify
from releasekit.context import ProjectContext
from releasekit.model.project import Project


def release(ctx: ProjectContext, project: Project) -> None:
    """Release a project; with --dry-run stop after the plan."""
    check_access(ctx, project, before="build")
    begin_environments(ctx)
    record = build(ctx, project)
    refuse_gaps(ctx, record)
    dists, proof = check(ctx, project, record)
    plan = make_plan(ctx, record, dists)
    if ctx.options.dry_run:
        return
    begin_environments(ctx)
    publish(ctx, plan, record, proof)
    verify(ctx, record, dists)
