"""Publishing carries out the plan."""

from __future__ import annotations

import platform
import time
from collections.abc import Sequence

from packaging.specifiers import SpecifierSet

from releasekit.adapters.threads import run_in_threads
from releasekit.adapters.upload import upload_once
from releasekit.core.dists import Dist, DistKind, parse_metadata, read_metadata
from releasekit.core.errors import CannotProve, NotListed, UploadFailed
from releasekit.core.events import Began, Published, Sent, Working
from releasekit.core.plan import Action, Plan, compare
from releasekit.core.record import Record
from releasekit.steps.conflict import refuse_conflicts
from releasekit.steps.greet import note_overwriting
from releasekit.steps.job import Job
from releasekit.steps.plan import POLL, read_decided_page

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
        if missing:
            _await_listed(job, plan.url, record, all_wheels, answers)
        for sdist in sdists:
            answer = _upload(job, plan.url, record, sdist)
            _await_listed(job, plan.url, record, release, [answer])
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
        if tried.error is None or not _find_missing(job, url, record, [dist]):
            return tried.reason
        if tried.final:
            raise tried.error
        time.sleep(attempt)
    raise UploadFailed(filename=dist.filename, url=url, reason=tried.reason, attempts=POSTS)


def _await_listed(
    job: Job, url: str, record: Record, dists: Sequence[Dist], answers: Sequence[str]
) -> None:
    """Wait until the hosted repository lists these files, `stale-limit` at most.

    Nexus lists a file at once (measured, 5.3), a cache before it may not. Raises NotListed, and
    Conflict where the index has other bytes.
    """
    deadline = time.monotonic() + job.settings.stale_limit
    while missing := _find_missing(job, url, record, dists):
        if job.target.sandbox or time.monotonic() > deadline:
            files = ", ".join(dist.filename for dist in missing)
            reason = "\n".join(dict.fromkeys(answers)) or "it was listed before"
            raise NotListed(files=files, url=url, reason=reason, seconds=job.settings.stale_limit)
        job.notify(Working(text=f"waiting for {url} to list {missing[0].filename}"))
        time.sleep(POLL)


def _find_missing(job: Job, url: str, record: Record, dists: Sequence[Dist]) -> tuple[Dist, ...]:
    """Return the files that the index does not list.

    Raises Conflict where another release was quicker with other bytes.
    """
    page = read_decided_page(job, record, dists, url)
    plan = compare(dists, page, url=url)
    refuse_conflicts(job, record, plan, page)
    return plan.having(Action.UPLOAD)
