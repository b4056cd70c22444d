"""What refusals mean: by their status, and by what the server says in whatever place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from releasekit.archives import read_dist
from releasekit.errors import ReleasekitError
from releasekit.http.answer import Answer as HttpAnswer
from releasekit.index.layouts import open_index
from releasekit.index.pages import Index
from releasekit.model.access import NO_CREDENTIALS, Credentials
from releasekit.model.published import PublishedFile
from releasekit.network import Network, open_network
from samples import WHEEL, write_wheel
from unit.conftest import Answer, Server

BOB = Credentials(username="bob", password="hunter2", source="TWINE_USERNAME")
NEXUS_PAGE = """
<!DOCTYPE html>
<html lang="en">
<head>
  <title>{status} - Nexus Repository Manager</title>
  <link rel="shortcut icon" href="http://127.0.0.1:8081/favicon.ico?3.30.0-01"/>
  <style>body {{ color: red }}</style>
</head>
<body>
<div class="nexus-header">
  <span class="product-name">Nexus Repository Manager</span>
  <span class="product-spec">OSS 3.30.0-01</span>
</div>
<div class="nexus-body">
  <div class="content-header">
    <span class="title">Error {status}</span>
    <span class="description">{phrase}</span>
  </div>
  <div class="content-body">
    <div class="content-section">
      {message}
    </div>
  </div>
</div>
</body>
</html>


"""
"""As 3.30 sends it; a front server that speaks HTTP/2, or is written in Go, changes the reason."""


def page(status: int, phrase: str, message: str) -> Answer:
    body = NEXUS_PAGE.format(status=status, phrase=phrase, message=message).encode()
    return Answer(status=status, reason=phrase, headers={"Content-Type": "text/html"}, body=body)


def text(status: int, reason: str, body: str, kind: str = "text/plain") -> Answer:
    return Answer(status=status, reason=reason, headers={"Content-Type": kind}, body=body.encode())


@pytest.fixture
def waits() -> list[str]:
    return []


@pytest.fixture
def network(ca_file: Path, waits: list[str]) -> Iterator[Network]:
    with open_network(
        environ={}, ca_bundle=str(ca_file), timeout=5, on_wait=waits.append
    ) as network:
        yield network


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that were waited for; nobody waits for them here."""
    slept: list[float] = []
    monkeypatch.setattr("releasekit.http.client.time.sleep", slept.append)
    return slept


Open = Callable[..., Index]


@pytest.fixture
def index(server: Server, network: Network) -> Index:
    return open_for(server, network)


def open_for(server: Server, network: Network, user: Credentials = BOB) -> Index:
    url = f"{server.url}/repository/h/"
    return open_index(url, client=network.client, reader=user, publisher=user)


def fail(act: Callable[[], object]) -> ReleasekitError:
    with pytest.raises(ReleasekitError) as caught:
        act()
    return caught.value


def refuse(index: Index, action: str, tmp_path: Path) -> ReleasekitError:
    if action == "read":
        return fail(lambda: index.read_page("demo"))
    if action == "check":
        return fail(lambda: index.check_access("demo"))
    dist = read_dist(write_wheel(tmp_path))
    if action == "upload":
        error = index.upload(dist, lambda *_: None).error
        assert error is not None
        return error
    file = PublishedFile(filename=WHEEL, url=f"{index.url}packages/{WHEEL}")
    if action == "compare":
        return fail(lambda: index.read_digest(file, dist))
    return fail(lambda: index.download(file, tmp_path / "file", limit=1 << 20))


