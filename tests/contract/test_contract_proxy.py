"""What a proxy makes of its upstream, and what it asks."""

from __future__ import annotations

import pytest

from contract.expected import ZIPPED, error, file, link, page, project, root
from contract.servers import Server, Workshop
from contract.upstream import FAR, MODIFIED, Reply, Upstream

FILE = "packages/far/1/far-1.zip"
FAR_LINK = link("far/1/far-1.zip", "sha256=00")
FAR_PAGE = page(project("fa", FAR_LINK), etag='"far"')

LINKS = {
    "a relative address": ('href="../../f/far-2.zip">far-2.zip', link("far/2/far-2.zip", "")),
    "an absolute address": ('href="{url}/f/far-2.zip">far-2.zip', link("far/2/far-2.zip", "")),
    "a hash of the upstream": (
        'href="far-2.zip#sha512=0">far-2.zip',
        link("far/2/far-2.zip", "sha512=0"),
    ),
    "an odd fragment": ('href="far-2.zip#a=b&amp;c">far-2.zip', link("far/2/far-2.zip", "a=b&c")),
    "a bound on python": (
        'href="far-2.zip" data-requires-python="&gt;=3.9">far-2.zip',
        link("far/2/far-2.zip", "", requires="&gt;=3.9"),
    ),
    "attributes that it drops": (
        'href="far-2.zip" data-yanked="bad" data-dist-info-metadata="true" data-gpg-sig="true"'
        ' data-core-metadata="true">far-2.zip',
        link("far/2/far-2.zip", ""),
    ),
    "a text unlike the address": ('href="far-2.zip">far-3.zip', link("far/3/far-3.zip", "")),
    "a wheel": (
        'href="x">far_lib-1.0-py3-none-any.whl',
        link("far/1.0/far_lib-1.0-py3-none-any.whl", ""),
    ),
    "an sdist with a dash in its name": (
        'href="x">far-lib-1.0.tar.gz',
        link("far/1.0/far-lib-1.0.tar.gz", ""),
    ),
    "a name without a version": (
        'href="x">Far_odd.tar.gz',
        link("far/ar_odd/Far_odd.tar.gz", ""),
    ),
}


@pytest.mark.parametrize(("anchor", "line"), LINKS.values(), ids=LINKS)
def test_a_link_is_rewritten_from(
    server: Server, workshop: Workshop, upstream: Upstream, anchor: str, line: str
) -> None:
    last = 'href="far-1.zip">far-1.zip'
    upstream.page("far", anchor.format(url=upstream.url), last)
    proxy = workshop.make_proxy(upstream.url)
    lines = (line, link("far/1/far-1.zip", ""))
    assert server.get(proxy, "simple/far/").settled == page(project("fa", *lines))


@pytest.mark.parametrize("end", ["", "/"], ids=["without", "with"])
def test_the_remote_is_the_root_of_the_site_and_may_end_in_a_slash_or_not(
    server: Server, workshop: Workshop, upstream: Upstream, end: str
) -> None:
    upstream.fill()
    proxy = workshop.make_proxy(upstream.url + end)
    assert server.get(proxy, "simple/far/").settled == FAR_PAGE
    assert server.get(proxy, "simple/").settled == page(root("far"), etag='"far"')
    assert server.get(proxy, FILE).settled == file(FAR, etag='"far"')
    assert upstream.paths() == ["/simple/far/", "/simple/", "/simple/far/far-1.zip"]


def test_the_upstream_gets_the_requests_of_a_nexus(
    server: Server, workshop: Workshop, upstream: Upstream
) -> None:
    upstream.fill()
    server.get(workshop.make_proxy(upstream.url), "simple/far/")
    ((method, path, headers),) = upstream.requests
    assert (method, path) == ("GET", "/simple/far/")
    assert headers["User-Agent"].startswith("Nexus/3.30.0-01 (OSS; Linux; ")
    assert headers["User-Agent"].endswith("; amd64; 11.0.13)")
    assert headers["Accept-Encoding"] == "gzip,deflate"
    assert "Accept" not in headers


def test_the_upstream_gets_one_request_and_an_old_page_is_validated(
    server: Server, workshop: Workshop, upstream: Upstream
) -> None:
    upstream.fill()
    proxy = workshop.make_proxy(upstream.url)
    for _ in range(2):
        assert server.get(proxy, "simple/far/").settled == FAR_PAGE
        assert server.get(proxy, FILE).settled == file(FAR, etag='"far"')
    assert upstream.paths() == ["/simple/far/", "/simple/far/far-1.zip"]
    server.admin.invalidate(proxy)
    upstream.answers["/simple/far/"] = Reply(status=304)
    assert server.get(proxy, "simple/far/").settled == FAR_PAGE
    _, path, headers = upstream.requests[-1]
    validators = headers["If-None-Match"], headers["If-Modified-Since"]
    assert (path, validators) == ("/simple/far/", ('"far"', MODIFIED))


def test_a_file_without_validators_upstream_has_no_etag(
    server: Server, workshop: Workshop, upstream: Upstream
) -> None:
    upstream.fill()
    upstream.answers["/simple/far/far-1.zip"] = Reply(body=FAR)
    answer = server.get(workshop.make_proxy(upstream.url), FILE).settled
    assert "etag" not in dict(answer.headers)
    assert answer.header("Last-Modified") == "DATE"


def test_an_unknown_file_of_a_known_project_is_not_fetched(
    server: Server, workshop: Workshop, upstream: Upstream
) -> None:
    upstream.fill()
    proxy = workshop.make_proxy(upstream.url)
    assert server.get(proxy, "packages/far/9/far-9.zip").settled == error(404)
    assert upstream.paths() == ["/simple/far/"]


