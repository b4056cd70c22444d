"""Numbers with their nouns, and the first of many names."""

from collections.abc import Sequence


def plural(count: int, noun: str, nouns: str = "") -> str:
    """Return "1 file" or "2 files"; `nouns` is for words that do not take an s."""
    return f"{count} {noun if count == 1 else nouns or noun + 's'}"


def list_some(names: Sequence[str], most: int = 3) -> str:
    """Return "a, b, c and 4 more": so many names at most."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
