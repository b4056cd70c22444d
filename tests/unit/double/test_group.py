"""The group over hosted and proxy, and the routing rule of the proxy."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from nexus_double import Faults, run_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nexus_double import Sandbox
    from unit.double.conftest import Client

    Open = Callable[[Sandbox], Client]

BLOCKED = "Routing rules block the requested item from this repository"


def outcome(answer: Any) -> str:
    return f"{answer.status_code} {answer.reason}"


RULE = ("^/simple/acme-core/?$", "^/packages/acme-core/.*")
ROUTES = {
    "page": ("GET", "simple/acme-core/", 403, BLOCKED),
    "page without slash": ("GET", "simple/acme-core", 403, BLOCKED),
    "HEAD": ("HEAD", "simple/acme-core/", 403, BLOCKED),
    "file": ("GET", "packages/acme-core/99/acme_core-99.tar.gz", 403, BLOCKED),
    "another spelling": ("GET", "simple/Acme_Core/", 404, "Not Found"),
    "root": ("GET", "simple/", 200, "OK"),
}


@pytest.fixture
def routed(remote: Path, open_client: Open) -> Iterator[Client]:
    """A client of a sandbox with 1 in hosted, 99 in the remote, and a rule between them."""
    (remote / "acme_core-99.tar.gz").write_bytes(b"99")
    with run_sandbox(remote=remote, blocked=RULE) as sandbox:
        store = sandbox.state.store
        name = "acme_core-1.tar.gz"
        store("pypi-hosted", project="acme-core", version="1", filename=name, content=b"1")
        yield open_client(sandbox)


@pytest.mark.parametrize(("method", "path", "status", "reason"), ROUTES.values(), ids=ROUTES)
def test_a_routing_rule_blocks_paths_in_the_spelling_of_the_request(
    routed: Client, method: str, path: str, status: int, reason: str
) -> None:
    assert outcome(routed.get(path, "pypi-proxy", method=method)) == f"{status} {reason}"


def test_a_routing_rule_takes_the_member_out_of_the_group(routed: Client) -> None:
    assert routed.page("pypi-group", "acme-core") == "acme_core-1.tar.gz"
    file = routed.get("packages/acme-core/99/acme_core-99.tar.gz", "pypi-group")
    assert outcome(file) == "404 Not Found"
    assert ">acme-core</a>" in routed.get("simple/", "pypi-proxy").text


REMOTE = b"\x1f\x8b\x08 remote"


def test_the_first_member_wins_for_link_and_bytes(client: Client, remote: Path) -> None:
    for name in ("rp-1.tar.gz", "rp-2.tar.gz"):
        (remote / name).write_bytes(REMOTE)
    store = client.sandbox.state.store
    store("pypi-hosted", project="rp", version="1", filename="rp-1.tar.gz", content=b"hosted")
    page = client.get("simple/rp/", "pypi-group").text
    assert f"rp-1.tar.gz#md5={hashlib.md5(b'hosted').hexdigest()}" in page
    assert f"rp-2.tar.gz#sha256={hashlib.sha256(REMOTE).hexdigest()}" in page
    contents = [
        client.get(f"packages/rp/{version}/rp-{version}.tar.gz", "pypi-group").content
        for version in (1, 2)
    ]
    assert contents == [b"hosted", REMOTE]


def test_an_offline_member_is_shown_all_the_same(client: Client, remote: Path) -> None:
    (remote / "rp-1.tar.gz").write_bytes(b"remote")
    client.upload()
    client.sandbox.state.faults = Faults(offline=("pypi-hosted",))
    assert client.page("pypi-group") == "rp-1-py3-none-any.whl rp-1.tar.gz"
    assert outcome(client.get("simple/rp/")) == "503 Repository offline"
