"""The questions of the server and its users: version, writable, credentials, who may write."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from releasekit.doctor.connection import judge_clock, judge_expiry
from releasekit.doctor.model import (
    ANONYMOUS,
    CREDENTIALS,
    DEFAULT_ADMIN,
    SERVER,
    UPLOAD,
    WRITABLE,
    Question,
    Row,
    State,
)
from releasekit.doctor.probe import START, STATUS, Answer, Visitor, ask, read_answer
from releasekit.errors import ReleasekitError
from releasekit.http.answer import DOCUMENT, explain_refusal, parse_date
from releasekit.http.answer import Answer as HttpAnswer
from releasekit.http.client import Client
from releasekit.index.layouts import simple_url
from releasekit.model.access import NO_CREDENTIALS
from releasekit.nexus.documents import ServerVersion, parse_server_version
from releasekit.nexus.rest import Rest, read_described_version

PROBE = "[[doctor --probe]]   (ask the server's administrator first)"
FRONT = (
    "let the front server pass /repository/ and /service/rest/ on to Nexus, without a login page "
    "of its own"
)
FORM_REFUSED = (400, 422, 500)
"""How Nexus answers a form without a file to who may upload; 3.30 answers 500."""
FORM = "an upload without a file, which Nexus logs as an error"


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerFacts:
    """What a server says of itself to anybody: its name, and how it answers."""

    version: ServerVersion | None
    named: str
    status: Answer
    writable: Answer
    date: datetime | None = None
    now: datetime | None = None
    """By this machine's clock, in the middle of the request whose answer has the date."""
    index: Answer | None = None
    """How the hosted repository answered nobody, if the server did not tell what it is."""

    @property
    def is_nexus(self) -> bool:
        return self.version is not None or bool(self.index and not self.index.is_foreign)


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """A user, where the password came from, and what the server said to both."""

    username: str
    source: str
    answer: Answer
    hint: str = ""
    """What is odd about the user name or the password, one per line: `find_oddities`."""


def read_server(client: Client, url: str, hosted_url: str) -> ServerFacts:
    """Ask as nobody what the server says of itself.

    Raises the situation of a front server whose Nexus is down.
    """
    nobody = Visitor(client=client, credentials=NO_CREDENTIALS)
    status = nobody.get(f"{url}{STATUS}", limit=DOCUMENT)
    writable = ask(nobody, f"{url}{STATUS}/writable")
    named = status.headers.get("Server", "").strip()
    version = parse_server_version(named)
    if version is None and status.status == 200:
        with contextlib.suppress(ReleasekitError):  # its front server may hide that, too
            version = read_described_version(
                Rest(url=url, client=client, credentials=NO_CREDENTIALS, attempts=1)
            )
    index = None
    if version is None:
        answer = nobody.get(simple_url(hosted_url), limit=START, leave_rest=True)
        index, refusal = read_answer(answer), explain_refusal(answer, simple_url(hosted_url))
        if index.is_foreign and refusal:
            raise refusal
    return ServerFacts(
        version=version,
        index=index,
        named=named,
        status=read_answer(status),
        writable=writable,
        date=parse_date(status.headers.get("Date")),
        now=status.moment,
    )


def judge_server(facts: ServerFacts, *, is_sandbox: bool = False) -> Row:
    """Tell whether it is a Nexus that this kit knows."""
    if is_sandbox:
        return SERVER.ok("a sandbox of releasekit: it takes uploads, and has no users and rights")
    if facts.version is None and facts.is_nexus:
        return SERVER.unknown(
            f"a Nexus, whose front server ({facts.named or 'without a name'}) does not pass "
            f"/service/rest/ on: it answered {replace(facts.status, is_foreign=False)}",
            fix="let the front server pass /service/rest/ on to Nexus as well; a release does "
            "without",
        )
    if facts.version is None:
        return SERVER.failed(
            f"what answers is no Nexus: it calls itself {facts.named or 'nothing'} and answered "
            f"{replace(facts.status, is_foreign=False)}",
            "check url: the address of Nexus itself, with its context path if it has one; a login "
            "page, or a front server that hides the `Server:` header, answers like this",
        )
    row = judge_age(facts.version)
    if parse_server_version(facts.named) or row.state is not State.OK:
        return row
    return SERVER.ok(f"{row.text}, behind {facts.named or 'a server without a name'}")


def judge_age(version: ServerVersion) -> Row:
    """Tell whether a Nexus is one that this kit was tried with."""
    if version.numbers < (3, 30):  # the oldest that is measured in docs/nexus-behaviour.md
        return SERVER.warning(
            f"Nexus {version} is older than 3.30, the oldest that was tried",
            "ask its administrator for an upgrade, and try a release with --dry-run first",
        )
    return SERVER.ok(f"Nexus {version}")


def read_frozen(visitor: Visitor, url: str) -> str | None:
    """Read who asked for the read-only mode: 3.30 tells administrators, after 3.90 it is gone."""
    try:
        found = visitor.get(f"{url}/service/rest/v1/read-only", limit=DOCUMENT).parse_json()
    except ValueError:
        return None
    return (found.get("summaryReason") or None) if isinstance(found, dict) else None


