"""Single requests to a repository with one file, over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from unit.double.conftest import Client

WHEEL = "rp-1-py3-none-any.whl"
FILE = f"packages/rp/1/{WHEEL}"
NO_SLASH = "Repository path must have another '/' after initial '/'"
RELATIVE = "Repository path must not contain a relative token"
REPOSITORY_HEADERS = {
    "Server": "Nexus/3.30.0-01 (OSS)",
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=7776000",
    "Content-Security-Policy": (
        "sandbox allow-forms allow-modals allow-popups allow-presentation allow-scripts "
        "allow-top-navigation"
    ),
    "X-XSS-Protection": "1; mode=block",
}
ERROR_HEADERS = {
    **REPOSITORY_HEADERS,
    "Cache-Control": "no-cache, no-store, max-age=0, must-revalidate, post-check=0, pre-check=0",
    "Pragma": "no-cache",
    "Expires": "0",
    "X-Frame-Options": "DENY",
    "Content-Type": "text/html",
}

GETS = {
    "project": ("pypi-hosted/simple/rp/", 200, "OK"),
    "project without slash": ("pypi-hosted/simple/rp", 200, "OK"),
    "root": ("pypi-hosted/simple/", 200, "OK"),
    "root without slash": ("pypi-hosted/simple", 404, "Not Found"),
    "file": (f"pypi-hosted/{FILE}", 200, "OK"),
    "file of the group": (f"pypi-group/{FILE}", 200, "OK"),
    "other spelling": ("pypi-hosted/simple/RP/", 404, "Not Found"),
    "other spelling in the group": ("pypi-group/simple/RP/", 200, "OK"),
    "unknown project": ("pypi-hosted/simple/nope/", 404, "Not Found"),
    "unknown project in the proxy": ("pypi-proxy/simple/nope/", 404, "Not Found"),
    "unknown file": ("pypi-hosted/packages/rp/1/nope.whl", 404, "Not Found"),
    "unknown file of the group": ("pypi-group/packages/rp/1/nope.whl", 404, "Not Found"),
    "unknown file of the proxy": ("pypi-proxy/packages/rp/1/nope.whl", 404, "Not Found"),
    "short file path in the proxy": ("pypi-proxy/packages/x", 404, "Not Found"),
    "json": ("pypi-hosted/pypi/rp/json", 404, "Not Found"),
    "pypi": ("pypi-hosted/pypi", 404, "Not Found"),
    "version": ("pypi-hosted/packages/rp/1", 404, "Not Found"),
    "metadata": (f"pypi-hosted/{FILE}.metadata", 404, "Not Found"),
    "provenance": (f"pypi-hosted/{FILE}.provenance", 404, "Not Found"),
    "sha256": (f"pypi-hosted/{FILE}.sha256", 404, "Not Found"),
    "double slash": ("pypi-hosted/simple//rp/", 200, "OK"),
    "dot": ("pypi-hosted/./simple/rp/", 200, "OK"),
    "dot dot": ("pypi-hosted/a/../simple/rp/", 200, "OK"),
    "dot dot into another": ("pypi-group/../pypi-hosted/simple/rp/", 400, RELATIVE),
    "dot dot out of everything": ("../../../..", 400, RELATIVE),
    "encoded dot dot": ("pypi-hosted/%2e%2e/simple/", 400, RELATIVE),
    "encoded dot": ("pypi-hosted/%2e/simple/", 200, "OK"),
    "no name": ("", 400, NO_SLASH),
    "no slash": ("pypi-hosted", 400, NO_SLASH),
    "empty name": ("/simple/", 404, "Repository not found"),
    "unknown repository": ("nope/simple/", 404, "Repository not found"),
    "another case": ("PyPI-Hosted/simple/", 404, "Repository not found"),
    "directory": ("pypi-hosted/", 200, "OK"),
    "packages": ("pypi-hosted/packages/rp/", 200, "OK"),
    "plus simple": ("pypi-hosted/+simple/rp/", 200, "OK"),
    "json directory": ("pypi-hosted/pypi/rp/json/", 200, "OK"),
    "index.html": ("pypi-hosted/simple/rp/index.html", 200, "OK"),
    "blank in the name": ("pypi-hosted/simple/r%20p/", 200, "OK"),
    "file with a slash": (f"pypi-hosted/{FILE}/", 200, "OK"),
}
DIRECTORIES = list(GETS)[-7:]


@pytest.fixture(autouse=True)
def store_wheel(client: Client) -> None:
    client.upload()


@pytest.mark.parametrize(("target", "status", "reason"), GETS.values(), ids=GETS)
def test_get(client: Client, target: str, status: int, reason: str) -> None:
    answer = client.raw("GET", f"/repository/{target}")
    assert (answer.status, answer.reason) == (status, reason)
    assert client.sandbox.state.requests_log[-1].error is None


@pytest.mark.parametrize("name", DIRECTORIES)
def test_directory_is_not_browseable(client: Client, name: str) -> None:
    body = client.raw("GET", f"/repository/{GETS[name][0]}").body.decode()
    assert "<title>Repository - Nexus Repository Manager</title>" in body
    text = "This pypi hosted repository is not directly browseable at this URL."
    assert text in body


HEADS = {
    "page": ("simple/rp/", 200),
    "file": (FILE, 200),
    "unknown": ("simple/nope/", 404),
    "directory": ("", 404),
}


@pytest.mark.parametrize(("path", "status"), HEADS.values(), ids=HEADS)
def test_head_has_a_length_and_no_body(client: Client, path: str, status: int) -> None:
    answer = client.raw("HEAD", f"/repository/pypi-hosted/{path}")
    assert (answer.status, answer.body) == (status, b"")
    assert int(answer.headers["Content-Length"]) > 0


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["", "simple/rp/", FILE, "nope/"])
def test_other_methods_are_404_without_a_body(client: Client, method: str, path: str) -> None:
    answer = client.raw(method, f"/repository/pypi-hosted/{path}", headers=client.basic())
    assert (answer.status, answer.reason, answer.body) == (404, "Not Found", b"")


@pytest.mark.parametrize("accept", ["application/vnd.pypi.simple.v1+json", "image/png"])
def test_accept_is_ignored(client: Client, accept: str) -> None:
    headers = {"Accept": accept, "Accept-Encoding": "gzip"}
    answer = client.get("simple/rp/", headers=headers)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")
    assert {"Vary", "Content-Encoding"}.isdisjoint(answer.headers)


def test_headers_of_an_index(client: Client) -> None:
    answer = client.raw("GET", "/repository/pypi-hosted/simple/rp/")
    del answer.headers["Date"], answer.headers["Last-Modified"]
    length = str(len(answer.body))
    assert answer.headers == {
        **REPOSITORY_HEADERS,
        "Content-Type": "text/html",
        "Content-Length": length,
    }


def test_headers_of_a_file(client: Client) -> None:
    answer = client.raw("GET", f"/repository/pypi-hosted/{FILE}")
    del answer.headers["Date"], answer.headers["Last-Modified"]
    assert answer.headers == {
        **REPOSITORY_HEADERS,
        "ETag": '"{SHA1{13ae5c1cf9e098bbcc9b9cabf4ff2408af0b7bb6}}"',
        "Content-Type": "application/zip",
        "Content-Length": "12",
    }


def test_error_page(client: Client) -> None:
    answer = client.raw("GET", "/repository/pypi-hosted", headers={"Host": "nexus.example.com"})
    body = answer.body.decode()
    assert body.startswith('\n<!DOCTYPE html>\n<html lang="en">\n<head>\n  <title>400 - Nexus')
    assert body.endswith(
        """\
