"""What a user name or a password has by accident: files and settings of CI add it unseen."""

from __future__ import annotations

import re
from collections.abc import Iterator

BYTE_ORDER_MARKS = ("\ufeff", "\u00ef\u00bb\u00bf")
"""As UTF-8, and the same bytes read as Latin-1."""
QUOTES = ('""', "''", "``", "\u201c\u201d", "\u201e\u201c", "\u2018\u2019", "\u00ab\u00bb")
UNREPLACED = re.compile(
    r"\$\{?[A-Za-z_]\w*\}?|%[A-Za-z_]\w*%|\$\([^()]+\)|\$?\{\{.+\}\}|\$env:\w+", re.I
)
"""A variable of a shell, of GitLab, of Windows or of a template, as it is written."""
INVISIBLE = re.compile("[\u00a0\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
NOT_UTF8 = re.compile("[\udc80-\udcff]")
"""How Python reads such bytes from the environment (PEP 383)."""


def find_oddities(text: str) -> Iterator[str]:
    """Yield what is odd about a secret, as "ends in a newline"; nothing of the secret is shown."""
    for mark in BYTE_ORDER_MARKS:
        if text.startswith(mark):
            yield "begins with a byte order mark"
            text = text.removeprefix(mark)
    inner = text.strip()
    if text[:1].isspace():
        yield "begins with a space or an empty line"
    if text.endswith(("\n", "\r")):
        yield "ends in a newline"
    elif text[-1:].isspace():
        yield "ends in a space"
    if "\n" in inner or "\r" in inner:
        yield "has several lines"
    if len(inner) > 1 and inner[0] + inner[-1] in QUOTES:
        yield "stands in quotes"
    if UNREPLACED.fullmatch(inner.strip("\"'")):
        yield "is the name of a variable, not its value"
    if INVISIBLE.search(inner):
        yield "has an invisible character in it"
    if CONTROL.search(inner):
        yield "has a control character in it"
    if NOT_UTF8.search(inner):
        yield "is not encoded in UTF-8"


def describe_oddities(username: str, password: str) -> str:
    """Return a line for each of the two that is odd, each after a line feed; "" if none is."""
    lines = []
    for name, text in (("user name", username), ("password", password)):
        if found := list(find_oddities(text)):
            lines.append(f"\nthe {name} {' and '.join(found)}, and was sent like that")
    return "".join(lines)
