"""What a group shows of its members, and when it stops."""

from __future__ import annotations

import pytest

from contract.expected import BLOCKED, bare, error, file, headless, link, page, project, root
from contract.servers import WHEEL, ZIP, Server, Workshop
from contract.upstream import FAR, Reply, Upstream
from contract.wire import Answer

NEAR, FAR_RP = link(f"rp/1/{WHEEL}"), link(f"rp/1/{WHEEL}", "md5=0")
NINE = link("rp/9/rp-9.zip", "md5=9")
RULE = ("^/simple/rp/?$", "^/packages/rp/.*")
FILE = f"packages/rp/1/{WHEEL}"


def fill_far(upstream: Upstream) -> None:
    upstream.page("rp", 'href="rp-9.zip#md5=9">rp-9.zip', f'href="{WHEEL}#md5=0">{WHEEL}')
    upstream.answers[f"/simple/rp/{WHEEL}"] = Reply(body=FAR, headers={"ETag": '"far"'})
    upstream.answers["/simple/rp/rp-9.zip"] = Reply(body=FAR, headers={"ETag": '"far"'})


@pytest.mark.parametrize("first", ["hosted", "proxy"])
def test_of_two_files_of_one_name_that_of_the_first_member_is_linked_and_served(
    server: Server, workshop: Workshop, upstream: Upstream, first: str
) -> None:
    fill_far(upstream)
    hosted, proxy = workshop.make_hosted(), workshop.make_proxy(upstream.url)
    server.store(hosted)
    members = (hosted, proxy) if first == "hosted" else (proxy, hosted)
    group = workshop.make_group(*members)
    mine, content = (NEAR, file()) if first == "hosted" else (FAR_RP, file(FAR, etag='"far"'))
    assert server.get(group, "simple/rp/").settled == page(project("rp", mine, NINE))
    assert server.get(group, FILE).settled == content


def test_links_ascend_by_lower_case_file_name(server: Server, workshop: Workshop) -> None:
    hosted = workshop.make_hosted()
    for version, filename in (("2", "rp-2.zip"), ("10", "RP-10.zip"), ("3", "a.zip")):
        server.store(hosted, filename, version=version)
    lines = [link(f"rp/{path}") for path in ("3/a.zip", "10/RP-10.zip", "2/rp-2.zip")]
    group = workshop.make_group(hosted)
    assert server.get(group, "simple/rp/").settled == page(project("rp", *lines))


def test_roots_are_merged_ascending_whatever_the_case(
    server: Server, workshop: Workshop, upstream: Upstream
) -> None:
    upstream.answers["/simple/"] = Reply(body=b'<a href="B_c/">B_c</a><a href="rp/">rp</a>')
    hosted, proxy = workshop.make_hosted(), workshop.make_proxy(upstream.url)
    group = workshop.make_group(hosted, proxy)
    server.store(hosted)
    server.store(hosted, "a.zip", name="a")
    assert server.get(group, "simple/").settled == page(root("a", "B_c", "rp"))


def test_a_group_in_a_group_shows_the_same(server: Server, workshop: Workshop) -> None:
    hosted = workshop.make_hosted()
    group = workshop.make_group(workshop.make_group(hosted))
    server.store(hosted)
    assert server.get(group, "simple/rp/").settled == page(project("rp", NEAR))
    assert server.get(group, FILE).settled == file()


def test_a_member_that_cannot_be_reached_is_skipped_silently(
    server: Server, workshop: Workshop
) -> None:
    hosted = workshop.make_hosted()
    group = workshop.make_group(workshop.make_proxy("http://127.0.0.1:9"), hosted)
    server.store(hosted)
    assert server.get(group, "simple/rp/").settled == page(project("rp", NEAR))
    assert server.get(group, "simple/nope/").settled == page(project("nope"))
    assert server.get(group, FILE).settled == file()


def test_an_upload_shows_on_the_next_request(server: Server, workshop: Workshop) -> None:
    hosted = workshop.make_hosted()
    group = workshop.make_group(hosted)
    assert server.get(group, "simple/rp/").settled == page(project("rp"))
    assert server.get(group, "simple/").settled == page(root())
    server.store(hosted)
    assert server.get(group, "simple/rp/").settled == page(project("rp", NEAR))
    assert server.get(group, "simple/").settled == page(root("rp"))


def test_deleting_one_of_two_files_shows_on_the_next_request(
    server: Server, workshop: Workshop
) -> None:
    hosted = workshop.make_hosted()
    group = workshop.make_group(hosted)
    server.store(hosted)
    server.store(hosted, "rp-2.zip")
    two = page(project("rp", NEAR, link("rp/1/rp-2.zip")))
    assert server.get(group, "simple/rp/").settled == two
    server.admin.delete(hosted, "rp-2.zip")
    assert server.get(hosted, "simple/rp/").settled == page(project("rp", NEAR))
    assert server.get(group, "simple/rp/").settled == page(project("rp", NEAR))