<div class="nexus-body">
  <div class="content-header">
    <img src="https://nexus.example.com/static/rapture/resources/icons/x32/exclamation.png\
?3.30.0-01" alt="Exclamation point" aria-role="presentation"/>
    <span class="title">Error 400</span>
    <span class="description">Bad Request</span>
  </div>
  <div class="content-body">
    <div class="content-section">
      Repository path must have another '/' after initial '/'
    </div>
  </div>
</div>
</body>
</html>

"""
    )
    assert answer.headers == {**ERROR_HEADERS, "Content-Length": str(len(answer.body))}


def test_links_of_the_error_page_follow_a_front_server(client: Client) -> None:
    headers = {"X-Forwarded-Host": "front.example.com", "X-Forwarded-Proto": "http"}
    body = client.raw("GET", "/repository/nope/", headers=headers).body
    assert b'"http://front.example.com/favicon-16x16.png?3.30.0-01"' in body


REST = {
    "status": ("/service/rest/v1/status", 200),
    "administration": ("/service/rest/v1/repositories", 404),
}


@pytest.mark.parametrize(("target", "status"), REST.values(), ids=REST)
def test_the_rest_api(client: Client, target: str, status: int) -> None:
    answer = client.raw("GET", target)
    assert (answer.status, answer.body) == (status, b"")


def test_a_reason_cannot_break_the_status_line(client: Client) -> None:
    answer = client.upload("a\r\nX-Evil: 1\u20ac.whl", b"", version="1\r\nX-Evil: 2")
    assert answer.status_code == 404
    assert "X-Evil" not in answer.headers
