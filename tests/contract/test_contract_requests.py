"""Paths, methods, and the addresses in pages."""

from __future__ import annotations

import pytest

from contract.expected import (
    BASE,
    NO_REPOSITORY,
    NO_SLASH,
    RELATIVE,
    STANDARD,
    bare,
    directory,
    error,
    fill,
    headless,
    link,
    make_answer,
    page,
    project,
    root,
)
from contract.servers import WHEEL, Repositories, Server
from contract.wire import Answer

FILE = f"packages/rp/1/{WHEEL}"
RP, ROOT = page(project("rp", link(f"rp/1/{WHEEL}"))), page(root("rp"))
HOSTED, GROUP, PROXY = directory("hosted"), directory("group"), directory("proxy")
UNSLASHED, RELATIVE_TOKEN = error(400, NO_SLASH), error(400, RELATIVE)
UNKNOWN = error(404, NO_REPOSITORY)
OUTSIDE = error(404, headers=STANDARD)
STATUS = make_answer(200, "OK", {"date": "DATE", **STANDARD})

GETS: dict[str, tuple[str, Answer]] = {
    "two slashes": ("/repository/{hosted}/simple//rp/", RP),
    "two slashes before the name": ("/repository//{hosted}/simple/", ROOT),
    "an encoded slash": ("/repository/{hosted}/simple%2Frp/", RP),
    "a query": ("/repository/{hosted}/simple/rp/?x=1", RP),
    "a dot": ("/repository/{hosted}/./simple/rp/", RP),
    "an encoded dot": ("/repository/{hosted}/%2e/simple/", ROOT),
    "two dots": ("/repository/{hosted}/a/../simple/rp/", RP),
    "encoded dots": ("/repository/{hosted}/simple/%2e%2e/simple/", ROOT),
    "two dots in the end": ("/repository/{hosted}/simple/rp/..", ROOT),
    "two dots out of it": ("/repository/{hosted}/../{hosted}/simple/", RELATIVE_TOKEN),
    "encoded dots out of it": ("/repository/{hosted}/%2e%2e/simple/", RELATIVE_TOKEN),
    "two dots into another": ("/repository/{group}/../{hosted}/simple/", RELATIVE_TOKEN),
    "a dot for the name": ("/repository/./{hosted}/simple/", RELATIVE_TOKEN),
    "three dots": ("/repository/{hosted}/.../", HOSTED),
    "no name": ("/repository/", UNSLASHED),
    "no slash after the name": ("/repository/{hosted}", UNSLASHED),
    "no slash after an unknown name": ("/repository/nope", UNSLASHED),
    "an empty name": ("/repository//simple/", UNKNOWN),
    "an unknown repository": ("/repository/nope/simple/", UNKNOWN),
    "hosted itself": ("/repository/{hosted}/", HOSTED),
    "the proxy itself": ("/repository/{proxy}/", PROXY),
    "the group itself": ("/repository/{group}/", GROUP),
    "a directory of packages": ("/repository/{hosted}/packages/rp/", HOSTED),
    "a directory of nothing": ("/repository/{hosted}/+simple/rp/", HOSTED),
    "JSON of a project, with a slash": ("/repository/{hosted}/pypi/rp/json/", HOSTED),
    "index.html": ("/repository/{hosted}/simple/rp/index.html", HOSTED),
    "index.htm": ("/repository/{hosted}/simple/rp/index.htm", HOSTED),
    "a blank in a project": ("/repository/{hosted}/simple/r%20p/", HOSTED),
    "a file with a slash": (f"/repository/{{hosted}}/{FILE}/", HOSTED),
    "JSON of a project": ("/repository/{hosted}/pypi/rp/json", error(404)),
    "pypi": ("/repository/{hosted}/pypi", error(404)),
    "a version": ("/repository/{hosted}/packages/rp/1", error(404)),
    "an unknown file": ("/repository/{hosted}/packages/rp/1/nope.whl", error(404)),
    "an unknown file of the group": ("/repository/{group}/packages/rp/1/nope.whl", error(404)),
    "an unknown file of the proxy": ("/repository/{proxy}/packages/far/9/no.zip", error(404)),
    "core metadata": (f"/repository/{{hosted}}/{FILE}.metadata", error(404)),
    "provenance": (f"/repository/{{hosted}}/{FILE}.provenance", error(404)),
    "a sha256 file": (f"/repository/{{hosted}}/{FILE}.sha256", error(404)),
    "a signature there is not": (f"/repository/{{hosted}}/{FILE}.asc", error(404)),
    "nothing known": ("/repository/{hosted}/nope", error(404)),
    "repository": ("/repository", OUTSIDE),
    "Repository": ("/Repository/{hosted}/", OUTSIDE),
    "Nexus 2": ("/nexus/content/repositories/x/", OUTSIDE),
    "outside of everything": ("/nope", OUTSIDE),
    "the status": ("/service/rest/v1/status", STATUS),
    "the status with a slash": ("/service/rest/v1/status/", STATUS),
}


