from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasekit.nexus.documents import (
    ServerVersion,
    list_names,
    parse_document,
    parse_server_version,
    render_document,
)


@pytest.mark.parametrize(
    ("header", "numbers", "edition", "shown"),
    [
        ("Nexus/3.30.0-01 (OSS)", (3, 30, 0), "OSS", "3.30.0 (OSS)"),
        ("Nexus/3.89.0-09 (COMMUNITY)", (3, 89, 0), "COMMUNITY", "3.89.0 (COMMUNITY)"),
        ("Nexus/3.97.0-13 (PRO)", (3, 97, 0), "PRO", "3.97.0 (PRO)"),
        ("Nexus/3.100.1-02", (3, 100, 1), "", "3.100.1"),
    ],
)
def test_server_header(header: str, numbers: tuple[int, ...], edition: str, shown: str) -> None:
    version = parse_server_version(header)
    assert version == ServerVersion(numbers=numbers, edition=edition)
    assert str(version) == shown


@pytest.mark.parametrize(
    "header",
    [None, "", "nginx", "nginx/1.25.3", "Nexus", "Jetty(9.4)", "Nexus/" + "9" * 5000 + ".30"],
)
def test_another_server_is_no_nexus(header: str | None) -> None:
    assert parse_server_version(header) is None


HOSTED = {
    "name": "pypi-hosted",
    "online": True,
    "storage": {"blobStoreName": "default", "writePolicy": "allow_once"},
    "cleanup": None,
    "group": {"memberNames": ["a", "b"]},
}


def test_document_is_flat() -> None:
    document = parse_document(HOSTED)
    assert document == {
        "name": "pypi-hosted",
        "online": True,
        "storage.blobStoreName": "default",
        "storage.writePolicy": "allow_once",
        "cleanup": None,
        "group.memberNames": ("a", "b"),
    }
    found = [list_names(document, path) for path in ("group.memberNames", "cleanup", "nope")]
    assert found == [("a", "b"), (), ()]


keys = st.text("abc", min_size=1, max_size=2)
leaves = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(), max_size=2)
documents = st.dictionaries(keys, leaves | st.dictionaries(keys, leaves, min_size=1), min_size=1)


@given(documents)
def test_a_document_survives_being_flat(document: dict[str, Any]) -> None:
    assert render_document(parse_document(document)) == document
