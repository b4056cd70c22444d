"""The REST client on a server with prepared answers: shapes of errors, paging, who it is.

What the real server answers is the subject of tests whose names say nexus.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from raising import raises_error
from releasekit.errors import NexusRefused, ReleasekitError
from releasekit.errors.access import NOT_ALLOWED_BY_NEXUS, WRONG_API_CREDENTIALS
from releasekit.errors.failed import NEXUS_REFUSED, NOT_A_NEXUS
from releasekit.model.access import NO_CREDENTIALS, Credentials
from releasekit.network import Network, open_network
from releasekit.nexus.documents import ServerVersion
from releasekit.nexus.drift import Kind
from releasekit.nexus.rest import (
    Rest,
    find_resource,
    list_blob_stores,
    list_repositories,
    read_version,
    request,
    search_components,
    update_resource,
)
from unit.conftest import Answer, Server

ADMIN = Credentials(username="admin", password="hunter2", source="the keyring")
NEXUS = {"Server": "Nexus/3.30.0-01 (OSS)"}


@pytest.fixture
def network(ca_file: Path) -> Iterator[Network]:
    with open_network(environ={}, ca_bundle=str(ca_file), timeout=5) as network:
        yield network


@pytest.fixture
def rest(server: Server, network: Network) -> Rest:
    return Rest(url=f"{server.url}/", client=network.client, credentials=ADMIN)


def reply(status: int = 200, document: Any = None, **more: Any) -> Answer:
    body = more.pop("body", b"" if document is None else json.dumps(document).encode())
    return Answer(status=status, headers=more.pop("headers", NEXUS), body=body, **more)


# Measured: 3.30 sends the first three, newer versions the others.
SAID = {
    "bare text": (b'"Repository not found"', "Repository not found"),
    "text that is no JSON": (
        b'"Cannot index record: found duplicated key \'x\'\r\n\tDB name="config""',
        "Cannot index record: found duplicated key 'x' DB name=\"config",
    ),
    "validations": (
        b'[{"id":"PARAMETER name","message":"may not be empty"},{"id":"*","message":"No."}]',
        "name: may not be empty; No.",
    ),
    "object": (rb'{"id":"*","message":"\"Repository not found\""}', "Repository not found"),
    "internal": (b"ERROR: (ID 1-2) org.x.Y", "ERROR: (ID 1-2) org.x.Y"),
    "page": (b"\n<!DOCTYPE html><html></html>\n\n", ""),
    "nothing": (b"", ""),
    "very long": (b"x" * 2000, "x" * 500),
}


@pytest.mark.parametrize(("body", "said"), SAID.values(), ids=SAID)
def test_message_of_an_error(server: Server, rest: Rest, body: bytes, said: str) -> None:
    server.answers = [reply(400, body=body, reason="Bad Request")]
    with raises_error(NEXUS_REFUSED) as caught:
        request(rest, "GET", "x", "do that")
    assert str(caught.value) == (
        "error E331: Nexus refused to do that\n"
        f"  where: {server.url}/service/rest/v1/x\n"
        f"  why:   it answered {f'400 Bad Request: {said}'.removesuffix(': ')}\n"
        "  next:  see in Nexus what that means, then run this again: what is already done is kept"
    )


def test_wrong_credentials(server: Server, rest: Rest) -> None:
    server.answers = [reply(401)]
    with raises_error(WRONG_API_CREDENTIALS) as caught:
        read_version(rest)
    assert str(caught.value) == (
        "error E235: the user name or the password is wrong\n"
        f"  where: {server.url}/service/rest/v1/status\n"
        "  why:   the server answered 401 to user admin, whose credentials came from the keyring\n"
        "  next:  check the keyring; Nexus answers 401 to a disabled user as well,\n"
        "         and to all of its own users while its Local Authenticating Realm is off"
    )


def test_missing_rights_are_not_a_missing_resource(server: Server, rest: Rest) -> None:
    server.answers = [reply(404), reply(403)]
    assert find_resource(rest, Kind.HOSTED, "x") is None
    with raises_error(NOT_ALLOWED_BY_NEXUS) as caught:
        find_resource(rest, Kind.HOSTED, "x")
    assert str(caught.value) == (
        "error E237: this user may not see the settings of x\n"
        f"  where: {server.url}/service/rest/v1/repositories/pypi/hosted/x\n"
        "  why:   Nexus answered 403 to user admin\n"
        "  next:  use an administrator's RELEASEKIT_ADMIN_USERNAME and RELEASEKIT_ADMIN_PASSWORD,\n"
        "         or ask the Nexus administrator to run this"
    )


def test_version_of_a_server_that_names_itself(server: Server, rest: Rest) -> None:
    server.answers = [reply()]
    assert read_version(rest) == ServerVersion(numbers=(3, 30, 0), edition="OSS")
    assert server.requests == ["GET /service/rest/v1/status"]


SWAGGER = {"info": {"version": "3.71.0-06", "title": "Nexus Repository Manager REST API"}}


def test_version_of_a_server_behind_one_that_names_itself(server: Server, rest: Rest) -> None:
    front = {"Server": "nginx"}
    server.answers = [reply(headers=front), reply(document=SWAGGER, headers=front)]
    assert read_version(rest) == ServerVersion(numbers=(3, 71, 0), edition="")
    assert server.requests[1] == "GET /service/rest/swagger.json"


@pytest.mark.parametrize(
    "second",
    [
        reply(body=b"<html>Please log in</html>", headers={}),
        reply(document={"info": {"version": "1.0", "title": "Another API"}}, headers={}),
    ],
    ids=["login page", "another API"],
)
def test_what_is_no_nexus(server: Server, rest: Rest, second: Answer) -> None:
    server.answers = [reply(body=b"<html>Please log in</html>", headers={}), second]
    with raises_error(NOT_A_NEXUS, match="this does not answer as a Nexus does"):
        read_version(rest)


def test_login_page_instead_of_a_document(server: Server, rest: Rest) -> None:
    server.answers = [reply(body=b"<html>Please log in</html>", reason="OK")]
    with raises_error(NOT_A_NEXUS) as caught:
        list_repositories(rest)
    answers = caught.value.answers()
    assert answers["where"] == f"{server.url}/service/rest/v1/repositories"
    assert answers["why"] == "it answered 200 OK, and calls itself Nexus/3.30.0-01 (OSS)"


def test_a_change_follows_no_redirect(server: Server, rest: Rest) -> None:
    server.answers = [reply(302, headers={"Location": f"{server.url}/elsewhere"}, reason="Found")]
    with raises_error(NEXUS_REFUSED, match="it answered 302 Found"):
        update_resource(rest, Kind.ROLE, "a b", {"id": "a b"})
    assert server.requests == ["PUT /service/rest/v1/security/roles/a%20b"]


def test_pages_are_read_to_the_end(server: Server, rest: Rest) -> None:
    def component(version: int) -> dict[str, Any]:
        return {"repository": "r", "name": "a", "version": str(version)}

    server.answers = [
        reply(document={"items": [component(1), component(2)], "continuationToken": "t0"}),
        reply(document={"items": [component(3)], "continuationToken": None}),
    ]
    assert [found.version for found in search_components(rest, name="a")] == ["1", "2", "3"]
    path = "/service/rest/v1/search?format=pypi&name=a"
    assert server.requests == [
        f"GET {path}",
        f"GET {path}&continuationToken=t0",
    ]


def test_nobody_sends_no_credentials(
    server: Server, network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login bob password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server.answers = [reply()]
    rest = Rest(url=server.url, client=network.client, credentials=NO_CREDENTIALS)
    assert request(rest, "GET", "status", "read the status").status == 200
    assert server.authorizations == [None]


# --- documents of others ------------------------------------------------------------------------


ODD: dict[str, bytes] = {
    "a text": b'"hello"',
    "nothing": b"null",
    "a number": b"9" * 5000,
    "a list": b"[]",
    "an object": b"{}",
    "a list of texts": b'["a"]',
    "objects without the keys": b'{"items": [{}], "continuationToken": {}}',
    "nested": b"[" * 100_000,
}
READS: dict[str, Callable[[Rest], object]] = {
    "repositories": list_repositories,
    "components": lambda rest: tuple(search_components(rest, name="a")),
    "blob stores": list_blob_stores,
    **{
        kind.value: lambda rest, kind=kind: find_resource(rest, kind, "n")  # type: ignore[misc]
        for kind in Kind
    },
}


@pytest.mark.parametrize("read_some", READS.values(), ids=READS)
@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
def test_a_document_that_is_not_of_nexus_is_an_error_of_ours(
    server: Server, rest: Rest, body: bytes, read_some: Callable[[Rest], object]
) -> None:
    server.answers = [Answer(body=body, headers={"Server": "front"})]
    try:
        read_some(rest)  # an empty list, or an object without fields, may be right
    except NexusRefused as error:
        assert error.entry is NOT_A_NEXUS
        assert error.answers()["why"] == "it answered 200 OK, and calls itself front"


def test_pages_that_have_no_end_are_an_error(server: Server, rest: Rest) -> None:
    server.answers = [Answer(body=b'{"items": [], "continuationToken": "a"}')]
    with raises_error(NOT_A_NEXUS):
        tuple(search_components(rest, name="a"))
    assert server.connections == 2


REFUSED: dict[str, tuple[Answer, str, str]] = {
    "redirect": (
        Answer(
            status=307, reason="Moved", headers={"Location": "https://nexus.example.com/x?token=1"}
        ),
        "E331",
        "it answered 307 Moved, to https://nexus.example.com/x",
    ),
    "license": (
        Answer(status=402, reason="Payment Required", body=b""),
        "E253",
        "it answered 402 Payment Required",
    ),
    "too many": (
        Answer(status=429, reason="Wait", headers={"Retry-After": "60"}, body=b""),
        "E337",
        "it answered 429 Wait, and asks to wait 60 s",
    ),
    "a page behind a front server": (
        Answer(
            status=400, reason="Bad Request", body=b"<html><title>x</title>the name is taken</html>"
        ),
        "E331",
        "it answered 400 Bad Request: the name is taken",
    ),
    "frozen": (
        Answer(
            status=503, reason="", body=b"Nexus Repository Manager is in read-only mode: (ID 1)"
        ),
        "E331",
        "it answered 503: Nexus Repository Manager is in read-only mode: (ID 1)",
    ),
}


@pytest.mark.parametrize(("answer", "code", "why"), REFUSED.values(), ids=REFUSED)
def test_a_change_that_is_refused_says_why(
    server: Server, rest: Rest, answer: Answer, code: str, why: str
) -> None:
    server.answers = [answer]
    with pytest.raises(ReleasekitError) as caught:
        request(rest, "PUT", "x", "change x", document={})
    assert (caught.value.entry.code, caught.value.answers()["why"]) == (code, why)
    assert server.connections == 1
