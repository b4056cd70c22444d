"""The requests of the doctor: each is sent once, for an answer at the second try is none."""

import re
from dataclasses import dataclass, replace

from urllib3.filepost import encode_multipart_formdata

from releasekit.http import answer as http_answer
from releasekit.http.client import Client
from releasekit.index.pages import wants_license
from releasekit.model.access import Credentials
from releasekit.model.published import NotAnIndexPageError, ProjectPage, parse_project_page
from releasekit.nexus.documents import parse_server_version

STATUS = "/service/rest/v1/status"
START = 4096  # bytes of an answer that tell whose it is
PAGES = re.compile(r"<title>\s*(Simple Index|Links for |[^<]*Nexus Repository)", re.I)
"""Pages of Nexus: of an index, and of its errors."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """How Nexus answered: the reason phrase holds its message."""

    status: int
    reason: str = ""
    is_foreign: bool = False
    """True if it does not come from Nexus: a login page or a front server answered in its place."""

    def __str__(self) -> str:
        said = f"{self.status} {self.reason}".rstrip()
        return f"{said}, not from Nexus" if self.is_foreign else said

    @property
    def is_served(self) -> bool:
        return self.status == 200 and not self.is_foreign


@dataclass(frozen=True, kw_only=True, slots=True)
class Visitor:
    """Who asks the server."""

    client: Client
    credentials: Credentials

    def get(self, url: str, *, limit: int, leave_rest: bool = False) -> http_answer.Answer:
        return self.client.get(
            url,
            credentials=self.credentials,
            headers={"Accept": "text/html, application/json"},
            limit=limit,
            leave_rest=leave_rest,
            attempts=1,
        )


def ask(visitor: Visitor, url: str) -> Answer:
    """GET an address, once, and return how it was answered; its body may be large, and is left."""
    return read_answer(visitor.get(url, limit=START, leave_rest=True))


def read_page(user: Visitor, admin: Visitor, url: str) -> tuple[Answer, ProjectPage]:
    """GET a project's page, once; whatever is none has no files, and is not from Nexus.

    It is read as the publisher; as the administrator if that user may not.
    """
    answer = user.get(url, limit=http_answer.PAGE)
    if answer.status in (401, 403) and admin is not user:
        answer = admin.get(url, limit=http_answer.PAGE)
    said, page = read_answer(answer), ProjectPage(title="")
    if answer.status == 200:
        try:
            page = parse_project_page(answer.text, answer.url)
        except NotAnIndexPageError:
            said = replace(said, is_foreign=True)
    return said, page


def send_empty_form(visitor: Visitor, url: str) -> Answer:
    """POST a form of an upload that holds no file: rights are looked at first, nothing is stored.

    docs/nexus-behaviour.md#refused-uploads: 403 to who may not upload, 401 to nobody, 500 to who
    may, with a stack trace in its log. So do a file with a wrong md5_digest (400) and an upload
    that ends after `100 Continue`; and a server that did not compare digests would store that file.
    """
    body, content_type = encode_multipart_formdata({":action": "file_upload"})
    return read_answer(
        visitor.client.send(
            "POST",
            url,
            credentials=visitor.credentials,
            headers={"Content-Type": content_type},
            body=body,
        )
    )


def read_answer(answer: http_answer.Answer) -> Answer:
    """Return the status, the reason phrase, in which Nexus says what is wrong, and whose it is."""
    # With newer versions, it stands in the page.
    reason = "End User License Agreement" if wants_license(answer) else answer.reason
    return Answer(status=answer.status, reason=reason, is_foreign=not _is_from_nexus(answer))


def _is_from_nexus(answer: http_answer.Answer) -> bool:
    """Tell whether Nexus answered, and no login page or front server in its place.

    A front server may pass its answers on under a name of its own, as nginx does by default: then
    its other headers tell, or its pages (docs/nexus-behaviour.md#shapes-of-answers).
    """
    headers = answer.headers
    return bool(
        parse_server_version(headers.get("Server"))
        or "X-Siesta-FaultId" in headers
        or headers.get("Content-Security-Policy", "").startswith("sandbox ")  # of /repository/
        or "Nexus" in headers.get("WWW-Authenticate", "")
        or (headers.get("X-Content-Type-Options") == "nosniff" and not answer.body)
        or PAGES.search(answer.text[:START])
    )
