"""Files and pages under conditions and ranges."""

from __future__ import annotations

import pytest

from contract.expected import error, file, headless, link, page, part, project, root, unchanged
from contract.servers import WHEEL, Repositories, Server
from contract.upstream import FAR, MODIFIED
from contract.wire import Answer

OLD = "Mon, 01 Jan 2001 00:00:00 GMT"
FAR_LINK = link("far/1/far-1.zip", "sha256=00")
WHOLE: dict[str, tuple[str, str, Answer]] = {
    "file of hosted": ("hosted", f"packages/rp/1/{WHEEL}", file()),
    "file of the group": ("group", f"packages/rp/1/{WHEEL}", file()),
    "file of the proxy": ("proxy", "packages/far/1/far-1.zip", file(FAR, etag='"far"')),
    "page of hosted": ("hosted", "simple/rp/", page(project("rp", link(f"rp/1/{WHEEL}")))),
    "page of the group": ("group", "simple/rp/", page(project("rp", link(f"rp/1/{WHEEL}")))),
    "page of the proxy": ("proxy", "simple/far/", page(project("fa", FAR_LINK), etag='"far"')),
    "root of hosted": ("hosted", "simple/", page(root("rp"))),
    "root of the proxy": ("proxy", "simple/", page(root("far"), etag='"far"')),
}
everything = pytest.mark.parametrize(("kind", "path", "whole"), WHOLE.values(), ids=WHOLE)


@everything
def test_whole_is_the(
    server: Server, repositories: Repositories, kind: str, path: str, whole: Answer
) -> None:
    assert server.get(repositories.find(kind), path).settled == whole
    answer = server.wire.ask("HEAD", f"/repository/{repositories.find(kind)}/{path}")
    assert answer.settled == headless(whole)


def test_a_file_of_a_proxy_is_as_old_as_the_upstream_says(
    server: Server, repositories: Repositories
) -> None:
    assert (
        server.get(repositories.proxy, "packages/far/1/far-1.zip").header("Last-Modified")
        == MODIFIED
    )


# What is sent, with the validators of the answer in it, and whether nothing has changed: with an
# ETag, and for a page that has none.
CONDITIONS = {
    "If-None-Match is it": ({"If_None_Match": "{etag}"}, True, False),
    "If-None-Match has it among others": ({"If_None_Match": '"x", {etag}'}, True, False),
    "If-None-Match has it as weak": ({"If_None_Match": "W/{etag}"}, True, False),
    "If-None-Match is another": ({"If_None_Match": '"x"'}, False, False),
    "If-None-Match is a star": ({"If_None_Match": "*"}, False, False),
    "If-Modified-Since is it": ({"If_Modified_Since": "{date}"}, True, True),
    "If-Modified-Since is older": ({"If_Modified_Since": OLD}, False, False),
    "If-Modified-Since is no date": ({"If_Modified_Since": "nonsense"}, False, False),
    "one of two holds": ({"If_None_Match": '"x"', "If_Modified_Since": "{date}"}, True, True),
    "If-Match is it": ({"If_Match": "{etag}"}, False, False),
    "If-Match is another": ({"If_Match": '"x"'}, True, False),
    "If-Unmodified-Since is it": ({"If_Unmodified_Since": "{date}"}, False, False),
    "If-Unmodified-Since is older": ({"If_Unmodified_Since": OLD}, True, True),
    "an old date with a range": ({"If_Unmodified_Since": OLD, "Range": "bytes=0-3"}, True, True),
}


@everything
@pytest.mark.parametrize("name", CONDITIONS)
def test_unchanged_or_whole_when(
    server: Server, repositories: Repositories, name: str, kind: str, path: str, whole: Answer
) -> None:
    headers, with_etag, without = CONDITIONS[name]
    known = dict(server.get(repositories.find(kind), path).headers)
    validators = {"etag": known.get("etag", '"none"'), "date": known["last-modified"]}
    sent = {header: value.format(**validators) for header, value in headers.items()}
    same = with_etag if "etag" in known else without
    answer = server.get(repositories.find(kind), path, **sent).settled
    assert answer == (unchanged(whole) if same else whole)


# From where to where, of a size: None is the whole, an empty range cannot be satisfied.
RANGES = {
    "the first bytes": ("bytes=0-3", (0, 4)),
    "one byte": ("bytes=0-0", (0, 1)),
    "the last bytes": ("bytes=-5", (-5, None)),
    "the rest": ("bytes=5-", (5, None)),
    "more than there is": ("bytes=7-9999", (7, None)),
    "the last of more than there is": ("bytes=-9999", ()),
    "nothing at the end": ("bytes=-0", ()),
    "behind the end": ("bytes=9999-", ()),
    "the wrong way round": ("bytes=5-2", None),
    "several": ("bytes=0-1,3-4", None),
    "another unit": ("lines=0-1", None),
    "no numbers": ("bytes=-", None),
    "no number": ("bytes=abc", None),
}


@everything
@pytest.mark.parametrize("name", RANGES)
def test_range_of(
    server: Server, repositories: Repositories, name: str, kind: str, path: str, whole: Answer
) -> None:
    sent, span = RANGES[name]
    if (kind, path) == ("group", "simple/rp/"):
        span = None  # a group cuts no pages
    answer = server.get(repositories.find(kind), path, Range=sent).settled
    if span is None:
        assert answer == whole
    elif span:
        start, stop, _ = slice(*span).indices(len(whole.body))
        assert answer == part(whole, start, stop)
    else:
        assert answer == error(404 if kind == "group" else 416)


IF_RANGE = {
    "the ETag is it": ("{etag}", True),
    "the date is it": ("{date}", True),
    "the ETag is another": ('"x"', False),
    "the date is older": (OLD, False),
}


@pytest.mark.parametrize(("value", "cut"), IF_RANGE.values(), ids=IF_RANGE)
def test_if_range_lets_a_range_through_when(
    server: Server, repositories: Repositories, value: str, cut: bool
) -> None:
    path = f"packages/rp/1/{WHEEL}"
    known = server.get(repositories.hosted, path)
    condition = value.format(etag=known.header("etag"), date=known.header("last-modified"))
    answer = server.get(repositories.hosted, path, Range="bytes=0-3", If_Range=condition).settled
    assert answer == (part(file(), 0, 4) if cut else file())


def test_head_knows_no_range(server: Server, repositories: Repositories) -> None:
    target = f"/repository/{repositories.hosted}/packages/rp/1/{WHEEL}"
    answer = server.wire.ask("HEAD", target, headers={"Range": "bytes=0-3"})
    assert answer.settled == headless(file())


def test_no_file_of_a_project_with_a_name_of_one_letter_is_found(
    server: Server, hosted: str
) -> None:
    server.store(hosted, name="x")
    line = link(f"x/1/{WHEEL}")
    assert server.get(hosted, "simple/x/").settled == page(project("x", line))
    assert server.get(hosted, f"packages/x/1/{WHEEL}").settled == error(404)


@pytest.mark.parametrize("plus", ["+", "%2B", "%2b"])
def test_a_plus_in_a_path_is_found_as(server: Server, hosted: str, plus: str) -> None:
    server.store(hosted, version="1+a")
    assert server.get(hosted, f"packages/rp/1{plus}a/{WHEEL}").settled == file()
