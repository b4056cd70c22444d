"""Verification plans again and finds nothing left to do, and installs."""

from __future__ import annotations

import time
from collections.abc import Sequence

from packaging.utils import canonicalize_name
from packaging.version import Version

from releasekit.adapters.index import Index, read_digest, read_page
from releasekit.adapters.install import (
    install_by_hash,
    is_installable,
    open_environment,
    read_installed,
)
from releasekit.core.dists import Dist, DistKind
from releasekit.core.errors import (
    InstallUnavailable,
    NothingPublished,
    OtherBytesServed,
    PackageBroken,
    StaleIndex,
)
from releasekit.core.events import Began, Note, Output, Verified, Working
from releasekit.core.plan import Action, compare
from releasekit.core.record import Record
from releasekit.steps.job import Job
from releasekit.steps.plan import install_url, read_decided_page, refuse_other_bytes

UV_UNREACHABLE = ("Failed to fetch", "error sending request", "Request failed after")
"""How uv 0.13 says that it could not download, which is no fault of the package."""
POLL = 1.0
"""Seconds between two looks at an index that does not show an upload yet."""


def verify(job: Job, record: Record, dists: Sequence[Dist]) -> None:
    """Prove that the index serves every file with the same bytes, and that the release installs."""
    job.notify(Began(step="verify"))
    url = install_url(job, record)
    _await_files(job, record, dists, url)
    wheels = [dist for dist in dists if dist.named.kind is DistKind.WHEEL]
    foreign = tuple(wheel for wheel in wheels if not is_installable(wheel.named.tags))
    _download(job, record, foreign, url)
    installed = len(foreign) < len(wheels)
    if installed:
        _install_back(job, record, dists, url)
    others = tuple(wheel.filename for wheel in foreign)
    job.notify(
        Verified(url=url, requirement=record.requirement, not_installed=others, installed=installed)
    )


def _download(job: Job, record: Record, wheels: Sequence[Dist], url: str) -> None:
    """Prove wheels for other platforms by their bytes: a page may list what does not come."""
    index = Index(url=url, network=job.network, credentials=job.target.credentials)
    page = read_page(index, record.normalized_name) if wheels else None
    for wheel in wheels:
        listed = page.find(wheel.filename) if page else None
        served = read_digest(index, listed) if listed else None
        if served is None:
            said = f"{wheel.filename} is not served"
            raise StaleIndex(url=url, files=said, seconds=job.settings.stale_limit)
        digest = served.hashes[0][1]  # of what came, before what the page says
        if digest != wheel.sha256:
            said = f"{wheel.filename}: sent with sha256 {digest}, built with {wheel.sha256}"
            raise OtherBytesServed(url=url, files=said)
        text = f"{wheel.filename} is for another platform: downloaded by hash, not installed here"
        job.notify(Note(text=text))


def _await_files(job: Job, record: Record, dists: Sequence[Dist], url: str) -> None:
    """Wait until a plan against the index finds nothing left to do, `stale-limit` at most."""
    deadline = time.monotonic() + job.settings.stale_limit
    while True:
        plan = compare(dists, read_decided_page(job, record, dists, url), url=url)
        refuse_other_bytes(plan)
        missing = plan.having(Action.UPLOAD)
        if not missing:
            return
        files = "\n".join(f"{dist.filename} is not served" for dist in missing)
        if job.target.sandbox:  # it shows at once what it has
            raise NothingPublished(url=url, files=files)
        if time.monotonic() > deadline:
            raise StaleIndex(url=url, files=files, seconds=job.settings.stale_limit)
        job.notify(Working(text=f"waiting for {url} to show {missing[0].filename}"))
        time.sleep(POLL)


def _install_back(job: Job, record: Record, dists: Sequence[Dist], url: str) -> None:
    with open_environment(job.network.environ) as environment:
        finished = install_by_hash(
            environment,
            record.requirement,
            [dist.sha256 for dist in dists],
            url=url,
            credentials=job.target.credentials,
            log=lambda line: job.notify(Output(line=line)),
        )
        if finished.status and any(sign in finished.output for sign in UV_UNREACHABLE):
            raise InstallUnavailable(where_=url, tail=finished.tail())
        if finished.status:
            raise PackageBroken(requirement=record.requirement, url=url, tail=finished.tail())
        installed = [(d.metadata["Name"], d.version) for d in read_installed(environment)]
    wanted = [(canonicalize_name(record.project), Version(record.version))]
    if [(canonicalize_name(name), Version(version)) for name, version in installed] != wanted:
        tail = f"installed is {installed}, wanted was {record.requirement}"
        raise PackageBroken(requirement=record.requirement, url=url, tail=tail)
