"""A simple index: a project's page, and files downloaded to learn their SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests

from releasekit.config.target import simple_url
from releasekit.errors import (
    LicenseNotAccepted,
    NoSuchRepository,
    NotPermitted,
    ReleasekitError,
    UnexpectedAnswer,
    UploadRefused,
)
from releasekit.http import explain_failure, open_session, send_as_it_is
from releasekit.index.answer_headers import Greeting, read_greeting, wants_license
from releasekit.model.credentials import Credentials, refused_login
from releasekit.model.dists import BLOCK
from releasekit.model.simple_page import (
    NotAnIndexPageError,
    ProjectPage,
    PublishedFile,
    is_root_page,
    parse_project_page,
    parse_root_page,
)
from releasekit.network import Network

NO_REASON = "without a reason"
MENDS = {
    413: "raise the size limit of the front server (nginx: client_max_body_size), then run again",
    **dict.fromkeys(
        (301, 302, 303, 307, 308),
        "an upload follows no redirect: if that is the repository's new address, configure it;\n"
        "if it is a login page, ask its administrator to let uploads pass",
    ),
}


WITHOUT_LOGIN = ("Forbidden", "Unauthorized", NO_REASON)
"""Reason phrases of a 403 by which a login is missing; a proxy's rules say more."""


def _pay_no_heed(_: Greeting) -> None:
    """Hear a greeting, as most do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """The simple index of the repository at `url`, and how to read it."""

    url: str
    network: Network
    credentials: Credentials
    hear: Callable[[Greeting], None] = _pay_no_heed
    """Is told what each answer says beside its content."""


def read_page(index: Index, name: str) -> ProjectPage:
    """Read the page of a project; a project that the index does not know has no files.

    Nexus answers 404 in a hosted repository, and 200 with an empty page in a group.
    """
    url = f"{simple_url(index.url)}{name}/"
    with (
        open_session(index.network, index.credentials) as session,
        _get(session, index, url) as answer,
    ):
        if answer.status_code == 404:
            _refuse_no_index(session, index, _phrase(answer))
            return ProjectPage(title="")
        _refuse(answer, index, url)
        try:
            return parse_project_page(answer.text, url)
        except NotAnIndexPageError as error:
            said = f'it sent a page without any link to a file: "{error}"'
            raise UnexpectedAnswer(url=url, answer=said) from error


def ask_in(index: Index) -> None:
    """Ask whether an index lets these credentials in, for one byte of its long first page.

    Nexus answers 206 (measured with 3.30); the connection stays open for what is asked next.
    """
    url = simple_url(index.url)
    with open_session(index.network, index.credentials) as session:
        session.headers["Range"] = "bytes=0-0"
        with _get(session, index, url) as answer:
            if answer.status_code == 206:
                answer.content  # noqa: B018 - read, or the connection cannot be used again
            else:  # what knows no ranges sends the whole page, which is left unread
                _refuse(answer, index, url)


def read_names(index: Index) -> tuple[str, ...]:
    """Read the names of all projects; a proxy's index may have very many."""
    url = simple_url(index.url)
    with (
        open_session(index.network, index.credentials) as session,
        _get(session, index, url) as answer,
    ):
        _refuse(answer, index, url)
        if not is_root_page(answer.text):
            raise NoSuchRepository(url=url, role="readable", answer="a page that is no index")
        return parse_root_page(answer.text)


def _refuse_no_index(session: requests.Session, index: Index, phrase: str) -> None:
    """Tell a project that an index does not know from an address that is no index at all."""
    url = simple_url(index.url)
    with _get(session, index, url) as answer:
        if answer.status_code == 404:
            raise NoSuchRepository(url=index.url, role="readable", answer=f"404 {phrase}")
        _refuse(answer, index, url)
        if not is_root_page(answer.text):
            raise NoSuchRepository(url=url, role="readable", answer="a page that is no index")


def read_digest(index: Index, file: PublishedFile) -> PublishedFile | None:
    """Download a file and return it with its SHA-256; None where the page's link is dead."""
    with (
        open_session(index.network, index.credentials) as session,
        _get(session, index, file.url) as answer,
    ):
        if answer.status_code == 404:
            return None
        _refuse(answer, index, file.url)
        digest = hashlib.sha256()
        for block in _read_blocks(answer, file.url):
            digest.update(block)
    return file.with_sha256(digest.hexdigest())


def download(index: Index, file: PublishedFile, path: Path, *, limit: int) -> bool:
    """Download a file; False where it has more than `limit` bytes."""
    with (
        open_session(index.network, index.credentials) as session,
        _get(session, index, file.url) as answer,
        path.open("wb") as content,
    ):
        _refuse(answer, index, file.url)
        for block in _read_blocks(answer, file.url):
            content.write(block)
            if content.tell() > limit:
                return False
    return True


def _read_blocks(answer: requests.Response, url: str) -> Iterator[bytes]:
    try:
        yield from answer.iter_content(BLOCK)
    except requests.RequestException as error:
        raise explain_failure(error, url) from error


def _get(session: requests.Session, index: Index, url: str) -> requests.Response:
    # Credentials go to the index's own host only: a page may link anywhere.
    same_host = urlsplit(url)[:2] == urlsplit(index.url)[:2]
    try:
        answer = session.get(
            url,
            auth=None if same_host else send_as_it_is,
            headers={
                "Accept": "text/html",
                "Accept-Encoding": "identity",
                "Cache-Control": "no-cache",  # a cache in front is to ask the server
            },
            stream=True,
        )
    except requests.RequestException as error:
        raise explain_failure(error, url) from error
    index.hear(read_greeting(answer))
    return answer


def _refuse(answer: requests.Response, index: Index, url: str) -> None:
    if error := refusal(answer, index.credentials, url=url, action="read"):
        raise error


def refusal(
    answer: requests.Response, credentials: Credentials, *, url: str, action: str
) -> ReleasekitError | None:
    """Return the situation that an answer other than 200 is, None for 200."""
    status = answer.status_code
    if status == 200:
        return None
    if wants_license(answer):
        return LicenseNotAccepted(url=url)
    phrase = _phrase(answer)
    if status == 401 or (status == 403 and phrase in WITHOUT_LOGIN and not credentials.username):
        return refused_login(url, credentials, f"{status} {phrase}")
    if status == 403:
        privileges = "browse and read" if credentials.only_reads else "add, browse and read"
        where = f", from {credentials.source}" if credentials.only_reads else ""
        return NotPermitted(
            url=url,
            username=f"{credentials.username or 'nobody'}{where}",
            action=action,
            reason=phrase,
            privileges=privileges,
        )
    if status in (404, 405):
        role = "hosted" if action == "upload" else "readable"
        return NoSuchRepository(url=url, role=role, answer=f"{status} {phrase}")
    if action == "upload" and status < 500:
        mend = MENDS.get(status, "see what that means in Nexus, then run this again: it is safe")
        return UploadRefused(url=url, answer=f"{status} {phrase}{_target(answer)}", mend=mend)
    return UnexpectedAnswer(url=url, answer=f"{status} {phrase}")


def _target(answer: requests.Response) -> str:
    """Return where an answer redirects to, without what may be secret: a login's query."""
    if not (location := answer.headers.get("Location")):
        return ""
    try:
        place = urlsplit(urljoin(answer.url, location))
    except ValueError:  # no address
        return ""
    return f", to {place.scheme}://{place.netloc.rpartition('@')[2]}{place.path}"


def _phrase(answer: requests.Response) -> str:
    """Return the reason phrase, in which Nexus says what is wrong."""
    return answer.reason or NO_REASON
