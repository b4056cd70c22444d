"""A repository with a simple index: pages, files, uploads, and what their answers mean."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from releasekit.errors import NoSuchRepository, NotPermitted, ReleasekitError, access, failed, usage
from releasekit.http.answer import NAMES, PAGE, Answer, explain_refusal
from releasekit.index.layouts import Layout
from releasekit.model.access import (
    NO_CREDENTIALS,
    Credentials,
    is_same_origin,
    refused_login,
    show_address,
)
from releasekit.model.dists import Dist, DistKind
from releasekit.model.published import (
    NotAnIndexPageError,
    ProjectPage,
    PublishedFile,
    is_root_page,
    parse_project_page,
    parse_root_page,
)

if TYPE_CHECKING:
    from releasekit.http.client import Client
    from releasekit.index.upload import Attempt, OnSent

READ_ONLY = re.compile(r"is read[ -]only|does not allow deleting assets", re.IGNORECASE)
"""How Nexus says that its deployment policy forbids uploads: docs/nexus-behaviour.md."""
UPLOAD_FIXES = {
    413: "raise the size limit of the front server (nginx: client_max_body_size), then run again",
    **dict.fromkeys(
        (301, 302, 303, 307, 308),
        "an upload follows no redirect: if that is the repository's new address, configure it;\n"
        "if it is a login page, ask its administrator to let uploads pass",
    ),
}


@dataclass(kw_only=True, slots=True)
class Index:
    """A repository with a simple index (PEP 503). Methods raise the errors of HTTP and refusals."""

    url: str
    simple_url: str
    layout: Layout
    client: Client
    reader: Credentials
    publisher: Credentials
    last_answer: Answer | None = None
    """The last answer to a read, without its body: it tells about the server."""

    def check_access(self, name: str | None) -> None:
        """See whether the publisher may upload, or may read at least, and the reader may read.

        It requests the page of the project `name`: a content selector of Nexus may hide all others
        (docs/nexus-behaviour.md#rights). The first page tells whether an index without that project
        is one, and is all that it requests where the name is not known.
        """
        if self.layout.ask_for_upload:
            answer = self.layout.ask_for_upload(self)
            if answer.status != 400 and (error := self.explain_upload(answer)):
                raise error
        elif self.publisher != self.reader:
            with contextlib.suppress(NotPermitted):  # who uploads need not be one who reads
                self._check_reading(name, self.publisher)
        self._check_reading(name, self.reader)

    def _check_reading(self, name: str | None, credentials: Credentials) -> None:
        if name:
            url = f"{self.simple_url}{name}/"
            answer = self._read_byte(url, credentials)
            if not self._is_unknown_project(answer):
                _refuse(answer, credentials, url=url)
                return
        answer = self._read_byte(self.simple_url, credentials)
        with contextlib.suppress(NotPermitted):  # the project's page may be open nevertheless
            _refuse(answer, credentials, url=self.simple_url)

    def _read_byte(self, url: str, credentials: Credentials) -> Answer:
        """Ask for one byte of a page, which may be long.

        Nexus answers 206 (docs/nexus-behaviour.md#simple-pages); the connection stays open for the
        next request. What knows no ranges sends the whole page, whose rest is left unread.
        """
        answer = self._get(url, credentials, limit=1, leave_rest=True, Range="bytes=0-0")
        return replace(answer, status=200) if answer.status == 206 else answer

    def _is_unknown_project(self, page: Answer) -> bool:
        return page.status == 404 or bool(page.location and not self.layout.follows_elsewhere)

    def read_page(self, name: str) -> ProjectPage:
        """Read the page of a project; a project that the index does not know has no files.

        Nexus answers 404 in a hosted repository, and 200 with an empty page in a group.
        """
        url = f"{self.simple_url}{name}/"
        answer = self._get(url, self.reader)
        if self._is_unknown_project(answer):
            self._refuse_no_index(answer)
            return ProjectPage(title="")
        _refuse(answer, self.reader, url=url)
        try:
            return parse_project_page(answer.text, answer.url)
        except NotAnIndexPageError as error:
            said = f'it sent a page without any link to a file: "{error}"'
            said += _name_target(answer, url)
            raise ReleasekitError(failed.UNEXPECTED_ANSWER, url=url, answer=said) from error

    def read_names(self) -> tuple[str, ...]:
        """Read the names of all projects; a proxy's index may have very many."""
        return parse_root_page(self._read_root().text)

    def upload(self, dist: Dist, on_sent: OnSent) -> Attempt:
        """Send a dist, once; whether it is stored, only the index tells.

        `on_sent` may raise to stop the upload.
        """
        from releasekit.index.upload import upload_once  # with twine, which takes long to import

        return upload_once(dist, self, on_sent)

    def explain_upload(self, answer: Answer) -> ReleasekitError | None:
        """Return what an answer to an upload means, None for 200."""
        found = self.layout.explain_refusal(answer, self)
        return found or refusal(answer, self.publisher, url=self.url, action="upload")

    def read_digest(
        self, file: PublishedFile, expected: Dist, path: Path | None = None
    ) -> PublishedFile | None:
        """Download a file, into `path` if it is given, and return it with its SHA-256.

        None if the page's link is dead.
        Raises UNEXPECTED_ANSWER for what is neither the expected file nor another one of its kind.
        """
        # Another file of the same name may be larger than ours.
        found, error = self._download(file, path, 2 * expected.size + (64 << 20))
        if found.status == 404:
            return None
        if error:
            raise error
        if found.sha256 != expected.sha256 and (problem := _find_problem(found, expected)):
            raise ReleasekitError(failed.UNEXPECTED_ANSWER, url=file.url, answer=problem)
        return file.with_sha256(found.sha256)

    def download(self, file: PublishedFile, path: Path, *, limit: int) -> bool:
        """Download a file; False if it has more than `limit` bytes."""
        found, error = self._download(file, path, limit)
        if error:
            raise error
        return bool(found.sha256)

    def _download(
        self, file: PublishedFile, path: Path | None, limit: int
    ) -> tuple[Answer, ReleasekitError | None]:
        # The credentials are for the index's own server: a page may link anywhere.
        login = self.reader if is_same_origin(file.url, self.url) else NO_CREDENTIALS
        found = self.client.download(file.url, credentials=login, path=path, limit=limit)
        return found, refusal(found, login, url=file.url, action="download")

    def _read_root(self) -> Answer:
        """Read the first page; raises NoSuchRepository if it is none of an index."""
        answer = self._get(self.simple_url, self.reader, limit=NAMES)
        _refuse(answer, self.reader, url=self.simple_url)
        if not is_root_page(answer.text, self.layout.root_title):
            raise NoSuchRepository(
                usage.NOT_A_PYPI_REPOSITORY,
                url=self.simple_url,
                role="readable",
                answer=f"a page that is no index{_name_target(answer, self.simple_url)}",
            )
        return answer

    def _refuse_no_index(self, page: Answer) -> None:
        """Tell a project that an index does not know from an address that is no index at all.

        Who may not read the first page gets no error: Nexus answers 404 for a repository that it
        does not have before it asks for rights, to all pages.
        """
        try:
            with contextlib.suppress(NotPermitted):
                self._read_root()
        except NoSuchRepository as error:
            if str(error.fields["answer"]).startswith("404 "):
                raise NoSuchRepository(
                    usage.NOT_A_PYPI_REPOSITORY, url=self.url, role="readable", answer=page.summary
                ) from error
            raise

    def _get(
        self,
        url: str,
        credentials: Credentials,
        *,
        limit: int = PAGE,
        leave_rest: bool = False,
        **headers: str,
    ) -> Answer:
        answer = self.client.get(
            url,
            credentials=credentials,
            headers={"Accept": "text/html", "Cache-Control": "no-cache", **headers},
            limit=limit,
            leave_rest=leave_rest,
            follows_elsewhere=self.layout.follows_elsewhere,
        )
        self.last_answer = replace(answer, body=b"")
        return answer


def _find_problem(found: Answer, expected: Dist) -> str:
    if encoding := found.headers.get("Content-Encoding"):
        return f"it is sent with Content-Encoding: {encoding}"
    if not found.start.startswith(b"PK" if expected.named.kind is DistKind.WHEEL else b"\x1f\x8b"):
        kind = found.headers.get("Content-Type", "no type").partition(";")[0]
        return f"it is no {expected.named.kind.value}, but {kind}" if found.start else "it is empty"
    return "" if found.sha256 else f"it is far larger than {expected.filename}"


def _name_target(answer: Answer, url: str) -> str:
    return "" if answer.url == url else f", from {show_address(answer.url)}"


def _refuse(answer: Answer, credentials: Credentials, *, url: str) -> None:
    if error := refusal(answer, credentials, url=url, action="read"):
        raise error


def wants_license(answer: Answer) -> bool:
    """Tell whether a page says that the license agreement of a Community Edition is not accepted.

    Everything below /repository/ is answered so, to the administrator too (seen by others on 3.94).
    """
    return answer.status == 403 and "license agreement" in answer.text[:10_000].lower()


def refusal(
    answer: Answer, credentials: Credentials, *, url: str, action: str
) -> ReleasekitError | None:
    """Return the situation that an answer other than 200 is, None for 200.

    `action` is to "read" a page, to "download" a file that a page lists, or to "upload" one.
    """
    status, said = answer.status, answer.summary
    if status == 200:
        return None
    if wants_license(answer):
        return ReleasekitError(failed.LICENSE_NOT_ACCEPTED, url=url)
    if error := explain_refusal(answer, url):
        return error
    # A proxy's rules have another phrase, Nexus's own a message: no login helps against them.
    is_standard = answer.reason in ("Forbidden", "Unauthorized", "")
    wants_login = is_standard and not answer.message.startswith("Routing rules")
    if status == 401 or (status == 403 and wants_login and not credentials.username):
        return refused_login(url, credentials, said)
    if status == 403:
        only_reads = credentials.only_reads
        where = f", from {credentials.source}" if only_reads else ""
        return NotPermitted(
            access.NOT_PERMITTED,
            url=url,
            username=f"{credentials.username or 'nobody'}{where}",
            action="read" if action == "download" else action,
            reason=answer.message or "without a reason",
            privileges="browse and read" if only_reads else "add, browse and read",
        )
    if status in (404, 410) and action == "download":
        return ReleasekitError(failed.FILE_NOT_SERVED, url=url, answer=said)
    if status in (404, 405):
        role = "hosted" if action == "upload" else "readable"
        return NoSuchRepository(usage.NOT_A_PYPI_REPOSITORY, url=url, role=role, answer=said)
    if status == 400 and READ_ONLY.search(answer.message):
        return ReleasekitError(access.READ_ONLY_REPOSITORY, url=url, answer=said)
    if answer.location:
        said += f", to {answer.location}"
    if action == "upload":
        see_nexus = "see what that means in Nexus, then run this again: it is safe"
        fix = UPLOAD_FIXES.get(status, see_nexus)
        return ReleasekitError(failed.UPLOAD_REFUSED, url=url, answer=said, fix=fix)
    return ReleasekitError(failed.UNEXPECTED_ANSWER, url=url, answer=said)
