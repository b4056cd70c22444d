"""Rows of servers that are ill while they are asked: nothing is claimed, and nobody blamed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any, cast

import pytest
from packaging.version import Version

from releasekit.doctor import connection, repositories, server
from releasekit.doctor.model import Row
from releasekit.doctor.probe import Answer, Visitor
from releasekit.doctor.repositories import RepositoryFacts
from releasekit.doctor.server import Login, ServerFacts
from releasekit.http.answer import Answer as HttpAnswer
from releasekit.model.access import NO_CREDENTIALS
from releasekit.nexus.documents import Repository, ServerVersion, parse_document

ILL = Answer(status=500, reason="Server Error")
WAIT = "fix: run this again when the server is well"
ABOVE = "fix: fix the rows above first"
BOB = Login(username="bob", source="keyring", answer=ILL)
WELL = replace(BOB, answer=Answer(status=200))
AWAY = RepositoryFacts(name="r", serves=Answer(status=502, reason="Bad Gateway"), username="bob")
ODD = replace(AWAY, serves=Answer(status=404, reason="Not Found"))
NOW = datetime(2026, 1, 2, tzinfo=timezone.utc)
SERVER = ServerFacts(
    version=ServerVersion(numbers=(3, 30, 0), edition="OSS"),
    named="Nexus/3.30.0-01 (OSS)",
    status=Answer(status=200),
    writable=ILL,
)

FINE = Answer(status=200, reason="OK")
LOGIN_PAGE = replace(FINE, is_foreign=True)
NOWHERE = Answer(status=404, reason="Repository not found")
RULE = Answer(status=403, reason="Routing rules block the requested item from this repository")
OWN = Repository(name="r", format="pypi", type="hosted", remote=None)


class Answering:
    """A client that has one answer to everything; a page of it has no files."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def get(self, url: str, **_: Any) -> HttpAnswer:
        title = "Log in" if self.answer.is_foreign else "Links for plain"
        return HttpAnswer(
            url=url,
            status=self.answer.status,
            reason=self.answer.reason,
            headers={} if self.answer.is_foreign else {"Server": SERVER.named},
            body=f"<html><head><title>{title}</title></head><body></body></html>".encode(),
            moment=NOW,
        )


def visit(answer: Answer) -> Visitor:
    return Visitor(client=cast("Any", Answering(answer)), credentials=NO_CREDENTIALS)


def examine_name(name: str, answer: Answer, control: Answer) -> Row:
    user, url = visit(answer), "https://nexus.example.com/repository/far/"
    return repositories.examine_name(user, user, url, name, proxy="far", control=control)


def examine_version(answer: Answer, *, is_hosted: bool) -> Row:
    user, url = visit(answer), "https://nexus.example.com/repository/own/"
    return repositories.examine_version(
        user,
        user,
        url,
        [],
        name="plain",
        version=Version("1.0"),
        hosted="own",
        is_hosted=is_hosted,
    )


def unknown_name(answer: str) -> tuple[str, str, str]:
    text = f"far answered {answer} for pip too, which every public index has"
    return "unknown", text, "fix: fix proxy first, above"


def unknown_version(answer: str) -> tuple[str, str, str]:
    text = f"own does not say whether it has 1.0 ({answer})"
    return "unknown", text, "fix: fix hosted first, above"


