"""Checks judge dists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from packaging.version import Version

from releasekit import git
from releasekit.checks.catalog import CHECKS
from releasekit.checks.facts import MEGABYTE, DistFacts, ProjectFacts
from releasekit.checks.model import Check, Severity, find_asked, run_checks
from releasekit.checks.origins import ABSENT_DEPENDENCIES
from releasekit.errors import ChecksRefused
from releasekit.events import Began, Checked
from releasekit.inspect.gather import gather_facts
from releasekit.inspect.project import read_backend_warnings, read_declared
from releasekit.model.dists import Dist
from releasekit.model.project import Project
from releasekit.model.record import Record
from releasekit.steps.dependencies import Absent, find_absent_dependencies
from releasekit.steps.given import read_given
from releasekit.steps.job import Job
from releasekit.steps.record import read_dists
from releasekit.workspace import check_file

CHECKS_OF_FILES = tuple(check for check in CHECKS if not check.needs_project)


def check(job: Job, project: Project, record: Record) -> tuple[Dist, ...]:
    """Run all checks on the recorded files; raises ChecksRefused for an error among them."""
    job.notify(Began(step="check"))
    dists = read_dists(job, record)
    facts = gather_facts(dists, _gather_project(job, project, record), job.root)
    absent = find_absent_dependencies(job, record, facts)
    facts = tuple(replace(dist, project=_add_absent(dist.project, absent)) for dist in facts)
    checks = [check for check in CHECKS if absent.index or check is not ABSENT_DEPENDENCIES]
    _judge(job, checks, facts, where=str(job.root))
    return dists


def _add_absent(project: ProjectFacts, absent: Absent) -> ProjectFacts:
    return replace(project, index=absent.index, absent_dependencies=absent.names)


def _gather_project(job: Job, project: Project, record: Record) -> ProjectFacts:
    tag = project.released_as
    return replace(
        _read_wishes(job),
        declared=read_declared(job.root),
        release_version=tag.version if tag else Version(record.version),
        tag=tag.name if tag else None,
        versioned=tuple(git.list_files(job.root, job.network.git_environ)),
        backend_warnings=read_backend_warnings(
            check_file(job.record_path.parent / "build.log", root=job.root)
        ),
    )


def _read_wishes(job: Job) -> ProjectFacts:
    """Return what configuration asks of every dist."""
    return ProjectFacts(
        required_urls=job.settings.required_urls,
        size_limit=job.settings.size_limit * MEGABYTE,
    )


def check_given(job: Job) -> None:
    """Run the checks that a dist alone can answer on the files that were given."""
    job.notify(Began(step="check"))
    facts = gather_facts(read_given(job), _read_wishes(job))
    _judge(job, CHECKS_OF_FILES, facts, where=", ".join(map(str, job.files)))


def _judge(job: Job, checks: Sequence[Check], facts: Sequence[DistFacts], *, where: str) -> None:
    judge = job.settings.severity.judge
    findings = run_checks(checks, facts, judge)
    job.notify(Checked(findings=findings, asked=find_asked(checks, facts, judge)))
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        codes = ", ".join(dict.fromkeys(finding.code for finding in errors))
        raise ChecksRefused(where_=where, count=len(errors), codes=codes)
