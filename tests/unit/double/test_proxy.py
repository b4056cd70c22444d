"""The proxy over a directory, another sandbox, and a broken upstream."""

from __future__ import annotations

import hashlib
import http.server
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from nexus_double import run_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nexus_double import Sandbox
    from unit.double.conftest import Client

    Open = Callable[[Sandbox], Client]

WHEEL = "far-1-py3-none-any.whl"
PAGE = (
    '<a href="{0}#md5=0" rel="internal" data-yanked="bad" data-requires-python="&gt;=3.9"'
    ' data-dist-info-metadata="true">{1}</a>'
)


class Remote:
    """An upstream on plain HTTP with its answers: path to status, text, headers."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, bytes, dict[str, str]]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        remote = self

        class Answering(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                remote.requests.append((self.path, dict(self.headers)))
                status, body, headers = remote.answers.get(self.path, (404, b"", {}))
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def page(self, project: str, *files: str) -> None:
        text = "".join(PAGE.format(file, file.rpartition("/")[2]) for file in files)
        self.answers[f"/simple/{project}/"] = (200, text.encode(), {})

    def paths(self) -> list[str]:
        return [path for path, _ in self.requests]


@pytest.fixture
def upstream() -> Iterator[Remote]:
    remote = Remote()
    thread = threading.Thread(target=remote.server.serve_forever, args=(0.01,))
    thread.start()
    yield remote
    remote.server.shutdown()
    remote.server.server_close()
    thread.join()


@pytest.fixture
def far(upstream: Remote, open_client: Open) -> Iterator[Client]:
    """A client of a sandbox over the upstream on HTTP."""
    with run_sandbox(remote=upstream.url) as sandbox:
        yield open_client(sandbox)


def test_without_a_remote_the_proxy_knows_nothing(open_client: Open) -> None:
    with run_sandbox() as sandbox:
        client = open_client(sandbox)
        assert client.page("pypi-proxy", "far") == "404"
        assert client.get(f"packages/far/1/{WHEEL}", "pypi-proxy").status_code == 404
        assert "<a" not in client.get("simple/", "pypi-proxy").text


def test_a_directory_is_served_with_sha256_and_requires_python(
    client: Client, remote: Path, make_wheel: Callable[..., bytes]
) -> None:
    content = make_wheel("far", "1", ">=3.9")
    (remote / WHEEL).write_bytes(content)
    link = (
        f'    <a href="../../packages/far/1/{WHEEL}#sha256={hashlib.sha256(content).hexdigest()}" '
        f'rel="internal"       data-requires-python="&gt;=3.9" >{WHEEL}</a><br/>\n'
    )
    for repository in ("pypi-proxy", "pypi-group"):
        assert link in client.get("simple/far/", repository).text
        assert client.get(f"packages/far/1/{WHEEL}", repository).content == content


def test_links_are_rewritten(far: Client, upstream: Remote) -> None:
    upstream.page("far", "../../f/far-2.tar.gz", WHEEL, "ExtLib_odd.tar.gz")
    upstream.answers["/f/far-2.tar.gz"] = (200, b"\x1f\x8btwo", {})
    page = far.get("simple/far/", "pypi-proxy").text
    requires = 'rel="internal"       data-requires-python="&gt;=3.9" >'
    paths = ("2/far-2.tar.gz", f"1/{WHEEL}", "xtLib_odd/ExtLib_odd.tar.gz")
    links = "".join(
        f'    <a href="../../packages/far/{path}#md5=0" {requires}{path.split("/")[1]}</a><br/>\n'
        for path in paths
    )
    assert f"<h1>Links for fa</h1>\n{links}</body>" in page
    assert far.get("packages/far/2/far-2.tar.gz", "pypi-group").content == b"\x1f\x8btwo"


def test_upstream_gets_one_request_with_the_headers_of_the_server(
    far: Client, upstream: Remote
) -> None:
    upstream.page("far", WHEEL)
    upstream.answers[f"/simple/far/{WHEEL}"] = (200, b"wheel", {"ETag": '"e"'})
    for _ in range(2):
        answer = far.get(f"packages/far/1/{WHEEL}", "pypi-proxy")
        assert (answer.content, answer.headers["ETag"]) == (b"wheel", '"e"')
    assert upstream.paths() == ["/simple/far/", f"/simple/far/{WHEEL}"]
    headers = upstream.requests[0][1]
    assert headers["User-Agent"].startswith("Nexus/3.30.0-01 (OSS; Linux; ")
    assert (headers["Accept-Encoding"], "Accept" in headers) == ("gzip,deflate", False)


def test_the_name_reaches_the_upstream_in_its_spelling(far: Client, upstream: Remote) -> None:
    upstream.page("Far_Lib", "far_lib-1.tar.gz")
    assert far.page("pypi-proxy", "Far_Lib") == "far_lib-1.tar.gz"
    assert far.page("pypi-proxy", "far-lib") == "404"


def test_an_unknown_file_of_a_known_project_is_not_fetched(far: Client, upstream: Remote) -> None:
    upstream.page("far", WHEEL)
    assert far.get("packages/far/9/far-9.tar.gz", "pypi-proxy").status_code == 404
    assert upstream.paths() == ["/simple/far/"]


NO_INDEX = {
    "no link": b"<html></html>",
    "JSON": b'{"files": []}',
    "other files": b'<a href="other-1.tar.gz">other-1.tar.gz</a>',
}


@pytest.mark.parametrize("text", NO_INDEX.values(), ids=NO_INDEX)
def test_a_page_without_a_file_of_the_project_is_no_index(
    far: Client, upstream: Remote, text: bytes
) -> None:
    upstream.answers["/simple/far/"] = (200, text, {})
    assert far.page("pypi-proxy", "far") == "404"


def test_a_missing_project_is_remembered_until_invalidation(far: Client, upstream: Remote) -> None:
    assert far.page("pypi-proxy", "far") == "404"
    upstream.page("far", WHEEL)
    assert far.page("pypi-proxy", "far") == "404"
    far.sandbox.state.invalidate_caches()
    assert far.page("pypi-proxy", "far") == WHEEL
    assert upstream.paths() == ["/simple/far/"] * 2


FAILURES = {
    404: ("404 Not Found", "404 Not Found"),
    403: ("404 Not Found", "404 Not Found"),
    410: ("404 Not Found", "404 Not Found"),
    429: ("404 Not Found", "404 Not Found"),
    401: ("503 Service Unavailable", "502 Bad Gateway"),
    500: ("503 Service Unavailable", "502 Bad Gateway"),
    502: ("503 Service Unavailable", "502 Bad Gateway"),
    503: ("503 Service Unavailable", "502 Bad Gateway"),
}


def test_a_file_that_vanished_upstream_is_404(client: Client, remote: Path) -> None:
    (remote / "far-1.tar.gz").write_bytes(b"far")
    assert client.page("pypi-group", "far") == "far-1.tar.gz"
    (remote / "far-1.tar.gz").unlink()
    assert client.get("packages/far/1/far-1.tar.gz", "pypi-proxy").status_code == 404


def test_a_root_that_is_missing_upstream_is_404(far: Client) -> None:
    assert outcome(far.get("simple/", "pypi-proxy")) == "404 Not Found"
    assert outcome(far.get("simple/", "pypi-group")) == "200 OK"


def outcome(answer: Any) -> str:
    return f"{answer.status_code} {answer.reason}"


@pytest.mark.parametrize(("status", "outcomes"), FAILURES.items(), ids=map(str, FAILURES))
def test_failures_of_the_upstream(
    far: Client, upstream: Remote, status: int, outcomes: tuple[str, str]
) -> None:
    upstream.answers["/simple/far/"] = (status, b"", {})
    first = outcome(far.get("simple/far/", "pypi-proxy"))
    upstream.page("far", WHEEL)
    assert (first, outcome(far.get("simple/far/", "pypi-proxy"))) == outcomes
    assert outcome(far.get("simple/far/", "pypi-group")) == "200 OK"
    assert outcome(far.get(f"packages/far/1/{WHEEL}", "pypi-proxy")) == "404 Not Found"


def test_an_upstream_that_is_gone_or_silent_is_a_bad_gateway(open_client: Open) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with run_sandbox(remote=address, remote_timeout=0.1) as sandbox:
            assert outcome(open_client(sandbox).get("simple/a/", "pypi-proxy")) == "502 Bad Gateway"
    with run_sandbox(remote=address) as sandbox:
        client = open_client(sandbox)
        assert outcome(client.get("simple/a/", "pypi-proxy")) == "502 Bad Gateway"
        assert outcome(client.get("simple/", "pypi-proxy")) == "502 Bad Gateway"
        assert outcome(client.get("simple/a/", "pypi-group")) == "200 OK"


def test_what_is_cached_outlives_the_upstream(upstream: Remote, open_client: Open) -> None:
    upstream.page("far", WHEEL, "far-2.tar.gz")
    upstream.answers[f"/simple/far/{WHEEL}"] = (200, b"wheel", {})
    with run_sandbox(remote=upstream.url, metadata_max_age=0) as sandbox:
        client = open_client(sandbox)
        client.get(f"packages/far/1/{WHEEL}", "pypi-proxy")
        upstream.answers["/simple/far/"] = (500, b"", {})
        assert client.page("pypi-proxy", "far") == f"{WHEEL} far-2.tar.gz"
        assert client.get(f"packages/far/1/{WHEEL}", "pypi-proxy").content == b"wheel"
        other = client.get("packages/far/2/far-2.tar.gz", "pypi-proxy")
        assert outcome(other) == "502 Bad Gateway"


def test_an_old_index_is_revalidated(upstream: Remote, open_client: Open) -> None:
    upstream.page("far", WHEEL)
    date = "Mon, 01 Jan 2024 00:00:00 GMT"
    validators = {"ETag": '"one"', "Last-Modified": date}
    upstream.answers["/simple/far/"] = (*upstream.answers["/simple/far/"][:2], validators)
    with run_sandbox(remote=upstream.url, metadata_max_age=0) as sandbox:
        client = open_client(sandbox)
        client.get("simple/far/", "pypi-group")
        upstream.answers["/simple/far/"] = (304, b"", {})
        answer = client.get("simple/far/", "pypi-proxy")
    assert (answer.headers["ETag"], answer.headers["Last-Modified"]) == ('"one"', date)
    headers = upstream.requests[-1][1]
    assert (headers["If-None-Match"], headers["If-Modified-Since"]) == ('"one"', date)


def test_another_sandbox_is_an_upstream(
    open_client: Open, make_wheel: Callable[..., bytes]
) -> None:
    with run_sandbox() as source:
        content = make_wheel("far", "1")
        source.state.store(
            "pypi-hosted", project="far", version="1", filename=WHEEL, content=content
        )
        address = f"{source.url}/repository/pypi-hosted"
        with run_sandbox(remote=f"{address}/", remote_ca=source.ca_bundle) as sandbox:
            client = open_client(sandbox)
            assert client.page("pypi-group", "far") == WHEEL
            assert client.get(f"packages/far/1/{WHEEL}", "pypi-group").content == content
            assert ">far</a>" in client.get("simple/", "pypi-group").text
        with run_sandbox(remote=address) as sandbox:
            untrusting = open_client(sandbox).get("simple/far/", "pypi-proxy")
            assert outcome(untrusting) == "502 Bad Gateway"