def test_names_reach_the_upstream_in_the_spelling_of_the_request(
    server: Server, workshop: Workshop, upstream: Upstream
) -> None:
    upstream.page("Far_Lib", 'href="x">far-lib-1.zip')
    proxy = workshop.make_proxy(upstream.url)
    line = link("Far_Lib/1/far-lib-1.zip", "")
    assert server.get(proxy, "simple/far-lib/").settled == error(404)
    assert server.get(proxy, "simple/Far_Lib/").settled == page(project("Far_Li", line))


NO_INDEX = {
    "without a link": b"<html></html>",
    "that is JSON": b'{"files": []}',
    "that is empty": b"",
    "of other files": b'<a href="other-1.zip">other-1.zip</a>',
}


@pytest.mark.parametrize("body", NO_INDEX.values(), ids=NO_INDEX)
def test_no_index_is_a_page(
    server: Server, workshop: Workshop, upstream: Upstream, body: bytes
) -> None:
    upstream.answers["/simple/far/"] = Reply(body=body)
    proxy = workshop.make_proxy(upstream.url)
    assert server.get(proxy, "simple/far/").settled == error(404)


FAILURES = {
    **{f"{status}": (status, 404, 404) for status in (400, 403, 404, 405, 410, 418, 429, 451)},
    **{f"{status}": (status, 503, 502) for status in (401, 500, 502, 503)},
}


@pytest.mark.parametrize(("status", "first", "then"), FAILURES.values(), ids=FAILURES)
def test_a_page_is_an_error_now_and_after_recovery_when_the_upstream_said(
    server: Server, workshop: Workshop, upstream: Upstream, status: int, first: int, then: int
) -> None:
    proxy = workshop.make_proxy(upstream.url)
    upstream.answers["/simple/far/"] = Reply(status=status)
    assert server.get(proxy, "simple/far/").settled == error(first)
    upstream.fill()
    assert server.get(proxy, "simple/far/").settled == error(then)
    assert server.get(proxy, FILE).settled == error(404)
    assert upstream.paths() == ["/simple/far/"]


@pytest.mark.parametrize(("status", "first", "then"), FAILURES.values(), ids=FAILURES)
def test_a_file_is_an_error_now_and_after_recovery_when_the_upstream_said(
    server: Server, workshop: Workshop, upstream: Upstream, status: int, first: int, then: int
) -> None:
    upstream.fill()
    proxy = workshop.make_proxy(upstream.url)
    upstream.answers["/simple/far/far-1.zip"] = Reply(status=status)
    assert server.get(proxy, FILE).settled == error(first)
    upstream.fill()
    assert server.get(proxy, FILE).settled == error(then)
    assert server.get(proxy, "simple/far/").settled == FAR_PAGE


def test_an_upstream_that_refuses_connections_is_a_bad_gateway(
    server: Server, workshop: Workshop
) -> None:
    proxy = workshop.make_proxy("http://127.0.0.1:9")
    assert server.get(proxy, "simple/far/").settled == error(502)
    assert server.get(proxy, "simple/").settled == error(502)


def test_an_upstream_that_is_too_slow_is_a_bad_gateway(
    server: Server, workshop: Workshop, upstream: Upstream
) -> None:
    upstream.fill()
    upstream.answers["/simple/far/"] = Reply(seconds=3)
    proxy = workshop.make_proxy(upstream.url, timeout=1)
    assert server.get(proxy, "simple/far/").settled == error(502)


def test_what_was_missing_stays_missing_until_invalidation(
    server: Server, workshop: Workshop, upstream: Upstream
) -> None:
    proxy = workshop.make_proxy(upstream.url)
    assert server.get(proxy, "simple/far/").settled == error(404)
    upstream.fill()
    assert server.get(proxy, "simple/far/").settled == error(404)
    server.admin.invalidate(proxy)
    assert server.get(proxy, "simple/far/").settled == FAR_PAGE


@pytest.mark.parametrize("status", [404, 500], ids=["has it no more", "fails"])
def test_what_is_cached_is_served_on_when_the_upstream(
    server: Server, workshop: Workshop, upstream: Upstream, status: int
) -> None:
    upstream.fill()
    proxy = workshop.make_proxy(upstream.url)
    server.get(proxy, FILE)
    upstream.answers = dict.fromkeys(upstream.answers, Reply(status=status))
    server.admin.invalidate(proxy)
    assert server.get(proxy, "simple/far/").settled == FAR_PAGE
    assert server.get(proxy, FILE).settled == file(FAR, etag='"far"')


@pytest.mark.parametrize("status", [404, 500], ids=["has it no more", "fails"])
def test_a_page_of_no_age_is_served_on_when_the_upstream(
    server: Server, workshop: Workshop, upstream: Upstream, status: int
) -> None:
    upstream.fill()
    proxy = workshop.make_proxy(upstream.url, fresh=True)
    assert server.get(proxy, "simple/far/").settled == FAR_PAGE
    upstream.answers["/simple/far/"] = Reply(status=status)
    assert server.get(proxy, "simple/far/").settled == FAR_PAGE


def test_a_signature_that_is_not_linked_is_refused_as_the_file_itself(
    server: Server, workshop: Workshop, upstream: Upstream
) -> None:
    upstream.fill()
    proxy = workshop.make_proxy(upstream.url)
    text = f"Detected content type [{ZIPPED}], but expected [text/plain]: {FILE}.asc.txt"
    assert server.get(proxy, f"{FILE}.asc").settled == error(404, text)
