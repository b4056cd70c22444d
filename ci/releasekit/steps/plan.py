"""A plan compares dists with the index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from packaging.version import Version

from releasekit.errors import OtherBytesServed, UnexpectedAnswer
from releasekit.events import Began, Planned
from releasekit.index.answer_headers import Greeting
from releasekit.index.pages import Index, download, read_digest, read_page
from releasekit.model.dists import Dist, read_dist
from releasekit.model.plan import Action, Plan, compare, find_undecided
from releasekit.model.record import Record
from releasekit.model.simple_page import ProjectPage, PublishedFile
from releasekit.steps.conflict import refuse_conflicts
from releasekit.steps.greet import note_greeting
from releasekit.steps.job import Job
from releasekit.steps.version import refuse_final_snapshot
from releasekit.threads import run_in_threads

POLL = 1.0
"""Seconds between two looks at an index that does not show an upload yet."""


def make_plan(job: Job, record: Record, dists: Sequence[Dist]) -> Plan:
    """Plan against the repository that is published to; raises Conflict for other bytes there."""
    job.notify(Began(step="plan"))
    url = upload_url(job, record)
    if url == job.target.snapshots_url:
        refuse_final_snapshot(job, Version(record.version), record.commit)
    greetings: list[Greeting] = []
    index = replace(_index(job, url), hear=greetings.append)
    page = _decide(job, dists, read_page(index, record.normalized_name), url)
    note_greeting(job, greetings[-1])
    plan = compare(dists, page, url=url)
    job.notify(Planned(plan=plan))
    refuse_conflicts(job, record, plan, page)
    _look_ahead(job, record, dists)
    return plan


def _look_ahead(job: Job, record: Record, dists: Sequence[Dist]) -> None:
    """Find out before the upload that the group is none, or has other files of these names."""
    url = install_url(job, record)
    if url != upload_url(job, record):
        page = read_page(_index(job, url), record.normalized_name)
        refuse_other_bytes(compare(dists, page, url=url))


def refuse_other_bytes(plan: Plan) -> None:
    """Raise OtherBytesServed where the index to install from has other bytes under a name."""
    if files := _list_conflicts(plan):
        raise OtherBytesServed(url=plan.url, files="\n".join(files))


def _list_conflicts(plan: Plan) -> list[str]:
    return [
        f"{file.dist.filename}: {file.why}" for file in plan.files if file.action is Action.CONFLICT
    ]


def upload_url(job: Job, record: Record) -> str:
    """Return the repository for this version: development versions go to `snapshots`."""
    snapshots = job.target.snapshots_url
    if record.tag is None and not job.target.sandbox and snapshots:
        return snapshots
    return job.target.upload_url


def install_url(job: Job, record: Record) -> str:
    """Return the repository that this version is installed from: the group has no snapshots."""
    goes_to = upload_url(job, record)
    return job.target.install_url if goes_to == job.target.upload_url else goes_to


def _index(job: Job, url: str) -> Index:
    return Index(url=url, network=job.network, credentials=job.target.find_reader(url))


def read_decided_page(job: Job, record: Record, dists: Sequence[Dist], url: str) -> ProjectPage:
    """Read the project's page, and download what it does not decide."""
    return _decide(job, dists, read_page(_index(job, url), record.normalized_name), url)


def _decide(job: Job, dists: Sequence[Dist], page: ProjectPage, url: str) -> ProjectPage:
    return page.with_served(download_digests(job, find_undecided(dists, page), url))


def download_digests(
    job: Job, files: Sequence[PublishedFile], url: str
) -> dict[PublishedFile, PublishedFile | None]:
    """Download files, several at once, and return each with its SHA-256; None: a dead link."""
    index = _index(job, url)
    return dict(zip(files, run_in_threads(lambda f: read_digest(index, f), files), strict=True))


def download_wheels(
    job: Job, record: Record, wheels: Sequence[Dist], url: str, folder: Path
) -> None:
    """Download the wheels that an index serves into a directory; they are ours, byte for byte.

    Raises OtherBytesServed where one is not, UnexpectedAnswer where one is not listed, and what
    reading an index raises.
    """
    index = _index(job, url)
    page = read_page(index, record.normalized_name)
    for wheel in wheels:
        listed, path = page.find(wheel.filename), folder / wheel.filename
        if listed is None:
            raise UnexpectedAnswer(url=url, answer=f"it does not list {wheel.filename} any more")
        whole = download(index, listed, path, limit=wheel.size)
        if not whole or read_dist(path).sha256 != wheel.sha256:
            raise OtherBytesServed(url=url, files=f"{wheel.filename}: other bytes were downloaded")
