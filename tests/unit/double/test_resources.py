"""Validators and ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from unit.double.conftest import Client

CONTENT = b"PK\x03\x04 a wheel"
FILE = "packages/rp/1/rp-1-py3-none-any.whl"
OLD = "Mon, 01 Jan 2001 00:00:00 GMT"


@pytest.fixture(autouse=True)
def store_wheel(client: Client) -> None:
    client.upload()


@pytest.mark.parametrize("header", ["If-None-Match", "If-Modified-Since"])
@pytest.mark.parametrize("repository", ["pypi-hosted", "pypi-group"])
def test_unchanged_file_is_304_with_only_its_etag(
    client: Client, repository: str, header: str
) -> None:
    first = client.get(FILE, repository)
    value = first.headers["ETag" if header == "If-None-Match" else "Last-Modified"]
    answer = client.get(FILE, repository, headers={header: value})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["ETag"] == first.headers["ETag"]
    assert {"Last-Modified", "Content-Type", "Content-Length"}.isdisjoint(answer.headers)


@pytest.mark.parametrize("repository", ["pypi-hosted", "pypi-group"])
def test_unchanged_index_is_304_by_date_alone(client: Client, repository: str) -> None:
    first = client.get("simple/rp/", repository)
    date = first.headers["Last-Modified"]
    answer = client.get("simple/rp/", repository, headers={"If-Modified-Since": date})
    assert (answer.status_code, answer.content) == (304, b"")
    assert {"ETag", "Last-Modified"}.isdisjoint(answer.headers)
    etag = client.get("simple/rp/", repository, headers={"If-None-Match": "*"})
    assert (etag.status_code, "ETag" in etag.headers) == (200, False)


@pytest.mark.parametrize("date", [OLD, "nonsense"])
def test_changed_file_is_whole(client: Client, date: str) -> None:
    assert client.get(FILE, headers={"If-Modified-Since": date}).content == CONTENT


RANGES = {
    "first": ("bytes=0-3", 206, "bytes 0-3/12", b"PK\x03\x04"),
    "last": ("bytes=-5", 206, "bytes 7-11/12", b"wheel"),
    "open": ("bytes=5-", 206, "bytes 5-11/12", b"a wheel"),
    "too long": ("bytes=7-99", 206, "bytes 7-11/12", b"wheel"),
    "several": ("bytes=0-1,3-4", 200, None, CONTENT),
    "other unit": ("lines=0-1", 200, None, CONTENT),
    "empty": ("bytes=-", 200, None, CONTENT),
}


@pytest.mark.parametrize(("sent", "status", "expected", "content"), RANGES.values(), ids=RANGES)
@pytest.mark.parametrize("repository", ["pypi-hosted", "pypi-group"])
def test_range(
    client: Client, repository: str, sent: str, status: int, expected: str | None, content: bytes
) -> None:
    answer = client.get(FILE, repository, headers={"Range": sent})
    assert answer.status_code == status
    assert (answer.headers.get("Content-Range"), answer.content) == (expected, content)


@pytest.mark.parametrize(
    ("repository", "status", "reason"),
    [("pypi-hosted", 416, "Range Not Satisfiable"), ("pypi-group", 404, "Not Found")],
)
def test_unsatisfiable_range(client: Client, repository: str, status: int, reason: str) -> None:
    answer = client.get(FILE, repository, headers={"Range": "bytes=12-"})
    assert (answer.status_code, answer.reason) == (status, reason)


def test_range_works_on_an_index(client: Client) -> None:
    answer = client.get("simple/rp/", headers={"Range": "bytes=0-5"})
    assert (answer.status_code, answer.content) == (206, b"<html ")


@pytest.mark.parametrize("source", ["ETag", "Last-Modified"])
def test_if_range_lets_a_range_through_while_nothing_changed(client: Client, source: str) -> None:
    value = client.get(FILE).headers[source]
    same = client.get(FILE, headers={"Range": "bytes=0-3", "If-Range": value})
    assert (same.status_code, same.content) == (206, CONTENT[:4])
    for other in ('"other"', OLD):
        changed = client.get(FILE, headers={"Range": "bytes=0-3", "If-Range": other})
        assert (changed.status_code, changed.content) == (200, CONTENT)
