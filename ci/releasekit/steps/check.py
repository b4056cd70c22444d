"""Checks judge dists."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.version import Version

from releasekit.adapters import git
from releasekit.adapters.inspect import gather_facts
from releasekit.core.checks import CHECKS, Check, DistFacts, Severity, find_asked, run_checks
from releasekit.core.dists import Dist
from releasekit.core.errors import ChecksRefused
from releasekit.core.events import Began, Checked
from releasekit.core.project import Project
from releasekit.core.record import Record
from releasekit.steps.given import read_given
from releasekit.steps.job import Job
from releasekit.steps.record import read_dists

CHECKS_OF_FILES = tuple(check for check in CHECKS if not check.needs_project)


def check(job: Job, project: Project, record: Record) -> tuple[Dist, ...]:
    """Run all checks on the recorded files; raises ChecksRefused for an error among them."""
    job.notify(Began(step="check"))
    dists = read_dists(job, record)
    tag = project.released_as
    version = tag.version if tag else Version(record.version)
    versioned = git.list_files(job.root, job.network.environ)
    facts = gather_facts(dists, job.root, versioned=versioned, release_version=version)
    _judge(job, CHECKS, facts, where=str(job.root))
    return dists


def check_given(job: Job) -> None:
    """Run the checks that a dist alone can answer on the files that were given."""
    job.notify(Began(step="check"))
    facts = gather_facts(read_given(job), None, versioned=(), release_version=None)
    _judge(job, CHECKS_OF_FILES, facts, where=", ".join(map(str, job.files)))


def _judge(job: Job, checks: Sequence[Check], facts: Sequence[DistFacts], *, where: str) -> None:
    judge = job.settings.severity.judge
    findings = run_checks(checks, facts, judge)
    job.notify(Checked(findings=findings, asked=find_asked(checks, facts, judge)))
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        codes = ", ".join(dict.fromkeys(finding.code for finding in errors))
        raise ChecksRefused(where_=where, count=len(errors), codes=codes)
