"""The sentence, readable top to bottom.

A project has a version; the version names dists; checks judge dists; a plan compares dists with
the index; publishing carries out the plan; verification plans again and finds nothing left to do;
the report says so.
"""

from __future__ import annotations

from releasekit.core.errors import FilesChanged, NoRecord, RecordOfAnotherCommit
from releasekit.steps.build import build, build_sdist_alone, build_wheel_alone
from releasekit.steps.check import check, check_given
from releasekit.steps.gather import gather
from releasekit.steps.job import Job
from releasekit.steps.plan import make_plan
from releasekit.steps.publish import publish
from releasekit.steps.record import read_dists, read_record, read_whole_record, refuse_gaps
from releasekit.steps.verify import verify
from releasekit.steps.version import read_project, read_releasable_project


def release(job: Job) -> None:
    """Release the project: the whole sentence."""
    project = read_releasable_project(job)
    record = build(job, project)
    refuse_gaps(job, record)
    dists = check(job, project, record)
    publish(job, make_plan(job, record, dists), record)
    verify(job, record, dists)


def rehearse(job: Job) -> None:
    """Do everything of a release that changes nothing: `release --dry-run`."""
    project = read_releasable_project(job)
    record = build(job, project)
    refuse_gaps(job, record)
    make_plan(job, record, check(job, project, record))


def show_version(job: Job) -> None:
    """Tell what a release would be called."""
    read_releasable_project(job)


def build_only(job: Job) -> None:
    """Build the dists and their record."""
    build(job, read_project(job))


def build_sdist_only(job: Job) -> None:
    """Build the sdist and its record, a part of a release."""
    build_sdist_alone(job, read_project(job))


def build_wheel_only(job: Job) -> None:
    """Build the wheel of an sdist at hand and its record, a part of a release."""
    build_wheel_alone(job, read_project(job), str(job.wheel_from))


def gather_only(job: Job) -> None:
    """Join what several build jobs left to one release."""
    gather(job, read_project(job), job.gather_from or (job.root,))


def check_only(job: Job) -> None:
    """Check the dists of this commit; build them first where that was not done."""
    project = read_project(job)
    try:
        record = read_record(job, project)
        read_dists(job, record)
    except (NoRecord, RecordOfAnotherCommit, FilesChanged):
        record = build(job, project)
    check(job, project, record)


def check_files(job: Job) -> None:
    """Check the dists that were given, which may be nobody's here."""
    check_given(job)


def plan_only(job: Job) -> None:
    """Compare the dists that were built with the index."""
    record = read_whole_record(job, read_releasable_project(job))
    make_plan(job, record, read_dists(job, record))


def publish_only(job: Job) -> None:
    """Check the dists that were built again, and publish them."""
    project = read_releasable_project(job)
    record = read_whole_record(job, project)
    dists = check(job, project, record)
    publish(job, make_plan(job, record, dists), record)


def verify_only(job: Job) -> None:
    """Prove that what was built is served and installs."""
    record = read_whole_record(job, read_project(job))
    verify(job, record, read_dists(job, record))
