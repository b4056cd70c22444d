"""Credentials as values, and those that the environment gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from releasekit.errors import ReleasekitError, WrongCredentials
from releasekit.errors.access import CREDENTIALS_NEEDED, HALF_SET_READER, WRONG_CREDENTIALS
from releasekit.model.oddities import describe_oddities


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """A user name and a password; the password shows in no representation."""

    username: str
    password: str = field(repr=False)
    source: str
    """Where they came from, for messages: "TWINE_USERNAME", ".pypirc section NAME"..."""

    @property
    def only_reads(self) -> bool:
        """Tell whether they are those of a reader, and not those that a release uploads with."""
        return self.source == READER_ENVIRONMENT or self.source.startswith("netrc")


Say = Callable[[str, str], None]
"""Shows a line: its label ("login", "note"), and its text."""


def say_nothing(_label: str, _text: str) -> None:
    """Show nothing."""


ENVIRONMENT = "TWINE_USERNAME and TWINE_PASSWORD"
ADMIN_ENVIRONMENT = "RELEASEKIT_ADMIN_USERNAME and RELEASEKIT_ADMIN_PASSWORD"
READER_USERNAME, READER_PASSWORD = "RELEASEKIT_READER_USERNAME", "RELEASEKIT_READER_PASSWORD"
READER_ENVIRONMENT = f"{READER_USERNAME} and {READER_PASSWORD}"
NO_CREDENTIALS = Credentials(username="", password="", source="nowhere")
"""Nobody: what is asked is asked anonymously."""


def find_environ_credentials(environ: Mapping[str, str]) -> Credentials | None:
    """Return what the environment gives whole: it beats every other source (twine 7, auth.py)."""
    username, password = environ.get("TWINE_USERNAME"), environ.get("TWINE_PASSWORD")
    if not username or not password:
        return None
    return Credentials(username=username, password=password, source=ENVIRONMENT)


def refused_login(url: str, credentials: Credentials, answer: str) -> ReleasekitError:
    """Return the situation that a server lets these credentials, or nobody's, not in."""
    if not credentials.username:
        return ReleasekitError(CREDENTIALS_NEEDED, url=url, answer=answer)
    name, source, hint = describe_login(credentials)
    return WrongCredentials(WRONG_CREDENTIALS, url=url, username=name, source=source, hint=hint)


def describe_login(credentials: Credentials) -> tuple[str, str, str]:
    """Return what an error says of credentials that a server refuses: user, source, hint.

    The hint has a line for what is odd about them, after a line feed; "" if nothing is.
    """
    hint = describe_oddities(credentials.username, credentials.password)
    return credentials.username.strip() or "nobody", credentials.source, hint


def find_environ_reader(environ: Mapping[str, str]) -> Credentials | None:
    """Return the credentials for reading that the environment gives; raises HALF_SET_READER."""
    username, password = environ.get(READER_USERNAME), environ.get(READER_PASSWORD)
    if username and password:
        return Credentials(username=username, password=password, source=READER_ENVIRONMENT)
    if username or password:
        names = (READER_USERNAME, READER_PASSWORD)
        given, missing = names if username else reversed(names)
        raise ReleasekitError(HALF_SET_READER, present=given, missing=missing)
    return None