ROWS: dict[str, tuple[Row, str, str, str]] = {
    "clock": (
        connection.judge_clock(None, NOW),
        "unknown",
        "its answers carry no date",
        "ask: the administrator of that server",
    ),
    "clock, less than a minute": (
        connection.judge_clock(NOW + timedelta(seconds=60), NOW),
        "ok",
        "the server's is within 60 s of this machine's",
        "",
    ),
    "writable": (
        server.judge_writable(SERVER, Answer(status=200)),
        "unknown",
        "its answer is 500 Server Error",
        "ask: the administrator of that server",
    ),
    "credentials": (
        server.judge_credentials(BOB, None),
        "unknown",
        "the server answered 500 Server Error to user bob",
        WAIT,
    ),
    "credentials of a reader": (
        server.judge_credentials(WELL, None, replace(WELL, username="reader")),
        "ok",
        "user bob, from keyring; reading as reader, from keyring",
        "",
    ),
    "credentials of a reader, wrong": (
        server.judge_credentials(WELL, None, replace(BOB, answer=Answer(status=401))),
        "failed",
        "the server answered 401 to user bob, from keyring",
        "fix: check keyring; Nexus answers 401 to a disabled user as well",
    ),
    "upload": (
        server.judge_upload("r", "bob", Answer(status=503, reason="Repository offline")),
        "unknown",
        "the server answered 503 Repository offline",
        ABOVE,
    ),
    "upload, disabled meanwhile": (
        server.judge_upload("r", "bob", Answer(status=401)),
        "unknown",
        "the credentials are wrong",
        "fix: fix credentials first, above",
    ),
    "admin": (
        server.judge_default_admin(ILL),
        "unknown",
        "the server answered 500 Server Error",
        WAIT,
    ),
    "anonymous": (
        server.judge_anonymous("r", Answer(status=503)),
        "unknown",
        "the server answered 503",
        ABOVE,
    ),
    "hosted": (
        repositories.judge_hosted(AWAY),
        "unknown",
        "the server answered 502 Bad Gateway",
        ABOVE,
    ),
    "hosted without an index": (
        repositories.judge_hosted(ODD),
        "failed",
        "r serves no index of Python packages (404 Not Found)",
        "fix: set hosted to the name of a hosted PyPI repository",
    ),
    "hosted that shows no more than its index": (
        repositories.judge_hosted(replace(AWAY, serves=Answer(status=200))),
        "ok",
        "r serves an index",
        "",
    ),
    "hosted, by its settings": (
        repositories.judge_hosted(
            replace(AWAY, serves=Answer(status=200), settings=parse_document({"online": False}))
        ),
        "failed",
        "r is offline",
        "fix: [[provision --apply]], or tick Online in its settings",
    ),
    "group": (
        repositories.judge_group(AWAY, "own", (), "far"),
        "unknown",
        "the server answered 502 Bad Gateway",
        ABOVE,
    ),
    **{
        f"name, and for pip {control}": (
            examine_name("plain", ODD.serves, control),
            *expected,
        )
        for control, expected in (
            (NOWHERE, unknown_name("404 Repository not found")),
            (Answer(status=404, reason="Not Found"), unknown_name("404 Not Found")),
            (Answer(status=502, reason="Bad Gateway"), unknown_name("502 Bad Gateway")),
            (LOGIN_PAGE, unknown_name("200 OK, not from Nexus")),
            (FINE, ("ok", "nobody has plain publicly, as far says", "")),
        )
    },
    "name, with a page that is none": (
        examine_name("plain", LOGIN_PAGE, LOGIN_PAGE),
        "unknown",
        "far answered 200 OK, not from Nexus",
        "ask: its administrator what that means",
    ),
    "proxy whose remote has nothing": (
        repositories.judge_proxy(ODD, ODD.serves),
        "unknown",
        "r answered 404 Not Found for pip, which every public index has",
        "ask: its administrator whether its remote is right (its remote), and answers Nexus",
    ),
    "proxy behind a login page": (
        repositories.judge_proxy(replace(ODD, serves=LOGIN_PAGE), LOGIN_PAGE),
        "unknown",
        "r answered 200 OK, not from Nexus for pip, which every public index has",
        "ask: its administrator whether its remote is right (its remote), and answers Nexus",
    ),
    "proxy with a rule that allows little": (
        repositories.judge_proxy(replace(ODD, serves=RULE), RULE),
        "unknown",
        "a routing rule of r blocks what was asked for",
        "ask: who wrote that rule",
    ),
    "proxy that is none": (
        repositories.judge_proxy(replace(ODD, listed=OWN), FINE),
        "warning",
        "r is a hosted repository of format pypi",
        "fix: set proxy to the name of a PyPI proxy repository",
    ),
    "hosted behind a login page": (
        repositories.judge_hosted(replace(ODD, serves=LOGIN_PAGE)),
        "unknown",
        "r answered 200 OK, not from Nexus",
        f"fix: {server.FRONT}",
    ),
    **{
        f"version, answered {answer}, hosted {is_hosted}": (
            examine_version(answer, is_hosted=is_hosted),
            *expected,
        )
        for answer, is_hosted, expected in (
            (ODD.serves, True, ("ok", "1.0 is free in own", "")),
            (FINE, True, ("ok", "1.0 is free in own", "")),
            (ODD.serves, False, unknown_version("404 Not Found")),
            (NOWHERE, False, unknown_version("404 Repository not found")),
            (ILL, True, unknown_version("500 Server Error")),
            (LOGIN_PAGE, True, unknown_version("200 OK, not from Nexus")),
            (
                Answer(status=403, reason="Forbidden"),
                True,
                (
                    "unknown",
                    "own may not be read (403 Forbidden)",
                    f"ask: {repositories.who_reads('own')}",
                ),
            ),
        )
    },
    **{
        f"{title} by a front server": (
            judge(replace(answer, is_foreign=True)),
            "unknown",
            f"the server answered {answer}, not from Nexus",
            f"fix: {server.FRONT}",
        )
        for title, judge, answer in (
            ("upload", lambda answer: server.judge_upload("r", "bob", answer), ILL),
            ("admin", server.judge_default_admin, Answer(status=401)),
            ("anonymous", lambda answer: server.judge_anonymous("r", answer), Answer(status=403)),
        )
    },
    "credentials behind a login page": (
        server.judge_credentials(replace(BOB, answer=LOGIN_PAGE), None),
        "unknown",
        "the server answered 200 OK, not from Nexus to user bob",
        WAIT,
    ),
    "writable, by a login page": (
        server.judge_writable(replace(SERVER, writable=LOGIN_PAGE), FINE),
        "unknown",
        "its answer is 200 OK, not from Nexus",
        "ask: the administrator of that server",
    ),
    "name": (
        examine_name("plain", ILL, ILL),
        "unknown",
        "far answered 500 Server Error",
        "ask: its administrator what that means",
    ),
}


@pytest.mark.parametrize(("row", "state", "text", "what_to_do"), ROWS.values(), ids=ROWS)
def test_odd_answer(row: Row, state: str, text: str, what_to_do: str) -> None:
    assert (row.state.value, row.text, row.what_to_do) == (state, text, what_to_do)
