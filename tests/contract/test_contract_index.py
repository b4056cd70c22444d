"""Index pages, byte for byte, and what is answered beside them."""

from __future__ import annotations

import time

import pytest

from contract.expected import error, headless, link, page, project, root
from contract.servers import WHEEL, Repositories, Server, Workshop
from contract.upstream import MODIFIED
from contract.wire import Answer

RP = page(project("rp", link(f"rp/1/{WHEEL}")))
FAR_LINE = link("far/1/far-1.zip", "sha256=00")
FAR = page(project("fa", FAR_LINE), etag='"far"')
CASES: dict[str, tuple[str, str, Answer]] = {
    "hosted": ("hosted", "simple/rp/", RP),
    "hosted, no slash in the end": ("hosted", "simple/rp", RP),
    "hosted, root": ("hosted", "simple/", page(root("rp"))),
    "hosted, root without slash": ("hosted", "simple", error(404)),
    "hosted, unknown project": ("hosted", "simple/nope/", error(404)),
    "hosted, another spelling": ("hosted", "simple/RP/", error(404)),
    "group": ("group", "simple/rp/", RP),
    "group, no slash in the end": ("group", "simple/rp", RP),
    "group, root": ("group", "simple/", page(root("far", "rp"))),
    "group, root without slash": ("group", "simple", error(404)),
    "group, unknown project": ("group", "simple/nope/", page(project("nope"))),
    "group, another spelling": ("group", "simple/Rp/", page(project("Rp"))),
    "group, from the proxy": ("group", "simple/far/", page(project("far", FAR_LINE))),
    "proxy": ("proxy", "simple/far/", FAR),
    "proxy, no slash in the end": ("proxy", "simple/far", FAR),
    "proxy, root": ("proxy", "simple/", page(root("far"), etag='"far"')),
    "proxy, unknown project": ("proxy", "simple/nope/", error(404)),
    "proxy, another spelling": ("proxy", "simple/Far/", error(404)),
}


@pytest.mark.parametrize(("kind", "path", "expected"), CASES.values(), ids=CASES)
def test_an_index_page_of(
    server: Server, repositories: Repositories, kind: str, path: str, expected: Answer
) -> None:
    assert server.get(repositories.find(kind), path).settled == expected


@pytest.mark.parametrize(("kind", "path", "expected"), CASES.values(), ids=CASES)
def test_head_gives_the_same_without_the_body_of(
    server: Server, repositories: Repositories, kind: str, path: str, expected: Answer
) -> None:
    answer = server.wire.ask("HEAD", f"/repository/{repositories.find(kind)}/{path}")
    assert answer.settled == headless(expected)


def test_a_proxy_page_is_as_old_as_the_upstream_says(
    server: Server, repositories: Repositories
) -> None:
    assert server.get(repositories.proxy, "simple/far/").header("Last-Modified") == MODIFIED


IGNORED = {
    "the simple API as JSON": {"Accept": "application/vnd.pypi.simple.v1+json"},
    "a picture": {"Accept": "image/png"},
    "compression": {"Accept_Encoding": "gzip"},
}


@pytest.mark.parametrize("headers", IGNORED.values(), ids=IGNORED)
def test_a_page_is_plain_HTML_even_to_whom_asks_for(  # noqa: N802
    server: Server, repositories: Repositories, headers: dict[str, str]
) -> None:
    assert server.get(repositories.hosted, "simple/rp/", **headers).settled == RP


def test_hosted_links_descend_by_path(server: Server, hosted: str) -> None:
    for version, filename in (("2", "rp-2.zip"), ("10", "RP-10.zip"), ("3", "a.zip")):
        server.store(hosted, filename, version=version)
    server.store(hosted, "b.zip", version="3")
    paths = ("3/b.zip", "3/a.zip", "2/rp-2.zip", "10/RP-10.zip")
    lines = [link(f"rp/{path}") for path in paths]
    assert server.get(hosted, "simple/rp/").settled == page(project("rp", *lines))


def test_hosted_roots_ascend(server: Server, hosted: str) -> None:
    for name in ("rp", "Demo_Pkg", "", "a"):
        server.store(hosted, name=name)
    assert server.get(hosted, "simple/").settled == page(root("", "a", "demo-pkg", "rp"))


REQUIRES = {
    "a bound": (">=3.9", "&gt;=3.9"),
    "everything that needs escaping": ("<4 & '\"€", "&lt;4 &amp; '&quot;&euro;"),
    "blanks around it": (" >=3 ", "&gt;=3"),
    "blanks alone": ("  ", None),
    "nothing": ("", None),
}


@pytest.mark.parametrize(("sent", "shown"), REQUIRES.values(), ids=REQUIRES)
def test_requires_python_is_shown_for(
    server: Server, hosted: str, sent: str, shown: str | None
) -> None:
    server.store(hosted, requires_python=sent)
    line = link(f"rp/1/{WHEEL}", requires=shown)
    assert server.get(hosted, "simple/rp/").settled == page(project("rp", line))


CHANGES = {
    "a file of the same project": ("rp", ["simple/rp/"]),
    "a file of another project": ("other", ["simple/"]),
}


@pytest.mark.parametrize(("name", "changed"), CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("kind", ["hosted", "group"])
def test_last_modified_stays_until_a_page_is_made_anew_after(
    server: Server, workshop: Workshop, kind: str, name: str, changed: list[str]
) -> None:
    hosted = workshop.make_hosted()
    repository = hosted if kind == "hosted" else workshop.make_group(hosted)

    def ages() -> dict[str, str]:
        paths = ("simple/rp/", "simple/")
        return {path: server.get(repository, path).header("Last-Modified") for path in paths}

    server.store(hosted)
    first = ages()
    time.sleep(1.1)
    assert ages() == first
    server.store(hosted, "rp-2.zip", name=name)
    later = ages()
    assert [path for path in first if later[path] != first[path]] == changed
