"""Publishing carries out the plan."""

from __future__ import annotations

import platform
import time
from collections.abc import Sequence

from packaging.specifiers import SpecifierSet

from releasekit.adapters.threads import run_in_threads
from releasekit.adapters.upload import upload_once
from releasekit.core.dists import Dist, DistKind, parse_metadata, read_metadata
from releasekit.core.errors import CannotProve, UploadFailed
from releasekit.core.events import Began, Published, Sent
from releasekit.core.plan import Action, Plan, compare
from releasekit.core.record import Record
from releasekit.steps.conflict import refuse_conflicts
from releasekit.steps.greet import note_overwriting
from releasekit.steps.job import Job
from releasekit.steps.plan import read_decided_page

POSTS = 3
"""A file is sent at most three times; the index is read after each failure."""


def publish(job: Job, plan: Plan, record: Record) -> None:
    """Upload what is not published yet: the wheels, then the sdist."""
    job.notify(Began(step="publish"))
    missing = plan.having(Action.UPLOAD)
    _refuse_unprovable(missing)
    wheels = [dist for dist in missing if dist.named.kind is DistKind.WHEEL]
    sdists = [dist for dist in missing if dist.named.kind is DistKind.SDIST]
    with note_overwriting(job, plan):
        run_in_threads(lambda dist: _upload(job, plan.url, record, dist), wheels)
        for sdist in sdists:
            _upload(job, plan.url, record, sdist)
    job.notify(Published(url=plan.url, uploaded=tuple(dist.filename for dist in missing)))


def _refuse_unprovable(dists: Sequence[Dist]) -> None:
    """Refuse, before the first byte goes up, what this Python could not install back."""
    for dist in dists:
        metadata, _ = parse_metadata(read_metadata(dist) or b"")
        requires, python = metadata.get("requires_python", ""), platform.python_version()
        if not SpecifierSet(requires).contains(python, prereleases=True):
            raise CannotProve(filename=dist.filename, requires=requires, python=python)


def _upload(job: Job, url: str, record: Record, dist: Dist) -> None:
    """Upload one file; after a failure the index decides whether it arrived."""

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
        if tried.error is None or _has_arrived(job, url, record, dist):
            return
        if tried.final:
            raise tried.error
        time.sleep(attempt)
    raise UploadFailed(filename=dist.filename, url=url, reason=tried.reason, attempts=POSTS)


def _has_arrived(job: Job, url: str, record: Record, dist: Dist) -> bool:
    """Tell whether the file is there although its upload failed: the answer was lost.

    Raises Conflict where another release was quicker with other bytes.
    """
    page = read_decided_page(job, record, [dist], url)
    plan = compare([dist], page, url=url)
    refuse_conflicts(job, record, plan, page)
    return bool(plan.having(Action.SKIP))
