"""What is odd about a password: it is named, and not shown."""

from __future__ import annotations

import pytest

from releasekit.errors import WrongCredentials
from releasekit.model.access import Credentials, find_oddities, refused_login

MARK, NEWLINE = "begins with a byte order mark", "ends in a newline"
QUOTED, VARIABLE = "stands in quotes", "is the name of a variable, not its value"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("hunter2\n", [NEWLINE]),
        ("hunter2\r\n", [NEWLINE]),
        ("hunter2 ", ["ends in a space"]),
        ("\thunter2", ["begins with a space or an empty line"]),
        ("\nhunter2", ["begins with a space or an empty line"]),
        ("hunter2\nhunter3", ["has several lines"]),
        ("\ufeffhunter2", [MARK]),
        ("\u00ef\u00bb\u00bfhunter2", [MARK]),
        ('"hunter2"', [QUOTED]),
        ("'hunter2'", [QUOTED]),
        ("\u201chunter2\u201d", [QUOTED]),
        ('\ufeff"hunter2"\r\n', [MARK, NEWLINE, QUOTED]),
        ("$NEXUS_PASSWORD", [VARIABLE]),
        ("${NEXUS_PASSWORD}", [VARIABLE]),
        ("%NEXUS_PASSWORD%", [VARIABLE]),
        ("${{ secrets.NEXUS_PASSWORD }}", [VARIABLE]),
        ("'$NEXUS_PASSWORD'", [QUOTED, VARIABLE]),
        ("hunter\u200b2", ["has an invisible character in it"]),
        ("hunter\u00a02", ["has an invisible character in it"]),
        ("hunter\x1b2", ["has a control character in it"]),
        ("h\udcfcnter2", ["is not encoded in UTF-8"]),
        *(
            (text, [])
            for text in ("hunter2", "h\u00fcnter2", "a b", "it's", "$5", '"', "", "p$a%s")
        ),
    ],
)
def test_what_is_odd_is_named(text: str, found: list[str]) -> None:
    assert find_oddities(text) == found


def test_refusal_says_what_is_odd_and_shows_nothing_of_the_password() -> None:
    bob = Credentials(username="bob\n", password='"hunter2"\n', source="TWINE_PASSWORD")
    error = refused_login("https://nexus.example.com/", bob, "401 Unauthorized")
    assert isinstance(error, WrongCredentials)
    assert str(error) == (
        "error E234: the user name or the password is wrong\n"
        "  where: https://nexus.example.com/\n"
        "  why:   the server answered 401 to user bob, whose credentials came from TWINE_PASSWORD\n"
        "         the user name ends in a newline, and was sent like that\n"
        "         the password ends in a newline and stands in quotes, and was sent like that\n"
        "  next:  check TWINE_PASSWORD;\n"
        "         Nexus answers 401 to a disabled user as well"
    )
