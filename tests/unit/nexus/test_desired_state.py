"""The patterns are Java's; these say the same in Python; other tests check the real server."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasekit.nexus.desired_state import block_patterns

ALPHABET = "abcXYZ019"
parts = st.lists(st.text(ALPHABET, min_size=1, max_size=4), min_size=1, max_size=4)
separators = st.text("-_.", min_size=1, max_size=3)


def blocks(names: tuple[str, ...], path: str) -> bool:
    return any(re.fullmatch(pattern, path) for pattern in block_patterns(names))


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("billing", r"(?is)/(?:simple|packages)/billing(?:[/?].*)?"),
        ("Secret.Lib", r"(?is)/(?:simple|packages)/secret[-_.]+lib(?:[/?].*)?"),
        ("acme-*", r"(?is)/(?:simple|packages)/acme[-_.]+[^/?]*(?:[/?].*)?"),
        ("acme*", r"(?is)/(?:simple|packages)/acme[^/?]*(?:[/?].*)?"),
    ],
)
def test_pattern_of_a_name(name: str, pattern: str) -> None:
    assert block_patterns([name]) == (pattern,)


def test_patterns_are_sorted_and_spellings_of_one_name_are_one() -> None:
    names = ("b", "Acme_Core", "acme-core", "ACME..core")
    assert block_patterns(names) == block_patterns(("acme-core", "b"))
    assert len(block_patterns(names)) == 2


@pytest.mark.parametrize(
    "path",
    [
        "/simple/acme-core/",
        "/simple/acme-core",
        "/simple/Acme_Core/",
        "/simple/ACME.core/",
        "/simple/acme-_.core/",
        "/simple/acme-core/?q=1",
        "/simple/acme-core?q=1",
        "/simple/acme-core/?q=/other/",
        "/simple/acme-core/?q=a\nb",
        "/packages/acme-core/99.0/acme_core-99.0-py3-none-any.whl",
        "/packages/Acme.Core/99.0/acme_core-99.0.tar.gz?x=\n",
    ],
)
def test_own_name_is_blocked_in_every_spelling(path: str) -> None:
    assert blocks(("acme-*",), path)
    assert blocks(("acme-core",), path)


@pytest.mark.parametrize(
    "path",
    [
        "/simple/",
        "/simple/acme/",
        "/simple/acmelib/",
        "/simple/an-acme-core/",
        "/simple/other/?q=/simple/acme-core/",
        "/packages/requests/2.0/acme-core-1.0.tar.gz",
    ],
)
def test_other_names_are_not_blocked(path: str) -> None:
    assert not blocks(("acme-*", "acme-core"), path)


@given(words=parts, first=separators, second=separators)
def test_every_spelling_of_a_name_is_blocked_by_every_other_one(
    words: list[str], first: str, second: str
) -> None:
    own, name = first.join(words), second.join(words).swapcase()
    assert blocks((own,), f"/simple/{name}/")
