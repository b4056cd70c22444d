"""What the asset REST API of a Nexus knows of files whose page carries only md5."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from releasekit.adapters.nexus_rest import open_rest, search_assets
from releasekit.core.errors import NexusRefused, NotAllowedByNexus, NotANexus, WrongCredentials
from releasekit.core.nexus import Asset
from releasekit.core.record import Record
from releasekit.core.simple import PublishedFile
from releasekit.steps.job import Job

NO_ANSWER = (NexusRefused, NotAllowedByNexus, NotANexus, WrongCredentials)
"""Uploading needs no right to browse; a front server may hide the API: then a download tells."""


def ask_digests(
    job: Job, record: Record, files: Sequence[PublishedFile], url: str
) -> Mapping[PublishedFile, str]:
    """Return the SHA-256 of those files that Nexus tells about, in one request for 50 of them.

    Only for the plan: what a release is verified by is downloaded.
    """
    nexus, found, repository = url.rstrip("/").partition("/repository/")
    if not files or not found or job.target.sandbox:
        return {}
    try:
        with open_rest(nexus, job.network, job.target.credentials) as rest:
            name, version = record.normalized_name, record.version
            assets = tuple(search_assets(rest, repository, name, version))
    except NO_ANSWER:
        return {}
    digests = ((file, _find_digest(file, assets)) for file in files)
    return {file: digest for file, digest in digests if digest}


def _find_digest(file: PublishedFile, assets: Iterable[Asset]) -> str | None:
    """Return the one SHA-256 that assets of this name and md5 have; the search lags behind."""
    digests = {
        asset.sha256
        for asset in assets
        if asset.filename == file.filename and asset.md5 == file.digest("md5")
    }
    return digests.pop() if len(digests) == 1 else None
