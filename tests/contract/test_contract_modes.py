"""Read-only mode, offline repositories, and a write policy that forbids everything."""

from __future__ import annotations

import pytest

from contract.expected import (
    FROZEN,
    MD5,
    NO_DELETE,
    NO_UPDATE,
    OFFLINE,
    READ_ONLY,
    TAKEN,
    WRONG_LOGIN,
    bare,
    directory,
    error,
    file,
    fill,
    headless,
    link,
    page,
    project,
    root,
)
from contract.servers import WHEEL, Server, Workshop
from contract.upstream import Upstream
from contract.wire import Answer, Login

FILE = f"packages/rp/1/{WHEEL}"
LINE = link(f"rp/1/{WHEEL}")
RP = page(project("rp", LINE))
WRONG = Login(username="nobody-there", password="wrong")
COLD = error(503, FROZEN)

FROZEN_GETS: dict[str, tuple[str, str, Answer]] = {
    "a page that was read before": ("hosted", "simple/rp/", RP),
    "the same without slash": ("hosted", "simple/rp", RP),
    "a page that was not": ("hosted", "simple/cold/", COLD),
    "a root that was not": ("hosted", "simple/", COLD),
    "an unknown project": ("hosted", "simple/nope/", error(404)),
    "a file": ("hosted", FILE, file()),
    "a directory": ("hosted", "", directory("hosted")),
    "a page of the group that was read before": ("group", "simple/rp/", RP),
    "a page of the group that was not": ("group", "simple/cold/", COLD),
    "a root of the group that was not": ("group", "simple/", COLD),
    "an unknown project of the group": ("group", "simple/nope/", COLD),
    "a file of the group": ("group", FILE, file()),
    "a page of the proxy that was not": ("proxy", "simple/far/", error(502)),
    "an unknown project of the proxy": ("proxy", "simple/nope/", error(404)),
}


@pytest.fixture
def repositories(server: Server, workshop: Workshop, upstream: Upstream) -> dict[str, str]:
    """A group whose hosted member has one project whose page was read, and one that was not."""
    upstream.fill()
    hosted, proxy = workshop.make_hosted(), workshop.make_proxy(upstream.url)
    group = workshop.make_group(hosted, proxy)
    server.store(hosted)
    server.store(hosted, "cold.zip", name="cold")
    for repository in (hosted, group):
        server.get(repository, "simple/rp/")
    return {"hosted": hosted, "proxy": proxy, "group": group}


@pytest.mark.parametrize(("kind", "path", "expected"), FROZEN_GETS.values(), ids=FROZEN_GETS)
def test_in_read_only_mode_get(
    server: Server, repositories: dict[str, str], kind: str, path: str, expected: Answer
) -> None:
    repository = repositories[kind]
    with server.admin.frozen():
        answer = server.get(repository, path)
    assert answer.settled == fill_name(expected, repository)


def fill_name(expected: Answer, repository: str) -> Answer:
    return fill(expected, repository=repository)


FROZEN_UPLOADS: dict[str, tuple[dict[str, str], Answer]] = {
    "a new file": ({"filename": "rp-2.zip"}, COLD),
    "a file that exists": ({}, error(400, NO_UPDATE)),
    "a wrong md5": (
        {"md5_digest": "0"},
        error(400, f"Digests do not match, found: {MD5}, expected: 0"),
    ),
}


@pytest.mark.parametrize(("fields", "expected"), FROZEN_UPLOADS.values(), ids=FROZEN_UPLOADS)
def test_in_read_only_mode_an_upload_of(
    server: Server, repositories: dict[str, str], fields: dict[str, str], expected: Answer
) -> None:
    hosted = repositories["hosted"]
    with server.admin.frozen():
        answer = server.upload(hosted, **fields)  # type: ignore[arg-type]
    assert answer.settled == fill_name(expected, hosted)


def test_after_read_only_mode_all_is_as_before(
    server: Server, repositories: dict[str, str]
) -> None:
    with server.admin.frozen():
        pass
    assert server.upload(repositories["hosted"], "rp-2.zip").settled == TAKEN
    both = page(project("rp", LINE, link("rp/1/rp-2.zip")))
    assert server.get(repositories["group"], "simple/rp/").settled == both


