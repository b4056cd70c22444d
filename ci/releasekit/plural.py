"""Numbers with their nouns."""

from __future__ import annotations


def plural(count: int, noun: str, nouns: str = "") -> str:
    """Return "1 file" or "2 files"; `nouns` is for words that do not take an s."""
    return f"{count} {noun if count == 1 else nouns or noun + 's'}"
