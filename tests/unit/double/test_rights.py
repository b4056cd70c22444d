"""Who may do what, in the order the server asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nexus_double import Faults, run_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nexus_double import Sandbox
    from unit.double.conftest import Client

CHALLENGE = 'BASIC realm="Sonatype Nexus Repository Manager"'
PAGE = "/repository/pypi-hosted/simple/"
NONE: dict[str, str] = {}


def bearer(value: str) -> dict[str, str]:
    return {"Authorization": value}


@pytest.fixture
def closed(open_client: Callable[[Sandbox], Client]) -> Iterator[Client]:
    """A client of a sandbox that nobody may read anonymously."""
    with run_sandbox(anonymous=False) as sandbox:
        yield open_client(sandbox)


WRONG_TARGETS = [
    PAGE,
    "/repository/nope/",
    "/repository/pypi-hosted",
    "/service/rest/v1/status",
]


@pytest.mark.parametrize("target", WRONG_TARGETS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_wrong_credentials_are_401_everywhere(client: Client, method: str, target: str) -> None:
    answer = client.raw(method, target, headers=client.basic("sandbox:wrong"))
    assert (answer.status, answer.reason, answer.body) == (401, "Unauthorized", b"")
    assert answer.headers["WWW-Authenticate"] == CHALLENGE
    assert answer.headers["Content-Length"] == "0"
    assert "Content-Type" not in answer.headers


NO_CREDENTIALS = {
    "nothing": NONE,
    "empty user and password": bearer("Basic Og=="),
    "a scheme that it does not know": bearer("Negotiate abc"),
}


@pytest.mark.parametrize("headers", NO_CREDENTIALS.values(), ids=NO_CREDENTIALS)
def test_without_credentials_only_reading_is_open(client: Client, headers: dict[str, str]) -> None:
    assert client.raw("GET", PAGE, headers=headers).status == 200
    assert client.raw("POST", "/repository/pypi-hosted/", headers=headers).status == 401


CLOSED = {
    "page": ("GET", PAGE, 401),
    "unknown file": ("GET", "/repository/pypi-hosted/packages/ab/1/a.whl", 401),
    "upload": ("POST", "/repository/pypi-hosted/", 401),
    "unknown repository": ("GET", "/repository/nope/", 404),
    "no slash": ("GET", "/repository/pypi-hosted", 400),
}


@pytest.mark.parametrize(("method", "target", "status"), CLOSED.values(), ids=CLOSED)
@pytest.mark.parametrize("headers", NO_CREDENTIALS.values(), ids=NO_CREDENTIALS)
def test_without_anonymous_reading(
    closed: Client, headers: dict[str, str], method: str, target: str, status: int
) -> None:
    assert closed.raw(method, target, headers=headers).status == status


def test_publisher_reads_where_nobody_else_may(closed: Client) -> None:
    assert closed.raw("GET", PAGE, headers=closed.basic()).status == 200


def test_publisher_without_rights_is_forbidden(client: Client) -> None:
    client.sandbox.state.faults = Faults(forbidden=("add",))
    answer = client.upload()
    assert (answer.status_code, answer.reason) == (403, "Forbidden")
    assert "      Forbidden\n" in answer.text
    assert client.raw("GET", PAGE, headers=client.basic()).status == 200
    client.sandbox.state.faults = Faults(forbidden=("read",))
    assert client.raw("GET", PAGE, headers=client.basic()).status == 403


def test_unknown_repository_comes_before_rights(client: Client) -> None:
    client.sandbox.state.faults = Faults(forbidden=("add", "read"))
    assert client.upload(repository="nope").reason == "Repository not found"


def test_each_start_has_another_password_that_no_text_shows() -> None:
    with run_sandbox() as one, run_sandbox() as two:
        assert one.password != two.password
        assert one.password not in repr(one)