OFFLINE_REQUESTS: dict[str, tuple[str, str, Answer]] = {
    "a page": ("GET", "simple/rp/", error(503, OFFLINE)),
    "the root": ("GET", "simple/", error(503, OFFLINE)),
    "a file": ("GET", FILE, error(503, OFFLINE)),
    "a directory": ("GET", "", error(503, OFFLINE)),
    "nothing known": ("GET", "nope", error(503, OFFLINE)),
    "HEAD of a page": ("HEAD", "simple/rp/", headless(error(503, OFFLINE))),
    "PUT": ("PUT", "", bare(503, OFFLINE)),
    "an upload without credentials": ("POST", "", error(503, OFFLINE)),
}


@pytest.mark.parametrize(
    ("method", "path", "expected"), OFFLINE_REQUESTS.values(), ids=OFFLINE_REQUESTS
)
@pytest.mark.parametrize("kind", ["hosted", "proxy", "group"])
def test_offline_is_the_answer_to(
    server: Server,
    repositories: dict[str, str],
    kind: str,
    method: str,
    path: str,
    expected: Answer,
) -> None:
    with server.admin.offline(repositories[kind]):
        answer = server.wire.ask(method, f"/repository/{repositories[kind]}/{path}")
    assert answer.settled == expected


def test_an_offline_repository_takes_no_upload_and_looks_at_credentials_first(
    server: Server, hosted: str
) -> None:
    with server.admin.offline(hosted):
        assert server.upload(hosted).settled == error(503, OFFLINE)
        assert server.upload(hosted, login=WRONG).settled == WRONG_LOGIN
    assert server.upload(hosted).settled == TAKEN


def test_a_group_shows_and_serves_what_an_offline_member_holds(
    server: Server, workshop: Workshop
) -> None:
    hosted = workshop.make_hosted()
    group = workshop.make_group(hosted)
    server.store(hosted)
    with server.admin.offline(hosted):
        assert server.get(group, "simple/rp/").settled == RP
        assert server.get(group, "simple/").settled == page(root("rp"))
        assert server.get(group, FILE).settled == file()


def deny(text: str) -> Answer:
    return error(400, text)


def test_deny_on_an_empty_repository_forbids_even_the_root_page(
    server: Server, workshop: Workshop
) -> None:
    denying = workshop.make_hosted("deny")
    read_only = fill_name(deny(READ_ONLY), denying)
    assert server.get(denying, "simple/").settled == read_only
    assert server.get(denying, "simple/rp/").settled == error(404)
    assert server.upload(denying).settled == read_only
    assert server.upload(denying, content=b"").settled == read_only


DENIED: dict[str, tuple[tuple[str, ...], dict[str, str], Answer]] = {
    "nothing was read, a new file": ((), {"filename": "b.zip"}, deny(READ_ONLY)),
    "nothing was read, a file that exists": ((), {}, deny(NO_UPDATE)),
    "nothing was read, a new project": ((), {"name": "b"}, deny(READ_ONLY)),
    "its page was read, a new file": (("simple/rp/",), {"filename": "b.zip"}, deny(NO_DELETE)),
    "its page was read, a file that exists": (("simple/rp/",), {}, deny(NO_DELETE)),
    "its page was read, a new project": (("simple/rp/",), {"name": "b"}, deny(READ_ONLY)),
    "the root was read, a new project": (("simple/",), {"name": "b"}, deny(NO_DELETE)),
    "the root was read, a new file": (("simple/",), {"filename": "b.zip"}, deny(READ_ONLY)),
}


@pytest.mark.parametrize(("read", "fields", "expected"), DENIED.values(), ids=DENIED)
def test_deny_after(
    server: Server,
    workshop: Workshop,
    read: tuple[str, ...],
    fields: dict[str, str],
    expected: Answer,
) -> None:
    denying = workshop.make_hosted("allow")
    server.store(denying)
    for path in read:
        server.get(denying, path)
    server.admin.set_policy(denying, "deny")
    answer = server.upload(denying, **fields)  # type: ignore[arg-type]
    assert answer.settled == fill_name(expected, denying)


def test_deny_serves_files_and_the_pages_that_were_read(server: Server, workshop: Workshop) -> None:
    denying = workshop.make_hosted("allow")
    server.store(denying)
    server.get(denying, "simple/rp/")
    server.admin.set_policy(denying, "deny")
    assert server.get(denying, "simple/rp/").settled == RP
    assert server.get(denying, "simple/").settled == fill_name(deny(READ_ONLY), denying)
    assert server.get(denying, FILE).settled == file()


def test_deny_makes_no_page_that_was_not_read(server: Server, workshop: Workshop) -> None:
    denying = workshop.make_hosted("allow")
    server.store(denying)
    server.admin.set_policy(denying, "deny")
    assert server.get(denying, "simple/rp/").settled == fill_name(deny(READ_ONLY), denying)
