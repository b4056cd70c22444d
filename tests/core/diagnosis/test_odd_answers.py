"""Rows of servers that are ill while they are asked: nothing is claimed, and nobody blamed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from releasekit.core.diagnosis import Row, connection, repositories, server
from releasekit.core.diagnosis.facts import Answer, Login, NameFacts, RepositoryFacts, ServerFacts
from releasekit.core.diagnosis.release import judge_name
from releasekit.core.nexus import ServerVersion, parse_document

ILL = Answer(status=500, reason="Server Error")
WAIT = "fix: run this again when the server is well"
ABOVE = "fix: mend the rows above first"
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
        "fix: mend credentials first, above",
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
        "fix: nox -s provision -- --apply, or tick Online in its settings",
    ),
    "group": (
        repositories.judge_group(AWAY, "own", (), "far"),
        "unknown",
        "the server answered 502 Bad Gateway",
        ABOVE,
    ),
    "name": (
        judge_name(NameFacts(name="plain", answer=ILL), "far"),
        "unknown",
        "far answered 500 Server Error",
        "ask: its administrator what that means",
    ),
}


@pytest.mark.parametrize(("row", "state", "text", "advice"), ROWS.values(), ids=ROWS)
def test_odd_answer(row: Row, state: str, text: str, advice: str) -> None:
    assert (row.state.value, row.text, row.advice) == (state, text, advice)