def fill_names(text: str, repositories: Repositories) -> str:
    return text.format(
        hosted=repositories.hosted, proxy=repositories.proxy, group=repositories.group
    )


def fill_kind(expected: Answer, target: str, repositories: Repositories) -> Answer:
    kind = next((kind for kind in ("proxy", "group") if f"{{{kind}}}" in target), "hosted")
    return fill(expected, repository=repositories.find(kind))


@pytest.mark.parametrize(("target", "expected"), GETS.values(), ids=GETS)
def test_get(server: Server, repositories: Repositories, target: str, expected: Answer) -> None:
    answer = server.wire.ask("GET", fill_names(target, repositories))
    assert answer.settled == fill_kind(expected, target, repositories)


def test_rest_api_answers_unknown_paths_with_a_fault_id(server: Server) -> None:
    answer = server.wire.ask("GET", "/service/rest/nope")
    (fault,) = [value for name, value in answer.headers if name == "x-siesta-faultid"]
    headers = {"date": "DATE", **STANDARD, "x-siesta-faultid": fault}
    assert answer.settled == make_answer(404, "Not Found", headers)
    assert len(fault) == 36


OTHER_PATHS = {
    "the repository": "/repository/{hosted}/",
    "a page": "/repository/{hosted}/simple/rp/",
    "a file": f"/repository/{{hosted}}/{FILE}",
    "nothing": "/repository/{hosted}/nope",
    "the group": "/repository/{group}/",
}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("target", OTHER_PATHS.values(), ids=OTHER_PATHS)
def test_other_methods_find_nothing_and_say_so_without_a_page(
    server: Server, repositories: Repositories, target: str, method: str
) -> None:
    answer = server.wire.ask(method, fill_names(target, repositories), login=server.publisher)
    assert answer.settled == bare(404, "Not Found")


REFUSED_METHODS: dict[str, tuple[str, str, Answer]] = {
    "PUT of no repository": ("PUT", "/repository/nope/", bare(404, NO_REPOSITORY)),
    "PUT without a slash": ("PUT", "/repository/nope", bare(400, NO_SLASH)),
    "PUT outside": ("PUT", "/nope", bare(405, "Method Not Allowed", STANDARD)),
    "POST outside": (
        "POST",
        "/nope",
        error(405, "HTTP method POST is not supported by this URL", STANDARD),
    ),
    "HEAD of the repository": ("HEAD", "/repository/{hosted}/", headless(error(404))),
    "HEAD of no repository": ("HEAD", "/repository/nope/", headless(UNKNOWN)),
    "HEAD of nothing": ("HEAD", "/repository/{hosted}/simple/nope/", headless(error(404))),
    "HEAD outside": ("HEAD", "/nope", headless(OUTSIDE)),
    "HEAD of the status": ("HEAD", "/service/rest/v1/status", STATUS),
}


@pytest.mark.parametrize(
    ("method", "target", "expected"), REFUSED_METHODS.values(), ids=REFUSED_METHODS
)
def test_method(
    server: Server, repositories: Repositories, method: str, target: str, expected: Answer
) -> None:
    assert server.wire.ask(method, fill_names(target, repositories)).settled == expected


FRONTS = {
    "another host": ({"Host": "a.example.com:8443"}, "https://a.example.com:8443"),
    "a forwarded host": ({"X-Forwarded-Host": "f.example.com"}, "https://f.example.com"),
    "two forwarded hosts": (
        {"X-Forwarded-Host": "f.example.com, b.example.com"},
        "https://f.example.com",
    ),
    "a forwarded port": ({"X-Forwarded-Port": "81"}, f"{BASE}:81"),
}


@pytest.mark.parametrize(("headers", "base"), FRONTS.values(), ids=FRONTS)
def test_links_of_pages_follow(server: Server, headers: dict[str, str], base: str) -> None:
    answer = server.wire.ask("GET", "/repository/nope/", headers=headers)
    body = UNKNOWN.body.replace(BASE.encode(), base.encode())
    expected = make_answer(404, NO_REPOSITORY, dict(UNKNOWN.headers), body)
    assert answer.settled == expected
