"""Uploading, with twine 7: its form and its session, one POST an attempt.

twine's own `Repository.upload` repeats a POST on 5xx without asking whether the file arrived
(twine 7.0.0, repository.py), and prints; so the POST itself is made here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests
import urllib3
from requests_toolbelt import MultipartEncoder, MultipartEncoderMonitor
from twine.exceptions import TwineException
from twine.package import PackageFile
from twine.repository import Repository

from releasekit.adapters.http import Network, explain_failure, mount
from releasekit.adapters.index import refusal
from releasekit.core.dists import UNREADABLE
from releasekit.core.errors import ReleasekitError, UploadFailed
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
    path: Path, url: str, *, network: Network, credentials: Credentials, on_sent: OnSent
) -> Attempt:
    """POST one dist to a hosted repository, once.

    `on_sent` may raise to stop the upload in the middle.
    """
    try:
        package = PackageFile.from_filename(str(path), comment=None)
    except (TwineException, *UNREADABLE) as error:
        failed = UploadFailed(filename=path.name, url=url, reason=str(error), attempts=0)
        return Attempt(error=failed, reason=str(error), final=True)
    repository = Repository(
        url, credentials.username, credentials.password, disable_progress_bar=True
    )
    mount(repository.session, network, NO_RETRIES)
    try:
        with path.open("rb") as file:
            form = _render_form(repository, package, file)
            monitor = MultipartEncoderMonitor(form, lambda m: on_sent(m.bytes_read, form.len))
            answer = repository.session.post(
                url,
                data=monitor,
                allow_redirects=False,
                headers={"Content-Type": monitor.content_type},
            )
    except requests.RequestException as error:
        failure = explain_failure(error, url)
        return Attempt(error=failure, reason=failure.answers()["why"], final=False)
    finally:
        repository.close()
    return _judge(answer, url, credentials)


def _render_form(repository: Repository, package: PackageFile, file: object) -> MultipartEncoder:
    fields = repository._convert_metadata_to_list_of_tuples(package.metadata_dictionary())
    fields += [(":action", "file_upload"), ("protocol_version", "1")]
    fields += [("content", (package.basefilename, file, "application/octet-stream"))]
    return MultipartEncoder(fields)


def _judge(answer: requests.Response, url: str, credentials: Credentials) -> Attempt:
    error = refusal(answer, credentials, url=url, action="upload")
    reason = f"the server answered {answer.status_code} {answer.reason or ''}".rstrip()
    return Attempt(error=error, reason=reason, final=answer.status_code < 500)
