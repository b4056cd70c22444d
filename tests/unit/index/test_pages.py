"""Reading an index: the sandbox for what Nexus does, a server with set answers for the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nexus_double import run_sandbox
from raising import raises_error
from releasekit.archives import read_dist
from releasekit.errors import ReleasekitError
from releasekit.errors.access import NOT_PERMITTED, WRONG_CREDENTIALS
from releasekit.errors.usage import NOT_A_PYPI_REPOSITORY
from releasekit.index.layouts import open_index
from releasekit.index.pages import Index
from releasekit.model.access import Credentials
from releasekit.model.dists import Dist
from releasekit.model.published import ProjectPage, PublishedFile
from releasekit.network import Network, open_network
from samples import WHEEL, write_wheel
from unit.conftest import Answer, Server

BOB = Credentials(username="bob", password="hunter2", source="TWINE_USERNAME")


@pytest.fixture
def network(ca_file: Path) -> Iterator[Network]:
    with open_network(environ={}, ca_bundle=str(ca_file), timeout=5) as network:
        yield network


@pytest.fixture
def dist(tmp_path: Path) -> Dist:
    """What was built."""
    return read_dist(write_wheel(tmp_path))


def open_for(url: str, network: Network, user: Credentials) -> Index:
    return open_index(url, client=network.client, reader=user, publisher=user)


@pytest.fixture
def index(server: Server, network: Network) -> Index:
    return open_for(f"{server.url}/repository/h/", network, BOB)


def test_page_and_digest_of_a_nexus(environ: dict[str, str], dist: Dist) -> None:
    content = b"PK\x03\x04 a wheel"
    with run_sandbox() as sandbox:
        sandbox.state.store(
            "pypi-hosted", project="demo", version="1.0", filename=WHEEL, content=content
        )
        with open_network(environ=environ, ca_bundle=str(sandbox.ca_bundle)) as network:
            user = Credentials(
                username=sandbox.username, password=sandbox.password, source="the sandbox"
            )
            url = sandbox.upload_url("pypi-group")
            index = open_for(url, network, user)
            page = index.read_page("demo")
            decided = index.read_digest(page.files[0], dist)
            hosted = open_for(sandbox.upload_url(), network, user)
            unknown = (index.read_page("other"), hosted.read_page("other"))
    md5 = ("md5", hashlib.md5(content).hexdigest())
    listed = PublishedFile(filename=WHEEL, url=f"{url}packages/demo/1.0/{WHEEL}", hashes=(md5,))
    assert page == ProjectPage(title="Links for demo", files=(listed,))
    sha256 = ("sha256", hashlib.sha256(content).hexdigest())
    assert decided == PublishedFile(filename=listed.filename, url=listed.url, hashes=(sha256, md5))
    assert [page.files for page in unknown] == [(), ()]


def test_access_check_reads_one_byte_and_leaves_the_connection_to_the_next(
    environ: dict[str, str],
) -> None:
    with run_sandbox() as sandbox:
        sandbox.state.store(
            "pypi-hosted", project="demo", version="1.0", filename=WHEEL, content=b""
        )
        user = Credentials(username=sandbox.username, password=sandbox.password, source="test")
        with open_network(environ=environ, ca_bundle=str(sandbox.ca_bundle)) as network:
            index = open_for(sandbox.upload_url(), network, user)
            index.check_access("demo")
            index.read_page("demo")
            (manager,) = network.client.managers.values()
            (pool,) = (manager.pools[key] for key in manager.pools.keys())  # noqa: SIM118
            assert pool.num_connections == 1
        assert [request.status for request in sandbox.state.requests_log] == [206, 200]


@pytest.mark.parametrize(
    ("name", "page"),
    [pytest.param("demo", 0, id="the project's page alone"), pytest.param(None, 1, id="no name")],
)
def test_access_is_checked_also_where_no_ranges_are_known(
    server: Server, index: Index, name: str | None, page: int
) -> None:
    server.answers = [ROOT]
    index.check_access(name)
    assert server.requests == [BOTH_PAGES[page]]


FORBIDDEN = Answer(status=403, reason="Forbidden")


@pytest.mark.parametrize("name", [pytest.param("demo", id="new"), pytest.param(None, id="unnamed")])
def test_who_may_read_one_project_needs_no_other_page(
    server: Server, index: Index, name: str | None
) -> None:
    server.answers = [UNKNOWN, FORBIDDEN] if name else [FORBIDDEN]
    index.check_access(name)
    server.answers = [UNKNOWN, FORBIDDEN]
    assert index.read_page("demo") == ProjectPage(title="")


def test_access_check_refuses_who_may_not_read_the_project(server: Server, index: Index) -> None:
    server.answers = [FORBIDDEN]
    with raises_error(NOT_PERMITTED) as caught:
        index.check_access("demo")
    assert caught.value.answers()["where"] == f"{server.url}{BOTH_PAGES[0][4:]}"


def test_access_check_finds_out_that_there_is_no_repository(server: Server, index: Index) -> None:
    server.answers = [Answer(status=404, reason="Repository not found")] * 2
    with raises_error(NOT_A_PYPI_REPOSITORY):
        index.check_access("demo")


def test_access_check_refuses_a_wrong_password(server: Server, index: Index) -> None:
    server.answers = [Answer(status=401, reason="Unauthorized", body=b"")]
    with raises_error(WRONG_CREDENTIALS):
        index.check_access("demo")


def refuse(index: Index) -> str:
    with pytest.raises(ReleasekitError) as caught:
        index.read_page("demo")
    return str(caught.value)


def said(index: Index, what: str, why: str, fix: str) -> str:
    url = f"{index.url}simple/demo/"
    return f"error {what}\n  where: {url}\n  why:   {why}\n  next:  {fix}"


GATE = b"<html>To use it, accept the End User License Agreement.</html>"
"""By what others saw on 3.94: the words are theirs, not a captured page."""
LOOK = (
    "open that address in a browser: a login page, a front server or an offline repository\n"
    "         answers like this; then run this again"
)


@pytest.mark.parametrize(
    ("answer", "what", "why", "fix"),
    [
        pytest.param(
            Answer(status=401, reason="Unauthorized", body=b""),
            "E234: the user name or the password is wrong",
            "the server answered 401 to user bob, whose credentials came from TWINE_USERNAME",
            "check TWINE_USERNAME;\n         Nexus answers 401 to a disabled user as well",
            id="wrong password",
        ),
        pytest.param(
            Answer(status=403, reason="Forbidden", body=b""),
            "E236: this user may not read",
            "the server answered 403 to user bob: Forbidden",
            "ask the Nexus administrator for the privileges add, browse and read on this "
            "repository",
            id="no right",
        ),
        pytest.param(
            Answer(status=403, reason="Forbidden", body=GATE),
            "E335: this Nexus does not serve anything yet",
            "its End User License Agreement is not accepted: it answers 403 to everybody",
            "its administrator accepts it: by signing in with a browser, or with\n"
            "         releasekit provision --apply --accept-eula",
            id="license agreement",
        ),
        pytest.param(
            Answer(status=400, reason="", body=b""),
            "E302: the answer is not that of a package index",
            "400 without a reason",
            LOOK,
            id="no reason",
        ),
        pytest.param(
            Answer(body=b"<title>Sign in</title>"),
            "E302: the answer is not that of a package index",
            'it sent a page without any link to a file: "Sign in"',
            LOOK,
            id="login page",
        ),
    ],
)
def test_answer_that_is_no_page_is_a_situation(
    server: Server, index: Index, answer: Answer, what: str, why: str, fix: str
) -> None:
    server.answers = [answer]
    assert refuse(index) == said(index, what, why, fix)
    assert len(server.requests) == 1


ROOT = Answer(body=b"<html><head><title>Simple Index</title></head></html>")
UNKNOWN = Answer(status=404, reason="Not Found", body=b"")
BOTH_PAGES = ["GET /repository/h/simple/demo/", "GET /repository/h/simple/"]


def test_project_that_an_index_does_not_know_has_no_files(server: Server, index: Index) -> None:
    server.answers = [UNKNOWN, ROOT]
    assert index.read_page("demo") == ProjectPage(title="")
    assert server.requests == BOTH_PAGES


CHECK_URL = (
    "check url, hosted and group (or the .pypirc section):\n"
    "         uploads go to a hosted repository, never to a group or a proxy"
)


@pytest.mark.parametrize(
    ("answers", "what", "where", "why", "fix"),
    [
        pytest.param(
            [Answer(status=404, reason="Repository not found", body=b"")],
            "E214: this is not a readable PyPI repository",
            "/repository/h/",
            "the server answered 404 Repository not found",
            CHECK_URL,
            id="no repository",
        ),
        pytest.param(
            [UNKNOWN, Answer(status=404, reason="Gone", body=b"")],
            "E214: this is not a readable PyPI repository",
            "/repository/h/",
            "the server answered 404 Not Found",
            CHECK_URL,
            id="no index: what the project's page said is shown",
        ),
        pytest.param(
            [UNKNOWN, Answer(body=b"<title>Sonatype Nexus Repository</title>")],
            "E214: this is not a readable PyPI repository",
            "/repository/h/simple/",
            "the server answered a page that is no index",
            CHECK_URL,
            id="a page for everything",
        ),
        pytest.param(
            [UNKNOWN, Answer(status=401, reason="Unauthorized", body=b"")],
            "E234: the user name or the password is wrong",
            "/repository/h/simple/",
            "the server answered 401 to user bob, whose credentials came from TWINE_USERNAME",
            "check TWINE_USERNAME;\n         Nexus answers 401 to a disabled user as well",
            id="password",
        ),
        pytest.param(
            [UNKNOWN, Answer(status=400, reason="Odd", body=b"")],
            "E302: the answer is not that of a package index",
            "/repository/h/simple/",
            "400 Odd",
            LOOK,
            id="odd",
        ),
    ],
)
def test_address_that_is_no_index_is_not_taken_for_one_without_the_project(
    server: Server,
    index: Index,
    answers: list[Answer],
    what: str,
    where: str,
    why: str,
    fix: str,
) -> None:
    server.answers = answers
    url = f"{server.url}{where}"
    assert refuse(index) == f"error {what}\n  where: {url}\n  why:   {why}\n  next:  {fix}"
    assert server.requests == BOTH_PAGES


def test_dead_link_is_no_file(server: Server, index: Index, dist: Dist) -> None:
    server.answers = [Answer(status=404, body=b"")]
    file = PublishedFile(filename=WHEEL, url=f"{server.url}/{WHEEL}")
    assert index.read_digest(file, dist) is None


def test_download_that_breaks_off_is_no_digest(server: Server, index: Index, dist: Dist) -> None:
    server.answers = [Answer(cut=True)]
    with pytest.raises(ReleasekitError) as caught:
        index.read_digest(PublishedFile(filename=WHEEL, url=f"{server.url}/{WHEEL}"), dist)
    assert caught.value.answers()["why"] == "the connection was closed in the middle of the answer"
    assert len(server.requests) == 4


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param(
            Answer(body=b"<html>", headers={"Content-Type": "text/html; charset=x"}),
            "it is no wheel, but text/html",
            id="login page",
        ),
        pytest.param(Answer(body=b"hello"), "it is no wheel, but no type", id="text"),
        pytest.param(Answer(body=b""), "it is empty", id="nothing"),
        pytest.param(
            Answer(body=b"PK\3\4", headers={"Content-Encoding": "gzip"}),
            "it is sent with Content-Encoding: gzip",
            id="encoded",
        ),
        pytest.param(
            Answer(body=b"PK" + bytes(65 << 20)), f"it is far larger than {WHEEL}", id="endless"
        ),
    ],
)
def test_what_is_no_wheel_is_not_taken_for_another_one(
    server: Server, index: Index, dist: Dist, answer: Answer, why: str
) -> None:
    server.answers = [answer]
    url = f"{server.url}/{WHEEL}"
    with pytest.raises(ReleasekitError) as caught:
        index.read_digest(PublishedFile(filename=WHEEL, url=url), dist)
    assert str(caught.value) == (
        "error E302: the answer is not that of a package index\n"
        f"  where: {url}\n  why:   {why}\n  next:  {LOOK}"
    )


def test_credentials_go_to_the_index_alone(
    server: Server, index: Index, serve: Callable[[None], Server], dist: Dist
) -> None:
    elsewhere = serve(None)
    server.answers = elsewhere.answers = [Answer(body=b"PK")]
    for host in (server, elsewhere):
        index.read_digest(PublishedFile(filename=WHEEL, url=f"{host.url}/{WHEEL}"), dist)
    assert server.authorizations == ["Basic Ym9iOmh1bnRlcjI="]
    assert elsewhere.authorizations == [None]


def test_credentials_do_not_go_over_plain_http_to_the_same_host(
    server: Server, index: Index, dist: Dist
) -> None:
    server.speaks_both = True
    plain = server.url.replace("https:", "http:")
    server.answers = [Answer(body=b"PK")]
    for url in (plain, server.url):
        index.read_digest(PublishedFile(filename=WHEEL, url=f"{url}/{WHEEL}"), dist)
    assert server.authorizations == [None, "Basic Ym9iOmh1bnRlcjI="]


def test_a_redirect_to_plain_http_is_refused(server: Server, index: Index, dist: Dist) -> None:
    server.speaks_both = True
    plain = f"{server.url.replace('https:', 'http:')}/{WHEEL}"
    server.answers = [Answer(status=302, headers={"Location": plain}, body=b""), Answer()]
    url = f"{server.url}/{WHEEL}"
    with pytest.raises(ReleasekitError) as caught:
        index.read_digest(PublishedFile(filename=WHEEL, url=url), dist)
    assert str(caught.value) == (
        "error E354: the server redirects from https to plain http\n"
        f"  where: {url}\n"
        f"  why:   its Location is {plain}\n"
        "  next:  have the front server keep https in its redirects (X-Forwarded-Proto), or "
        "configure\n         the address that it leads to, with https"
    )
    assert server.requests == [f"GET /{WHEEL}"]
