"""The sentence, readable top to bottom.

A project has a version; the version names dists; checks judge dists; a plan compares dists with
the index; publishing carries out the plan; verification plans again and finds nothing left to do;
the report says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from releasekit import steps
from releasekit.errors import FilesChanged, NoRecord, RecordOfAnotherCommit
from releasekit.model.project import Project
from releasekit.steps.job import Job


def release(job: Job) -> None:
    """Release the project: the whole sentence."""
    project = steps.version.read_releasable_project(job)
    record = steps.build.build(job, project, meanwhile=_look_ahead(job, project))
    steps.record.refuse_gaps(job, record)
    dists = steps.check.check(job, project, record)
    steps.publish.publish(job, steps.plan.make_plan(job, record, dists), record)
    steps.verify.verify(job, record, dists)


def rehearse(job: Job) -> None:
    """Do everything of a release that changes nothing: `release --dry-run`."""
    project = steps.version.read_releasable_project(job)
    record = steps.build.build(job, project, meanwhile=_look_ahead(job, project))
    steps.record.refuse_gaps(job, record)
    steps.plan.make_plan(job, record, steps.check.check(job, project, record))


def _look_ahead(job: Job, project: Project) -> Iterator[None]:
    """While the build backend works: ask whether the index lets us in, and load what comes next.

    The backend waits for the end of a step, so they are small.
    """
    yield from steps.load(steps.GREET)
    steps.greet.knock(job, project)
    yield
    yield from steps.load(steps.LATER)
    job.environment.begin()  # the last, since uv takes a core for itself


def show_version(job: Job) -> None:
    """Tell what a release would be called."""
    steps.version.read_releasable_project(job)


def build_only(job: Job) -> None:
    """Build the dists and their record."""
    steps.build.build(job, steps.version.read_project(job))


def build_sdist_only(job: Job) -> None:
    """Build the sdist and its record, a part of a release."""
    steps.build.build_sdist_alone(job, steps.version.read_project(job))


def build_wheel_only(job: Job) -> None:
    """Build the wheel of an sdist at hand and its record, a part of a release."""
    steps.build.build_wheel_alone(job, steps.version.read_project(job), str(job.wheel_from))


def gather_only(job: Job) -> None:
    """Join what several build jobs left to one release."""
    steps.gather.gather(job, steps.version.read_project(job), job.gather_from or (job.root,))


def check_only(job: Job) -> None:
    """Check the dists of this commit; build them first where that was not done."""
    project = steps.version.read_project(job)
    try:
        record = steps.record.read_record(job, project)
        steps.record.read_dists(job, record)
    except (NoRecord, RecordOfAnotherCommit, FilesChanged):
        record = steps.build.build(job, project)
    steps.check.check(job, project, record)


def check_files(job: Job) -> None:
    """Check the dists that were given, which may be nobody's here."""
    steps.check.check_given(job)


def plan_only(job: Job) -> None:
    """Compare the dists that were built with the index."""
    record = steps.record.read_whole_record(job, steps.version.read_releasable_project(job))
    steps.plan.make_plan(job, record, steps.record.read_dists(job, record))


def publish_only(job: Job) -> None:
    """Check the dists that were built again, and publish them."""
    project = steps.version.read_releasable_project(job)
    record = steps.record.read_whole_record(job, project)
    with steps.greet.knock_meanwhile(job, project):
        dists = steps.check.check(job, project, record)
    steps.publish.publish(job, steps.plan.make_plan(job, record, dists), record)


def verify_only(job: Job) -> None:
    """Prove that what was built is served and installs."""
    record = steps.record.read_whole_record(job, steps.version.read_project(job))
    steps.verify.verify(job, record, steps.record.read_dists(job, record))
