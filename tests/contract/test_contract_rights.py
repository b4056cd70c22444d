"""Who may do what, and in which order it is asked."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from contract.expected import (
    NO_LOGIN,
    NO_REPOSITORY,
    NO_SLASH,
    STANDARD,
    TAKEN,
    WRONG_LOGIN,
    bare,
    directory,
    error,
    file,
    fill,
    headless,
    link,
    make_answer,
    page,
    project,
    root,
)
from contract.servers import WHEEL, Repositories, Server, Workshop, open_workshop
from contract.wire import Answer, Login

Headers = dict[str, str]
FILE = f"packages/rp/1/{WHEEL}"
RP, ROOT = page(project("rp", link(f"rp/1/{WHEEL}"))), page(root("rp"))
UNKNOWN = error(404, NO_REPOSITORY)
STATUS = make_answer(200, "OK", {"date": "DATE", **STANDARD})


def basic(text: bytes) -> Headers:
    return {"Authorization": f"Basic {base64.b64encode(text).decode()}"}


WRONG: dict[str, Headers] = {
    "an unknown user": basic(b"nobody-there:wrong"),
    "no colon": basic(b"admin"),
    "no base64": {"Authorization": "Basic ???"},
    "no text": {"Authorization": "Basic /w=="},
    "nothing after Basic": {"Authorization": "Basic"},
    "basic in lower case": {"Authorization": "basic eDp5"},
    "a token": {"Authorization": "Bearer abc"},
}
NONE: dict[str, Headers] = {
    "nothing": {},
    "an empty header": {"Authorization": ""},
    "an empty user and password": basic(b":"),
    "a scheme that it does not know": {"Authorization": "Negotiate abc"},
}
EVERYWHERE = {
    "a page": ("GET", "/repository/{hosted}/simple/"),
    "an upload": ("POST", "/repository/{hosted}/"),
    "an upload to the group": ("POST", "/repository/{group}/"),
    "PUT": ("PUT", "/repository/{hosted}/"),
    "no slash": ("GET", "/repository/{hosted}"),
    "an unknown repository": ("GET", "/repository/nope/"),
}


@pytest.mark.parametrize("headers", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize(("method", "target"), EVERYWHERE.values(), ids=EVERYWHERE)
def test_wrong_credentials_are_401_even_where_anybody_may_read(
    server: Server, repositories: Repositories, method: str, target: str, headers: Headers
) -> None:
    path = target.format(hosted=repositories.hosted, group=repositories.group)
    assert server.wire.ask(method, path, headers=headers).settled == WRONG_LOGIN


def test_a_wrong_password_of_a_real_user_is_401(server: Server, repositories: Repositories) -> None:
    login = Login(username=server.publisher.username, password="wrong")
    assert server.upload(repositories.hosted, login=login).settled == WRONG_LOGIN
    status = server.wire.ask("GET", "/service/rest/v1/status", login=login)
    assert status.settled == WRONG_LOGIN


def test_outside_of_repositories_and_the_rest_api_nobody_looks_at_credentials(
    server: Server,
) -> None:
    answer = server.wire.ask("GET", "/nope", headers=WRONG["an unknown user"])
    assert answer.settled == error(404, headers=STANDARD)


OPEN: dict[str, tuple[str, str, Answer]] = {
    "a page": ("GET", "/repository/{hosted}/simple/rp/", RP),
    "a file": ("GET", f"/repository/{{hosted}}/{FILE}", file()),
    "an upload": ("POST", "/repository/{hosted}/", NO_LOGIN),
    "an upload to the group": ("POST", "/repository/{group}/", error(404)),
    "an upload to no repository": ("POST", "/repository/nope/", UNKNOWN),
    "PUT": ("PUT", "/repository/{hosted}/", bare(404, "Not Found")),
}
CLOSED: dict[str, tuple[str, str, Answer]] = {
    "a page": ("GET", "/repository/{hosted}/simple/", NO_LOGIN),
    "HEAD of a page": ("HEAD", "/repository/{hosted}/simple/", NO_LOGIN),
    "an unknown project": ("GET", "/repository/{hosted}/simple/nope/", NO_LOGIN),
    "a file": ("GET", f"/repository/{{hosted}}/{FILE}", NO_LOGIN),
    "an unknown file": ("GET", "/repository/{hosted}/packages/xy/1/x", NO_LOGIN),
    "a page of the group": ("GET", "/repository/{group}/simple/rp/", NO_LOGIN),
    "a directory": ("GET", "/repository/{hosted}/", NO_LOGIN),
    "an upload": ("POST", "/repository/{hosted}/", NO_LOGIN),
    "HEAD of a directory": ("HEAD", "/repository/{hosted}/", headless(error(404))),
    "nothing known": ("GET", "/repository/{hosted}/nope", error(404)),
    "an unknown repository": ("GET", "/repository/nope/simple/", UNKNOWN),
    "no slash": ("GET", "/repository/{hosted}", error(400, NO_SLASH)),
    "PUT": ("PUT", "/repository/{hosted}/", bare(404, "Not Found")),
    "the status": ("GET", "/service/rest/v1/status", STATUS),
}


@pytest.mark.parametrize("headers", NONE.values(), ids=NONE)
@pytest.mark.parametrize(("method", "target", "expected"), OPEN.values(), ids=OPEN)
def test_without_credentials_is_answered(
    server: Server,
    repositories: Repositories,
    method: str,
    target: str,
    expected: Answer,
    headers: Headers,
) -> None:
    path = target.format(hosted=repositories.hosted, group=repositories.group)
    assert server.wire.ask(method, path, headers=headers).settled == expected


@pytest.fixture
def closed_names(closed: Server) -> Iterator[dict[str, str]]:
    """A hosted repository with one wheel, and its group, where nobody reads anonymously."""
    with open_workshop(closed) as workshop:
        hosted = workshop.make_hosted()
        closed.store(hosted)
        yield {"hosted": hosted, "group": workshop.make_group(hosted)}


@pytest.mark.parametrize(("method", "target", "expected"), CLOSED.values(), ids=CLOSED)
def test_without_credentials_where_nobody_may_read_is_answered(
    closed: Server, closed_names: dict[str, str], method: str, target: str, expected: Answer
) -> None:
    for headers in NONE.values():
        answer = closed.wire.ask(method, target.format(**closed_names), headers=headers)
        assert answer.settled == expected


def test_the_publisher_reads_where_nobody_else_may(
    closed: Server, closed_names: dict[str, str]
) -> None:
    target = f"/repository/{closed_names['hosted']}/simple/rp/"
    assert closed.wire.ask("GET", target, login=closed.publisher).settled == RP


READERS: dict[str, tuple[str, str, Answer]] = {
    "a page": ("GET", "simple/", ROOT),
    "a file": ("GET", FILE, file()),
    "a directory": ("GET", "", directory("hosted")),
    "an upload": ("POST", "", error(403)),
}
ADDERS: dict[str, tuple[str, str, Answer]] = {
    "a page": ("GET", "simple/", error(403)),
    "an unknown project": ("GET", "simple/nope/", error(403)),
    "a file": ("GET", FILE, error(403)),
    "an unknown file": ("GET", "packages/rp/1/x", error(403)),
    "a directory": ("GET", "", error(403)),
    "HEAD of a page": ("HEAD", "simple/", headless(error(403))),
    "HEAD of a directory": ("HEAD", "", headless(error(404))),
    "nothing known": ("GET", "nope", error(404)),
    "PUT": ("PUT", "", bare(404, "Not Found")),
}


@pytest.mark.parametrize(("method", "path", "expected"), READERS.values(), ids=READERS)
def test_the_right_to_read_gives(
    server: Server, hosted: str, method: str, path: str, expected: Answer
) -> None:
    server.store(hosted)
    with server.admin.limited(hosted, "read") as login:
        answer = server.wire.ask(method, f"/repository/{hosted}/{path}", login=login)
    assert answer.settled == fill(expected, repository=hosted)


@pytest.mark.parametrize(("method", "path", "expected"), ADDERS.values(), ids=ADDERS)
def test_the_right_to_add_gives(
    server: Server, hosted: str, method: str, path: str, expected: Answer
) -> None:
    server.store(hosted)
    with server.admin.limited(hosted, "add") as login:
        answer = server.wire.ask(method, f"/repository/{hosted}/{path}", login=login)
    assert answer.settled == expected


def test_the_right_to_add_is_enough_for_an_upload(server: Server, hosted: str) -> None:
    with server.admin.limited(hosted, "add") as login:
        assert server.upload(hosted, login=login).settled == TAKEN


def test_without_a_right_an_upload_is_forbidden_but_an_unknown_repository_comes_first(
    server: Server, workshop: Workshop
) -> None:
    hosted = workshop.make_hosted()
    group = workshop.make_group(hosted)
    with server.admin.limited(hosted) as login:
        assert server.upload(hosted, login=login).settled == error(403)
        assert server.upload("nope", login=login).settled == UNKNOWN
        assert server.upload(group, login=login).settled == error(404)
    assert server.get(hosted, "simple/").settled == page(root())
