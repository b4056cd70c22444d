"""Words that are not used; tests/words.py has the list."""

from __future__ import annotations

from words import IN_NAMES, IN_TEXT, find_words, read_files


def test_no_text_and_no_name_has_a_word_that_is_not_used() -> None:
    instead = {**IN_TEXT, **IN_NAMES}
    found = [f"{place}: {word}: {instead[word]}" for place, word in find_words(read_files())]
    assert not found, "\n".join(["write instead:", *found])


def test_words_are_found_in_texts_and_names() -> None:
    files = {
        "a.md": "Mends, recommend: 2 error(s)\nin a room. What was asked and given is due.\n",
        "told/asked.py": (
            "from hypothesis import example, given\n"
            "@given(text)\n"
            "def find_asked(toldest, *, told_twice):  # told, and asked the way\n"
            "    class GivenName: mend_file = a.Ways\n"
            "    return f'{hears}, told of it'\n"
        ),
        "frozen.txt": "WARNING: Unknown parameter(s) found, in /tmp/kind-room-0123abcd\n",
    }
    assert find_words(files) == [
        ("a.md:1", "(s)"),
        ("a.md:1", "mend"),
        ("a.md:2", "room"),
        ("told/asked.py:1", "asked"),
        ("told/asked.py:3", "asked"),
        ("told/asked.py:3", "told"),
        ("told/asked.py:4", "given"),
        ("told/asked.py:4", "mend"),
        ("told/asked.py:4", "way"),
        ("told/asked.py:5", "hear"),
    ]