EVERYWHERE = ("check", "read", "upload", "download", "compare")
MANY = Answer(status=429, reason="Too Many Requests", body=b"")
DENY = "Repository is read only: h"
FROZEN = "Nexus Repository Manager is in read-only mode"
CASES: dict[str, tuple[Answer, tuple[str, ...], str, int, str]] = {
    "402": (
        text(402, "Payment Required", "Request limit reached"),
        EVERYWHERE,
        "E253",
        2,
        "it answered 402 Payment Required: Request limit reached",
    ),
    "429 for an hour": (
        replace(MANY, headers={"Retry-After": "3600"}),
        EVERYWHERE,
        "E337",
        3,
        "it answered 429 Too Many Requests, and asks to wait 3600 s",
    ),
    "429 alone": (
        MANY,
        EVERYWHERE,
        "E337",
        3,
        "it answered 429 Too Many Requests, and does not say for how long",
    ),
    "deny": (
        Answer(status=400, reason=DENY),
        ("check", "read", "upload"),
        "E252",
        2,
        f"it answered 400 {DENY}",
    ),
    "deny, behind a front server": (
        page(400, "Bad Request", DENY),
        ("check", "read", "upload"),
        "E252",
        2,
        f"it answered 400 Bad Request: {DENY}",
    ),
    "deny, whose page is cached": (
        page(400, "", "Repository does not allow deleting assets: h"),
        ("upload",),
        "E252",
        2,
        "it answered 400: Repository does not allow deleting assets: h",
    ),
    "frozen": (
        Answer(status=503, reason=FROZEN, body=b""),
        EVERYWHERE,
        "E338",
        3,
        f"it answered 503 {FROZEN}",
    ),
    "frozen, behind a front server": (
        page(503, "Service Unavailable", FROZEN),
        EVERYWHERE,
        "E338",
        3,
        f"it answered 503 Service Unavailable: {FROZEN}",
    ),
    "a front server alone": (
        text(502, "Bad Gateway", "<h1>502 Bad Gateway</h1><hr>nginx/1.18.0", "text/html"),
        EVERYWHERE,
        "E338",
        3,
        "it answered 502 Bad Gateway: nginx/1.18.0",
    ),
    "JSON": (
        text(400, "Bad Request", json.dumps({"message": "no &lt;b&gt;"}), "application/json"),
        ("upload",),
        "E304",
        3,
        "it answered 400 Bad Request: no &lt;b&gt;",
    ),
    **{
        f"a charset that decodes no text: {charset}": (
            text(502, "Bad Gateway", "<p>..away", f"text/html; charset={charset}"),
            EVERYWHERE,
            "E338",
            3,
            "it answered 502 Bad Gateway: ..away",
        )
        for charset in ("idna", "undefined", "a\0b")
    },
    "JSON as of RFC 9457": (
        text(400, "", '{"title": "x", "detail": "too old"}', "application/problem+json"),
        ("upload",),
        "E304",
        3,
        "it answered 400: too old",
    ),
    "a file that is gone": (
        Answer(status=404, reason="Not Found", body=b""),
        ("download",),
        "E314",
        3,
        "it answered 404 Not Found",
    ),
    "a page that is moved, without a place": (
        Answer(status=301, reason="Moved", body=b""),
        ("read",),
        "E302",
        3,
        "301 Moved",
    ),
}


@pytest.mark.parametrize(
    ("answer", "action", "code", "status", "why"),
    [
        pytest.param(answer, action, code, status, why, id=f"{name}: {action}")
        for name, (answer, actions, code, status, why) in CASES.items()
        for action in actions
    ],
)
def test_a_refusal_has_one_meaning_whatever_the_request_was_for(
    server: Server,
    index: Index,
    tmp_path: Path,
    answer: Answer,
    action: str,
    code: str,
    status: int,
    why: str,
) -> None:
    server.answers = [answer]
    error = refuse(index, action, tmp_path)
    assert (error.entry.code, error.status, error.answers()["why"]) == (code, status, why)


@pytest.mark.parametrize(
    ("answer", "user", "code"),
    [
        pytest.param(Answer(status=401, reason="Unauthorized"), NO_CREDENTIALS, "E233", id="401"),
        pytest.param(Answer(status=403, reason="Forbidden"), NO_CREDENTIALS, "E233", id="403"),
        pytest.param(Answer(status=401, reason="Unauthorized"), BOB, "E234", id="401 to bob"),
        pytest.param(Answer(status=403, reason="Forbidden"), BOB, "E236", id="403 to bob"),
        pytest.param(
            page(403, "Forbidden", "Routing rules block the requested item from this repository"),
            NO_CREDENTIALS,
            "E236",
            id="a rule, behind a front server",
        ),
    ],
)
@pytest.mark.parametrize("action", ["check", "read", "download", "compare"])
def test_a_missing_login_is_named_from_a_missing_right(
    server: Server,
    network: Network,
    tmp_path: Path,
    answer: Answer,
    user: Credentials,
    code: str,
    action: str,
) -> None:
    server.answers = [answer]
    error = refuse(open_for(server, network, user), action, tmp_path)
    assert (error.entry.code, error.status) == (code, 2)


def test_a_file_that_exists_is_known_by_what_the_page_says(
    server: Server, index: Index, tmp_path: Path
) -> None:
    server.answers = [page(400, "Bad Request", "Repository does not allow updating assets: h")]
    tried = index.upload(read_dist(write_wheel(tmp_path)), lambda *_: None)
    assert (tried.exists, tried.final) == (True, True)
    assert tried.reason == (
        "the server answered 400 Bad Request: Repository does not allow updating assets: h"
    )


# --- waits --------------------------------------------------------------------------------------


def in_seconds(seconds: int, **more: str) -> dict[str, str]:
    start = datetime(2026, 1, 2, tzinfo=timezone.utc)
    date = format_datetime(start + timedelta(seconds=seconds), usegmt=True)
    return {"Retry-After": date, "Date": format_datetime(start, usegmt=True), **more}


INDEX_PAGE = Answer(body=b"<html><head><title>Links for demo</title></head></html>")


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("headers", [{"Retry-After": "3"}, in_seconds(3)], ids=["number", "date"])
def test_a_short_wait_is_waited_for_and_announced(
    server: Server,
    index: Index,
    waits: list[str],
    pauses: list[float],
    status: int,
    headers: dict[str, str],
) -> None:
    server.answers = [Answer(status=status, headers=headers), INDEX_PAGE]
    assert index.read_page("demo").title == "Links for demo"
    assert pauses == [3]
    assert waits == [f"{index.url}simple/demo/ answered {status}, and asks to wait 3 s: waiting"]