@pytest.fixture
def emptied(server: Server, workshop: Workshop) -> tuple[str, str]:
    """Hosted after its last file was deleted, and a group that had shown it."""
    hosted = workshop.make_hosted()
    group = workshop.make_group(hosted)
    server.store(hosted)
    server.get(group, "simple/rp/")
    server.admin.delete(hosted, WHEEL)
    return hosted, group


def test_after_the_last_file_was_deleted_the_page_stays_with_a_dead_link(
    server: Server, emptied: tuple[str, str]
) -> None:
    hosted, group = emptied
    assert server.get(hosted, "simple/rp/").settled == error(404)
    assert server.get(group, "simple/rp/").settled == page(project("rp", NEAR))
    assert [server.get(one, FILE).settled for one in emptied] == [error(404)] * 2
    assert [server.get(one, "simple/").settled for one in emptied] == [page(root())] * 2


def test_a_dead_link_goes_with_invalidation(server: Server, emptied: tuple[str, str]) -> None:
    server.admin.invalidate(emptied[1])
    assert server.get(emptied[1], "simple/rp/").settled == page(project("rp"))


def test_a_dead_link_goes_with_the_next_upload(server: Server, emptied: tuple[str, str]) -> None:
    server.store(emptied[0], "rp-2.zip")
    expected = page(project("rp", link("rp/1/rp-2.zip")))
    assert [server.get(one, "simple/rp/").settled for one in emptied] == [expected] * 2


def test_a_deleted_file_may_come_again_with_other_bytes(
    server: Server, emptied: tuple[str, str]
) -> None:
    assert server.upload(emptied[0], content=ZIP + b"2").line == "200 OK"
    assert server.get(emptied[1], FILE).settled == file(ZIP + b"2")


BLOCKS: dict[str, tuple[str, str, Answer]] = {
    "the page": ("GET", "simple/rp/", error(403, BLOCKED)),
    "the page without slash": ("GET", "simple/rp", error(403, BLOCKED)),
    "a file": ("GET", "packages/rp/9/rp-9.zip", error(403, BLOCKED)),
    "HEAD of the page": ("HEAD", "simple/rp/", headless(error(403, BLOCKED))),
    "not another spelling": ("GET", "simple/Rp/", error(404)),
    "not the root": ("GET", "simple/", page(root("rp"))),
    "not PUT, which finds nothing anyway": ("PUT", "simple/rp/", bare(404, "Not Found")),
}


@pytest.mark.parametrize(("method", "path", "expected"), BLOCKS.values(), ids=BLOCKS)
def test_a_routing_rule_blocks(
    server: Server,
    workshop: Workshop,
    upstream: Upstream,
    method: str,
    path: str,
    expected: Answer,
) -> None:
    fill_far(upstream)
    upstream.answers["/simple/"] = Reply(body=b'<a href="rp/">rp</a>')
    proxy = workshop.make_proxy(upstream.url, blocked=RULE)
    answer = server.wire.ask(method, f"/repository/{proxy}/{path}")
    assert answer.settled == expected


def test_through_the_group_what_is_blocked_is_not_there(
    server: Server, workshop: Workshop, upstream: Upstream
) -> None:
    fill_far(upstream)
    hosted = workshop.make_hosted()
    group = workshop.make_group(workshop.make_proxy(upstream.url, blocked=RULE), hosted)
    server.store(hosted)
    assert server.get(group, "simple/rp/").settled == page(project("rp", NEAR))
    assert server.get(group, "packages/rp/9/rp-9.zip").settled == error(404)
    assert server.get(group, FILE).settled == file()


def test_a_new_rule_shows_in_a_page_made_before_only_after_invalidation(
    server: Server, workshop: Workshop, upstream: Upstream
) -> None:
    fill_far(upstream)
    hosted, proxy = workshop.make_hosted(), workshop.make_proxy(upstream.url)
    group = workshop.make_group(hosted, proxy)
    server.store(hosted)
    both, alone = page(project("rp", NEAR, NINE)), page(project("rp", NEAR))
    assert server.get(group, "simple/rp/").settled == both
    workshop.block(proxy, *RULE)
    assert server.get(group, "simple/rp/").settled == both
    assert server.get(group, "packages/rp/9/rp-9.zip").settled == error(404)
    server.admin.invalidate(group)
    assert server.get(group, "simple/rp/").settled == alone
    server.admin.block(proxy, ())
    assert server.get(group, "simple/rp/").settled == alone
    server.store(hosted, "rp-2.zip")
    every = page(project("rp", NEAR, link("rp/1/rp-2.zip"), NINE))
    assert server.get(group, "simple/rp/").settled == every
