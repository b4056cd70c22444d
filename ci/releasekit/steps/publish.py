"""Publishing carries out the plan."""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping, Sequence

from packaging.specifiers import SpecifierSet

from releasekit.errors import CannotProve, NotListed, UploadFailed
from releasekit.events import Began, Published, Sent, Working
from releasekit.index.upload import upload_once
from releasekit.model.dists import Dist, DistKind, parse_metadata, read_metadata
from releasekit.model.plan import Action, Plan, compare
from releasekit.model.record import Record
from releasekit.steps.conflict import refuse_conflicts
from releasekit.steps.greet import note_overwriting
from releasekit.steps.job import Job
from releasekit.steps.plan import POLL, read_decided_page
from releasekit.threads import run_in_threads

POSTS = 3
"""A file is sent at most three times; the index is read after each failure."""


def publish(job: Job, plan: Plan, record: Record) -> None:
    """Upload what is not published yet: the wheels, then the sdist.

    A file counts as uploaded once the hosted repository lists it with these bytes: a login page
    answers 200 too. The sdist is sent when all wheels of the release are listed.
    """
    job.notify(Began(step="publish"))
    missing = plan.having(Action.UPLOAD)
    _refuse_unprovable(missing)
    wheels = [dist for dist in missing if dist.named.kind is DistKind.WHEEL]
    sdists = [dist for dist in missing if dist.named.kind is DistKind.SDIST]
    release = [file.dist for file in plan.files]
    all_wheels = [dist for dist in release if dist.named.kind is DistKind.WHEEL]
    with note_overwriting(job, plan):
        answers = run_in_threads(lambda dist: _upload(job, plan.url, record, dist), wheels)
        answered = dict(zip(wheels, answers, strict=True))
        if missing:
            _require_listed(job, plan.url, record, all_wheels, answered)
        for sdist in sdists:
            answered[sdist] = _upload(job, plan.url, record, sdist)
            _require_listed(job, plan.url, record, release, answered)
    job.notify(Published(url=plan.url, uploaded=tuple(dist.filename for dist in missing)))


def _refuse_unprovable(dists: Sequence[Dist]) -> None:
    """Refuse, before the first byte goes up, what this Python could not install back."""
    for dist in dists:
        metadata, _ = parse_metadata(read_metadata(dist) or b"")
        requires, python = metadata.get("requires_python", ""), platform.python_version()
        if not SpecifierSet(requires).contains(python, prereleases=True):
            raise CannotProve(filename=dist.filename, requires=requires, python=python)


def _upload(job: Job, url: str, record: Record, dist: Dist) -> str:
    """Upload one file, and return what was answered; after a failure the index decides."""

    def on_sent(sent: int, size: int) -> None:
        job.notify(Sent(filename=dist.filename, sent=sent, size=size))

    for attempt in range(1, POSTS + 1):
        tried = upload_once(
            dist,
            url,
            network=job.network,
            credentials=job.target.credentials,
            on_sent=on_sent,
        )
        if tried.error is None:
            return tried.reason
        # A refusal after an answer that was lost may mean the file itself, which a cache in front
        # of the index does not show yet.
        stored_perhaps = tried.exists or (tried.final and attempt > 1)
        seconds = job.settings.stale_limit if stored_perhaps else 0
        if not _await_listed(job, url, record, [dist], seconds):
            return tried.reason
        if tried.final:
            raise tried.error
        time.sleep(attempt)
    raise UploadFailed(filename=dist.filename, url=url, reason=tried.reason, attempts=POSTS)


def _require_listed(
    job: Job, url: str, record: Record, dists: Sequence[Dist], answered: Mapping[Dist, str]
) -> None:
    """Raise NotListed unless the hosted repository lists these files within `stale-limit`."""
    limit = job.settings.stale_limit
    if missing := _await_listed(job, url, record, dists, limit):
        before = "it was listed before this run uploaded anything"
        lines = (f"{dist.filename}: {answered.get(dist, before)}" for dist in missing)
        raise NotListed(url=url, files="\n".join(lines), seconds=limit)


def _await_listed(
    job: Job, url: str, record: Record, dists: Sequence[Dist], seconds: float
) -> tuple[Dist, ...]:
    """Wait until the hosted repository lists these files; return those that it does not list.

    Nexus lists a file at once (measured, 5.3), a cache in front of it may not. Raises Conflict
    where another release was quicker with other bytes.
    """
    deadline = time.monotonic() + (0 if job.target.sandbox else seconds)
    while True:
        page = read_decided_page(job, record, dists, url)
        plan = compare(dists, page, url=url)
        refuse_conflicts(job, record, plan, page)
        missing = plan.having(Action.UPLOAD)
        if not missing or time.monotonic() >= deadline:
            return missing
        job.notify(Working(text=f"waiting for {url} to list {missing[0].filename}"))
        time.sleep(POLL)