@pytest.mark.parametrize(
    "headers", [{"Retry-After": "6"}, in_seconds(6), {"Retry-After": "soon"}, {}]
)
def test_a_long_wait_is_not_waited_for(
    server: Server, index: Index, waits: list[str], headers: dict[str, str]
) -> None:
    server.answers = [Answer(status=429, headers=headers)]
    assert fail(lambda: index.read_page("demo")).entry.code == "E337"
    assert (waits, server.connections) == ([], 1)


@pytest.mark.parametrize("status", [429, 503])
def test_an_upload_tells_how_long_to_wait(
    server: Server, index: Index, tmp_path: Path, status: int
) -> None:
    dist = read_dist(write_wheel(tmp_path))
    server.answers = [Answer(status=status, headers={"Retry-After": "3"})]
    tried = index.upload(dist, lambda *_: None)
    assert (tried.wait, tried.final) == (3, False)
    server.answers = [Answer(status=status, headers={"Retry-After": "3600"})]
    tried = index.upload(dist, lambda *_: None)
    assert (tried.wait, tried.final) == (0, status == 429)


def test_dates_of_the_past_are_no_wait() -> None:
    moment = datetime(2026, 1, 2, tzinfo=timezone.utc)
    answer = HttpAnswer(url="", status=429, reason="", headers={}, body=b"", moment=moment)
    waits: dict[str, Any] = {"Thu, 01 Jan 2026 00:00:00 GMT": 0, "-1": None, "1e9": None, "²": None}
    for text, wait in waits.items():
        assert replace(answer, headers={"Retry-After": text}).wait == wait


# --- redirects ----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_login_behind_a_redirect_to_another_server_is_named(
    server: Server, index: Index, serve: Callable[[None], Server], network: Network, status: int
) -> None:
    other = serve(None)
    index = open_index(
        f"{other.url}/repository/h/", client=network.client, reader=BOB, publisher=BOB
    )
    target = f"{server.url}/repository/h/simple/demo/?t=1"
    other.answers = [Answer(status=status, headers={"Location": target})]
    server.answers = [Answer(status=401, reason="Unauthorized", body=b"")]
    error = fail(lambda: index.read_page("demo"))
    assert (error.entry.code, error.status) == ("E251", 2)
    assert error.answers()["why"].startswith(
        f"it redirects to {server.url}/repository/h/simple/demo/, which answered 401 Unauthorized;"
    )
    assert server.authorizations == [None]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_an_upload_that_is_redirected_names_the_place(
    server: Server, index: Index, tmp_path: Path, status: int
) -> None:
    target = "http://nexus.example.com/repository/h/?token=1"
    server.answers = [Answer(status=status, reason="Moved", headers={"Location": target})]
    error = refuse(index, "upload", tmp_path)
    assert error.answers()["why"] == (
        f"it answered {status} Moved, to http://nexus.example.com/repository/h/"
    )
    assert server.connections == 1


def test_credentials_stay_with_a_server_that_spells_its_address_otherwise(
    server: Server, index: Index
) -> None:
    other = server.url.replace("https:", "HTTPS:") + "/repository/h/simple/x/"
    server.answers = [Answer(status=302, headers={"Location": other}), INDEX_PAGE]
    index.read_page("demo")
    assert server.authorizations == ["Basic Ym9iOmh1bnRlcjI="] * 2


def test_a_login_page_behind_a_redirect_is_named(
    server: Server, network: Network, serve: Callable[[None], Server]
) -> None:
    other = serve(None)
    index = open_index(
        f"{other.url}/repository/h/", client=network.client, reader=BOB, publisher=BOB
    )
    other.answers = [Answer(status=302, headers={"Location": f"{server.url}/login?s=1"})]
    server.answers = [Answer(body=b"<title>Sign in</title>")]
    assert fail(lambda: index.read_page("demo")).answers()["why"] == (
        f'it sent a page without any link to a file: "Sign in", from {server.url}/login'
    )


# --- links --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "start"),
    [
        pytest.param("", "{other}/mirror/simple/demo/", id="what answered"),
        pytest.param('<base href="/files/">', "{other}/files/", id="base"),
        pytest.param(
            '<base href=" https://cdn.example.com/a/ "><base href="/b/">',
            "https://cdn.example.com/a/",
            id="base elsewhere",
        ),
    ],
)
def test_links_start_from_the_base_and_from_what_answered(
    server: Server, index: Index, serve: Callable[[None], Server], base: str, start: str
) -> None:
    server.answers = [
        Answer(status=307, headers={"Location": "/mirror/simple/demo/"}),
        Answer(body=f'<head>{base}</head><a href="\n x-1.0.tar.gz#md5=aa ">x</a>'.encode()),
    ]
    (file,) = index.read_page("demo").files
    assert file.url == f"{start.format(other=server.url)}x-1.0.tar.gz"
    assert (file.filename, file.hashes) == ("x-1.0.tar.gz", (("md5", "aa"),))
