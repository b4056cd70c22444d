"""Uploading, with twine 7: its form and its session, one POST an attempt.

twine's own `Repository.upload` repeats a POST on 5xx without asking whether the file arrived
(twine 7.0.0, repository.py), and prints; so the POST itself is made here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests
import urllib3
from requests_toolbelt import MultipartEncoder, MultipartEncoderMonitor
from twine.exceptions import TwineException
from twine.package import PackageFile
from twine.repository import Repository

from releasekit.adapters.http import basic_auth, explain_failure, mount
from releasekit.adapters.index import refusal
from releasekit.adapters.network import Network
from releasekit.core.dists import UNREADABLE, Dist, read_dist
from releasekit.core.errors import FilesChanged, ReleasekitError, UploadFailed
from releasekit.core.target import Credentials

NO_RETRIES = urllib3.Retry(total=0)

OnSent = Callable[[int, int], None]
"""Called with the bytes sent so far and the size of the form."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """How one POST went."""

    error: ReleasekitError | None
    reason: str
    final: bool
    """True where another attempt would be answered the same."""


def upload_once(
    dist: Dist, url: str, *, network: Network, credentials: Credentials, on_sent: OnSent
) -> Attempt:
    """POST one dist to a hosted repository, once.

    Only the bytes that were checked go up: the file is hashed again before it is sent, and has
    another SHA-256 where something changed it meanwhile. `on_sent` may raise to stop the upload.
    """
    if not _is_unchanged(dist):
        reason = f"{dist.filename} was changed after it was checked"
        changed = FilesChanged(dist=str(dist.path.parent), reason=reason)
        return Attempt(error=changed, reason=reason, final=True)
    try:
        package = PackageFile.from_filename(str(dist.path), comment=None)
    except (TwineException, *UNREADABLE) as error:
        failed = UploadFailed(filename=dist.filename, url=url, reason=str(error), attempts=0)
        return Attempt(error=failed, reason=str(error), final=True)
    try:
        answer = _post(package, url, network, credentials, on_sent)
    except requests.RequestException as error:
        failure = explain_failure(error, url)
        return Attempt(error=failure, reason=failure.answers()["why"], final=False)
    return _judge(answer, url, credentials)


def _is_unchanged(dist: Dist) -> bool:
    try:
        return read_dist(dist.path) == dist
    except OSError:  # it is gone
        return False


def _post(
    package: PackageFile, url: str, network: Network, credentials: Credentials, on_sent: OnSent
) -> requests.Response:
    repository = Repository(url, None, None, disable_progress_bar=True)
    repository.session.auth = basic_auth(credentials)
    mount(repository.session, network, NO_RETRIES)
    with contextlib.closing(repository), Path(package.filename).open("rb") as file:
        form = _render_form(repository, package, file)
        monitor = MultipartEncoderMonitor(form, lambda m: on_sent(m.bytes_read, form.len))
        return repository.session.post(
            url,
            data=monitor,
            allow_redirects=False,
            headers={"Content-Type": monitor.content_type},
        )


def _render_form(repository: Repository, package: PackageFile, file: object) -> MultipartEncoder:
    fields = repository._convert_metadata_to_list_of_tuples(package.metadata_dictionary())
    fields += [(":action", "file_upload"), ("protocol_version", "1")]
    fields += [("content", (package.basefilename, file, "application/octet-stream"))]
    return MultipartEncoder(fields)


def _judge(answer: requests.Response, url: str, credentials: Credentials) -> Attempt:
    error = refusal(answer, credentials, url=url, action="upload")
    reason = f"the server answered {answer.status_code} {answer.reason or ''}".rstrip()
    return Attempt(error=error, reason=reason, final=answer.status_code < 500)