def judge_writable(facts: ServerFacts, serves: Answer, *, frozen: str | None = None) -> Row:
    """Tell whether it serves content, and takes changes.

    `serves` is an answer for content, `frozen` says who asked for the read-only mode, and when.
    """
    if facts.version is None:
        return WRITABLE.unknown("its status cannot be read", fix="fix server first, above")
    if facts.status.status != 200:
        return WRITABLE.failed(
            f"it does not serve yet: its status is {facts.status}",
            "wait until it has started, then run this again; its administrator sees its log",
        )
    if facts.writable.status == 503:
        since = f" ({frozen})" if frozen else ""
        return WRITABLE.failed(
            f"it is in read-only mode{since}",
            "wait, where a backup runs; else its administrator ends the mode: Administration, "
            "System, Nodes",
        )
    if serves.status == 403 and "license agreement" in serves.reason.lower():
        return WRITABLE.failed(
            "it serves nothing before its End User License Agreement is accepted",
            "its administrator signs in once with a browser, and accepts it; or by command: "
            "[[provision --apply --accept-eula]]",
        )
    if not facts.writable.is_served:
        return WRITABLE.unknown(
            f"its answer is {facts.writable}", ask="the administrator of that server"
        )
    return WRITABLE.ok("it serves, and takes changes")


def judge_credentials(
    publisher: Login | None, admin: Login | None, reader: Login | None = None
) -> Row:
    """Tell whether the credentials are valid, and where they came from."""
    for login in (publisher, admin, reader):
        if login and login.answer.status == 401:
            return CREDENTIALS.failed(
                f"the server answered 401 to user {login.username}, from {login.source}"
                + login.hint.replace("\n", "; "),
                f"check {login.source}; Nexus answers 401 to a disabled user as well",
            )
        if login and not login.answer.is_served:
            return CREDENTIALS.unknown(
                f"the server answered {login.answer} to user {login.username}",
                fix="run this again when the server is well",
            )
    if publisher is None:
        return CREDENTIALS.failed(
            "there are none: not in TWINE_USERNAME and TWINE_PASSWORD, not in a section of .pypirc "
            "that -r names, not in the keyring",
            "set TWINE_USERNAME and TWINE_PASSWORD (in CI: masked, protected variables)",
        )
    beside = f"; administrator {admin.username}, from {admin.source}" if admin else ""
    reads = f"; reading as {reader.username}, from {reader.source}" if reader else ""
    return CREDENTIALS.ok(f"user {publisher.username}, from {publisher.source}{reads}{beside}")


def judge_upload(hosted: str, username: str, answer: Answer | None) -> Row:
    """Tell whether this user may upload, by the answer to a form that holds no file.

    None says that it was not sent.
    """
    if not username:
        return UPLOAD.unknown("nobody to ask as", fix="fix credentials first, above")
    rows = {
        **dict.fromkeys(
            FORM_REFUSED,
            UPLOAD.ok(f"user {username} may upload to {hosted}; a form without a file told"),
        ),
        401: UPLOAD.unknown("the credentials are wrong", fix="fix credentials first, above"),
        403: UPLOAD.failed(
            f"user {username} may not upload to {hosted} ({answer})",
            f"ask the Nexus administrator for the privilege nx-repository-view-pypi-{hosted}-add",
        ),
        **dict.fromkeys(
            (404, 405),
            UPLOAD.failed(
                f"{hosted} takes no uploads of Python packages ({answer})",
                "set hosted to a hosted PyPI repository: a group and a proxy take none",
            ),
        ),
    }
    return _judge_probe(UPLOAD, answer, FORM, rows)


def judge_default_admin(answer: Answer | None) -> Row:
    """Tell whether the password that every Nexus once had is still good; None: it was not tried."""
    return _judge_probe(
        DEFAULT_ADMIN,
        answer,
        "a login as admin with the well-known password",
        {
            200: DEFAULT_ADMIN.failed(
                "admin still has its well-known password: anybody may change anything",
                "its administrator changes it now: sign in as admin, Account, Change password",
            ),
            401: DEFAULT_ADMIN.ok("the well-known password of admin is not accepted"),
        },
        fix="run this again when the server is well",
    )


def judge_anonymous(hosted: str, answer: Answer | None) -> Row:
    """Tell whether somebody without credentials may upload, by a form that holds no file.

    None says that it was not sent.
    """
    refused = ANONYMOUS.ok(f"nobody uploads to {hosted} without credentials")
    accepted = ANONYMOUS.failed(
        f"anybody may upload to {hosted} without credentials",
        "its administrator takes the privilege add from the role of the anonymous user: "
        "Security, Anonymous Access",
    )
    rows = {**dict.fromkeys((401, 403), refused), **dict.fromkeys(FORM_REFUSED, accepted)}
    return _judge_probe(ANONYMOUS, answer, FORM, rows)


def _judge_probe(
    question: Question,
    answer: Answer | None,
    test: str,
    rows: Mapping[int, Row],
    *,
    fix: str = "fix the rows above first",
) -> Row:
    if answer is None:
        return question.unknown(f"not asked: the test is {test}", fix=PROBE)
    if answer.is_foreign:
        return question.unknown(f"the server answered {answer}", fix=FRONT)
    return rows.get(answer.status) or question.unknown(f"the server answered {answer}", fix=fix)


def find_warnings(answer: HttpAnswer, now: datetime) -> Iterator[Row]:
    """Yield what is to be known of a server before something is sent: any answer tells it."""
    rows = []
    if answer.certificate_ends:
        rows.append(judge_expiry("the server's certificate", answer.certificate_ends, now))
    if version := parse_server_version(answer.headers.get("Server")):
        rows.append(judge_age(version))
    # An answer that a proxy kept (Age: RFC 9111) tells the time of then.
    date = None if "Age" in answer.headers else parse_date(answer.headers.get("Date"))
    rows.append(judge_clock(date, answer.moment))
    yield from (row for row in rows if row.state is State.WARNING)
