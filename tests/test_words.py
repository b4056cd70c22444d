"""Words that are not used; tests/words.py has the list."""

from __future__ import annotations

import json

import pytest

from words import IN_NAMES, IN_TEXT, LEFT, count_words, read_files

COUNTS = count_words(read_files())
ALLOWED: dict[str, int] = json.loads(LEFT.read_text(encoding="utf-8"))


@pytest.mark.parametrize("word", COUNTS)
def test_a_word_that_is_not_used_is_not_used_more(word: str) -> None:
    instead = {**IN_TEXT, **IN_NAMES}[word]
    where = ", ".join(f"{file} ({count})" for file, count in COUNTS[word].most_common(10))
    assert COUNTS[word].total() <= ALLOWED[word], f"instead of {word!r}: {instead}. {where}"


def test_words_are_found_in_texts_and_names() -> None:
    files = {
        "a.md": "Mends, recommend: 2 error(s) in a room. What was asked and given is due.",
        "b.py": (
            "from hypothesis import example, given\n"
            "@given(text)\n"
            "def find_asked(told_twice, toldest):  # told, and asked the way\n"
            "    class GivenName: mend_file = Ways\n"
        ),
    }
    found = {word: dict(counts) for word, counts in count_words(files).items() if counts}
    assert found == {
        "mend": {"a.md": 1, "b.py": 1},
        "(s)": {"a.md": 1},
        "room": {"a.md": 1},
        "asked": {"b.py": 1},
        "told": {"b.py": 1},
        "given": {"b.py": 1},
        "way": {"b.py": 1},
    }
