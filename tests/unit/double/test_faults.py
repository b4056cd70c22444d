"""Faults on purpose, set before and while a sandbox runs."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from nexus_double import (
    NO_FAULTS,
    CutBody,
    Faults,
    LoseAnswer,
    Refuse,
    run_sandbox,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from nexus_double import Sandbox, UploadFault
    from unit.double.conftest import Client

WHEEL = "rp-1-py3-none-any.whl"
FILE = f"packages/rp/1/{WHEEL}"
CONTENT = b"PK\x03\x04 a wheel"
FROZEN = "Nexus Repository Manager is in read-only mode"


def send(client: Client, **options: Any) -> str:
    """Upload and tell what came back: the status line, or that nothing came."""
    try:
        answer = client.upload(**options)
    except requests.ConnectionError:
        return "cut"
    return f"{answer.status_code} {answer.reason}"


UPLOADS: dict[str, tuple[UploadFault, str, int]] = {
    "none": (None, "200 OK", 1),
    "413": (Refuse(413), "413 Payload Too Large", 0),
    "500": (Refuse(500), "500 Server Error", 0),
    "502": (Refuse(502), "502 Bad Gateway", 0),
    "503 with a message": (Refuse(503, "come back later"), "503 come back later", 0),
    "answer lost": (LoseAnswer(), "cut", 1),
    "answer lost in a 500": (LoseAnswer(500), "500 Server Error", 1),
    "cut at the first byte": (CutBody(), "cut", 0),
    "cut in the body": (CutBody(after=200), "cut", 0),
    "cut after the body": (CutBody(after=1 << 30), "cut", 0),
}


@pytest.mark.parametrize(("fault", "outcome", "stored"), UPLOADS.values(), ids=UPLOADS)
def test_upload_fault_happens_once(
    client: Client, fault: UploadFault, outcome: str, stored: int
) -> None:
    client.sandbox.state.faults = Faults(uploads=(fault,))
    assert send(client) == outcome
    assert len(client.sandbox.state.find_files("pypi-hosted")) == stored
    assert client.sandbox.state.faults == NO_FAULTS
    assert send(client, filename="rp-2.zip", version="2") == "200 OK"


def test_upload_faults_are_used_up_in_order(
    open_client: Callable[[Sandbox], Client],
) -> None:
    with run_sandbox(faults=Faults(uploads=(None, Refuse(503), LoseAnswer()))) as sandbox:
        client = open_client(sandbox)
        outcomes = [send(client, filename=f"rp-{n}.zip") for n in range(4)]
        assert outcomes == ["200 OK", "503 Service Unavailable", "cut", "200 OK"]
        assert [file.filename for file in sandbox.state.find_files("pypi-hosted")] == [
            "rp-0.zip",
            "rp-2.zip",
            "rp-3.zip",
        ]
        assert [entry.status for entry in sandbox.state.requests_log] == [200, 503, None, 200]


def test_an_upload_without_rights_uses_up_no_fault(client: Client) -> None:
    client.sandbox.state.faults = Faults(uploads=(Refuse(503),))
    assert send(client, auth=("sandbox", "wrong")) == "401 Unauthorized"
    assert send(client) == "503 Service Unavailable"


def test_a_large_upload_is_cut_in_the_middle(client: Client) -> None:
    client.sandbox.state.faults = Faults(uploads=(CutBody(after=100_000),))
    assert send(client, content=CONTENT + bytes(8 << 20)) == "cut"
    assert client.page("pypi-hosted") == "404"


def test_uploads_are_delayed(client: Client) -> None:
    client.sandbox.state.faults = Faults(upload_delay=0.2)
    start = time.monotonic()
    assert send(client) == "200 OK"
    assert time.monotonic() - start >= 0.2


def test_the_group_page_is_stale_for_some_requests(client: Client) -> None:
    client.upload("rp-0.zip", version="0")
    client.sandbox.state.faults = Faults(stale_pages=2)
    client.upload()
    pages = [client.page("pypi-group") for _ in range(3)]
    assert pages == ["rp-0.zip", "rp-0.zip", f"rp-0.zip {WHEEL}"]
    assert client.page("pypi-hosted") == f"{WHEEL} rp-0.zip"


def test_the_group_page_is_stale_until_the_fault_ends(client: Client) -> None:
    client.sandbox.state.faults = Faults(stale_pages=math.inf)
    client.upload()
    assert [client.page("pypi-group") for _ in range(3)] == ["", "", ""]
    assert client.get(FILE, "pypi-group").content == CONTENT
    client.sandbox.state.faults = NO_FAULTS
    assert client.page("pypi-group") == WHEEL


def test_a_dead_link_is_listed_and_404(client: Client) -> None:
    client.sandbox.state.faults = Faults(dead_links=(WHEEL,))
    client.upload()
    assert client.page("pypi-group") == WHEEL
    assert client.get(FILE, "pypi-group").status_code == 404
    assert client.get(FILE).content == CONTENT


def test_the_group_serves_other_bytes(client: Client) -> None:
    client.upload()
    etag = client.get(FILE, "pypi-group").headers["ETag"]
    client.sandbox.state.faults = Faults(other_bytes={WHEEL: b"other"})
    answer = client.get(FILE, "pypi-group")
    assert (answer.content, answer.headers["Content-Length"]) == (b"other", "5")
    assert answer.headers["ETag"] != etag
    assert client.get(FILE).content == CONTENT


def test_a_download_ends_early(client: Client) -> None:
    client.upload(content=CONTENT + bytes(1 << 20))
    client.sandbox.state.faults = Faults(cut_downloads=1)
    with pytest.raises(requests.RequestException):
        client.get(FILE, "pypi-group")
    assert client.get(FILE, "pypi-group").content == CONTENT + bytes(1 << 20)


def test_a_frozen_server_takes_no_upload_and_serves_what_it_served(client: Client) -> None:
    client.upload()
    client.get("simple/rp/")
    client.sandbox.state.faults = Faults(read_only=True)
    assert send(client, filename="rp-2.zip") == f"503 {FROZEN}"
    assert client.page("pypi-hosted") == WHEEL
    assert client.get(FILE).content == CONTENT
    for repository in ("pypi-hosted", "pypi-group"):
        assert client.get("simple/", repository).reason == FROZEN


@pytest.mark.parametrize("path", ["simple/", "simple/rp/", FILE])
@pytest.mark.parametrize("repository", ["pypi-hosted", "pypi-proxy", "pypi-group"])
def test_an_offline_repository_is_503(client: Client, repository: str, path: str) -> None:
    client.upload()
    client.sandbox.state.faults = Faults(offline=(repository,))
    answer = client.get(path, repository)
    assert (answer.status_code, answer.reason) == (503, "Repository offline")


def test_an_offline_repository_takes_no_upload(client: Client) -> None:
    client.sandbox.state.faults = Faults(offline=("pypi-hosted",))
    assert send(client) == "503 Repository offline"
    assert send(client, repository="pypi-snapshots") == "200 OK"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT"])
@pytest.mark.parametrize("target", ["/", "/repository/pypi-hosted/", "/repository/nope"])
def test_a_front_server_answers_everything_with_a_login_page(
    client: Client, method: str, target: str
) -> None:
    client.sandbox.state.faults = Faults(login_page=True)
    answer = client.raw(method, target, headers=client.basic("nobody:wrong"))
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html")
    assert {"Server", "X-Content-Type-Options"}.isdisjoint(answer.headers)
    assert method == "HEAD" or b"<title>Sign in</title>" in answer.body
