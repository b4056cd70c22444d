"""Checks judge dists."""

from __future__ import annotations

from packaging.version import Version

from releasekit.adapters import git
from releasekit.adapters.inspect import gather_facts
from releasekit.core.checks import CHECKS, Severity, run_checks
from releasekit.core.dists import Dist
from releasekit.core.errors import ChecksRefused
from releasekit.core.events import Began, Checked
from releasekit.core.project import Project
from releasekit.core.record import Record
from releasekit.steps.job import Job
from releasekit.steps.record import read_dists


def check(job: Job, project: Project, record: Record) -> tuple[Dist, ...]:
    """Run all checks on the recorded files; raises ChecksRefused for an error among them."""
    job.notify(Began(step="check"))
    dists = read_dists(job, record)
    tag = project.released_as
    version = tag.version if tag else Version(record.version)
    versioned = git.list_files(job.root, job.network.environ)
    facts = gather_facts(dists, job.root, versioned=versioned, release_version=version)
    findings = run_checks(CHECKS, facts, job.settings.severity.judge)
    job.notify(Checked(findings=findings, asked=tuple(check.code for check in CHECKS)))
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        codes = ", ".join(dict.fromkeys(finding.code for finding in errors))
        raise ChecksRefused(root=str(job.root), count=len(errors), codes=codes)
    return dists
