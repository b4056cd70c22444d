"""Checks judge dists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from packaging.version import Version

from releasekit import git
from releasekit.checks.catalog import CHECKS
from releasekit.checks.facts import MEGABYTE, DistFacts, ProjectFacts
from releasekit.checks.model import Check, Severity, list_codes, run_checks
from releasekit.checks.origins import ABSENT_DEPENDENCIES
from releasekit.commands.build import build
from releasekit.commands.dependencies import Absent, find_absent_dependencies
from releasekit.commands.given_files import read_files
from releasekit.commands.record import read_dists, read_record
from releasekit.commands.version import read_project
from releasekit.context import ProjectContext
from releasekit.errors import NotBuilt, ReleasekitError
from releasekit.errors.refused import CHECKS_REFUSED
from releasekit.inspect.gather import gather_facts
from releasekit.inspect.project import read_backend_warnings, read_declared
from releasekit.model.dists import Dist
from releasekit.model.project import Project
from releasekit.model.record import Record
from releasekit.plural import plural
from releasekit.results import Checked
from releasekit.workspace import check_file

CHECKS_OF_FILES = tuple(check for check in CHECKS if not check.needs_project)


def run(ctx: ProjectContext) -> None:
    """Check the files that were given, or the dists of this commit; build them if need be."""
    if ctx.options.files:
        check_files(ctx)
        return
    project = read_project(ctx)
    try:
        record = read_record(ctx, project)
        read_dists(ctx, record)
    except NotBuilt:
        record = build(ctx, project)
    check(ctx, project, record)


def check(ctx: ProjectContext, project: Project, record: Record) -> tuple[Dist, ...]:
    """Run all checks on the recorded files; raises CHECKS_REFUSED for an error among them."""
    ctx.progress.begin("check")
    dists = read_dists(ctx, record)
    facts = gather_facts(dists, _gather_project(ctx, project, record), ctx.root)
    absent = find_absent_dependencies(ctx, record, facts)
    facts = tuple(replace(dist, project=_add_absent(dist.project, absent)) for dist in facts)
    checks = [check for check in CHECKS if absent.index or check is not ABSENT_DEPENDENCIES]
    _judge(ctx, checks, facts, where=str(ctx.root))
    return dists


def _add_absent(project: ProjectFacts, absent: Absent) -> ProjectFacts:
    return replace(project, index=absent.index, absent_dependencies=absent.names)


def _gather_project(ctx: ProjectContext, project: Project, record: Record) -> ProjectFacts:
    tag = project.released_as
    return replace(
        _read_limits(ctx),
        declared=read_declared(ctx.root),
        release_version=tag.version if tag else Version(record.version),
        tag=tag.name if tag else None,
        versioned=tuple(git.list_files(ctx.root, ctx.network.git_environ)),
        backend_warnings=read_backend_warnings(
            check_file(ctx.record_path.parent / "build.log", root=ctx.root)
        ),
    )


def _read_limits(ctx: ProjectContext) -> ProjectFacts:
    """Return what configuration asks of every dist."""
    return ProjectFacts(
        required_urls=ctx.settings.required_urls,
        size_limit=ctx.settings.size_limit * MEGABYTE,
    )


def check_files(ctx: ProjectContext) -> None:
    """Run the checks that a dist alone can answer on the files that were given."""
    ctx.progress.begin("check")
    facts = gather_facts(read_files(ctx), _read_limits(ctx))
    _judge(ctx, CHECKS_OF_FILES, facts, where=", ".join(map(str, ctx.options.files)))


def _judge(
    ctx: ProjectContext, checks: Sequence[Check], facts: Sequence[DistFacts], *, where: str
) -> None:
    judge = ctx.settings.severity.judge
    findings = run_checks(checks, facts, judge)
    ctx.progress.finish(Checked(findings=findings, asked=list_codes(checks, facts, judge)))
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        codes = ", ".join(dict.fromkeys(finding.code for finding in errors))
        found = plural(len(errors), "finding")
        raise ReleasekitError(CHECKS_REFUSED, place=where, findings=found, codes=codes)
