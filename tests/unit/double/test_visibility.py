"""What a change in the hosted repository shows in pages."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from unit.double.conftest import Client

WHEEL = "rp-1-py3-none-any.whl"
FILE = f"packages/rp/1/{WHEEL}"
PLACES = ("pypi-hosted", "pypi-group")


def roots(client: Client) -> tuple[bool, ...]:
    return tuple(">rp</a>" in client.get("simple/", place).text for place in PLACES)


def pages(client: Client) -> tuple[str, ...]:
    return tuple(client.page(place) for place in PLACES)


def test_an_upload_shows_everywhere_at_once(client: Client) -> None:
    assert (pages(client), roots(client)) == (("404", ""), (False, False))
    client.upload()
    assert (pages(client), roots(client)) == ((WHEEL, WHEEL), (True, True))


def test_deleting_one_of_two_files_shows_everywhere(client: Client) -> None:
    client.upload()
    client.upload("rp-1.zip")
    assert pages(client)[1] == f"{WHEEL} rp-1.zip"
    client.sandbox.state.delete("pypi-hosted", "rp-1.zip")
    assert pages(client) == (WHEEL, WHEEL)


def test_deleting_the_last_file_leaves_dead_links_in_the_group(client: Client) -> None:
    client.upload()
    pages(client)
    client.sandbox.state.delete("pypi-hosted", WHEEL)
    assert (pages(client), roots(client)) == (("404", WHEEL), (False, False))
    assert [client.get(FILE, place).status_code for place in PLACES] == [404, 404]


def test_dead_links_go_with_invalidation(client: Client) -> None:
    client.upload()
    pages(client)
    client.sandbox.state.delete("pypi-hosted", WHEEL)
    client.sandbox.state.invalidate_caches()
    assert pages(client) == ("404", "")


def test_dead_links_go_with_the_next_upload(client: Client) -> None:
    client.upload()
    pages(client)
    client.sandbox.state.delete("pypi-hosted", WHEEL)
    client.upload("rp-2.zip", version="2")
    assert pages(client) == ("rp-2.zip", "rp-2.zip")


def test_a_deleted_file_may_come_again(client: Client) -> None:
    client.upload()
    client.sandbox.state.delete("pypi-hosted", WHEEL)
    assert client.upload(content=b"PK\x03\x04 other").ok


def test_deleting_what_is_not_there_is_a_key_error(client: Client) -> None:
    for repository in ("pypi-hosted", "pypi-group", "nope"):
        with pytest.raises(KeyError):
            client.sandbox.state.delete(repository, WHEEL)


def test_last_modified_changes_only_with_the_page(client: Client) -> None:
    client.upload()
    first = [client.get("simple/rp/", place).headers["Last-Modified"] for place in PLACES]
    time.sleep(1.1)
    same = [client.get("simple/rp/", place).headers["Last-Modified"] for place in PLACES]
    client.upload("rp-1.zip")
    later = [client.get("simple/rp/", place).headers["Last-Modified"] for place in PLACES]
    assert same == first
    assert all(new != old for new, old in zip(later, first, strict=True))


def test_snapshots_are_no_member_of_the_group(client: Client) -> None:
    client.upload(repository="pypi-snapshots")
    assert client.page("pypi-snapshots") == WHEEL
    assert client.page("pypi-group") == ""
