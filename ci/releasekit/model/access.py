"""Web addresses, credentials for them, and what is odd about some."""

import contextlib
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from releasekit.errors import ReleasekitError, WrongCredentials, access

PORTS = {"http": 80, "https": 443}


def is_loopback(url: str) -> bool:
    """Tell whether an address is on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_address(text: str) -> bool:
    """Tell whether an address has a host, and no port that is none."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port  # which raises, too
        return bool(host)
    except ValueError:
        return False


def find_origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of an address, as they are compared (RFC 6454, section 4)."""
    parts, port = urlsplit(url), None
    with contextlib.suppress(ValueError):  # the port is no number, which is refused later
        port = parts.port or PORTS.get(parts.scheme)
    return parts.scheme, parts.hostname or "", port


def is_same_origin(url: str, other: str) -> bool:
    """Tell whether two addresses have the same scheme, host and port, as credentials require."""
    return find_origin(url) == find_origin(other)


def may_have_login(url: str, target: str) -> bool:
    """Tell whether credentials for an address may go where it redirects to.

    The same server, and the same host by https where the address was http (as requests does).
    """
    here, there = find_origin(url), find_origin(target)
    upgrade = ("http", here[1], 80), ("https", here[1], 443)
    return here == there or (here, there) == upgrade


def show_address(url: str) -> str:
    """Return an address without what may be secret: its login, its query, its fragment."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


ENVIRONMENT = "TWINE_USERNAME and TWINE_PASSWORD"
ADMIN_ENVIRONMENT = "RELEASEKIT_ADMIN_USERNAME and RELEASEKIT_ADMIN_PASSWORD"
READER_NAMES = ("RELEASEKIT_READER_USERNAME", "RELEASEKIT_READER_PASSWORD")
READER_ENVIRONMENT = " and ".join(READER_NAMES)


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """A user name and a password, which shows in no representation.

    The source is for messages: "TWINE_USERNAME", ".pypirc section NAME"...
    """

    username: str
    password: str = field(repr=False)
    source: str

    @property
    def only_reads(self) -> bool:
        """Tell whether they are those of a reader, and not those that a release uploads with."""
        return self.source == READER_ENVIRONMENT or self.source.startswith("netrc")


# Nobody: what is asked is asked anonymously.
NO_CREDENTIALS = Credentials(username="", password="", source="nowhere")

# Shows a line: its label ("login", "note"), and its text.
Say = Callable[[str, str], None]


def say_nothing(_label: str, _text: str) -> None:
    """Show nothing."""


def find_environ_credentials(environ: Mapping[str, str]) -> Credentials | None:
    """Return what the environment gives whole: it beats every other source (twine 7, auth.py)."""
    username, password = environ.get("TWINE_USERNAME"), environ.get("TWINE_PASSWORD")
    if not username or not password:
        return None
    return Credentials(username=username, password=password, source=ENVIRONMENT)


def find_environ_reader(environ: Mapping[str, str]) -> Credentials | None:
    """Return the credentials for reading that the environment gives; raises HALF_SET_READER."""
    username, password = map(environ.get, READER_NAMES)
    if username and password:
        return Credentials(username=username, password=password, source=READER_ENVIRONMENT)
    if username or password:
        present, missing = READER_NAMES if username else reversed(READER_NAMES)
        raise ReleasekitError(access.HALF_SET_READER, present=present, missing=missing)
    return None


def refused_login(url: str, credentials: Credentials, answer: str) -> ReleasekitError:
    """Return the situation that a server lets these credentials, or nobody's, not in."""
    if not credentials.username:
        return ReleasekitError(access.CREDENTIALS_NEEDED, url=url, answer=answer)
    name, source, hint = describe_login(credentials)
    return WrongCredentials(
        access.WRONG_CREDENTIALS, url=url, username=name, source=source, hint=hint
    )


def describe_login(credentials: Credentials) -> tuple[str, str, str]:
    """Return what an error says of credentials that a server refuses: user, source, hint.

    The hint has a line for what is odd about them, after a line feed; "" if nothing is.
    """
    both = (("user name", credentials.username), ("password", credentials.password))
    hint = "".join(
        f"\nthe {name} {' and '.join(found)}, and was sent like that"
        for name, text in both
        if (found := find_oddities(text))
    )
    return credentials.username.strip() or "nobody", credentials.source, hint


# A variable of a shell, of GitLab, of Windows or of a template, as it is written.
UNREPLACED = re.compile(
    r"\$\{?[A-Za-z_]\w*\}?|%[A-Za-z_]\w*%|\$\([^()]+\)|\$?\{\{.+\}\}|\$env:\w+", re.I
)
QUOTES = ('""', "''", "``", "\u201c\u201d", "\u201e\u201c", "\u2018\u2019", "\u00ab\u00bb")
INVISIBLE = "[\u00a0\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]"


def find_oddities(text: str) -> list[str]:
    """Return what is odd about a secret, as "ends in a newline"; nothing of the secret is shown.

    Files and settings of CI add it unseen.
    """
    # A byte order mark as UTF-8, and the same bytes read as Latin-1.
    plain = text.removeprefix("\ufeff").removeprefix("\u00ef\u00bb\u00bf")
    inner = plain.strip()
    newline = plain.endswith(("\n", "\r"))
    oddities = {
        "begins with a byte order mark": plain != text,
        "begins with a space or an empty line": plain[:1].isspace(),
        "ends in a newline": newline,
        "ends in a space": plain[-1:].isspace() and not newline,
        "has several lines": "\n" in inner or "\r" in inner,
        "stands in quotes": len(inner) > 1 and inner[0] + inner[-1] in QUOTES,
        "is the name of a variable, not its value": UNREPLACED.fullmatch(inner.strip("\"'")),
        "has an invisible character in it": re.search(INVISIBLE, inner),
        "has a control character in it": re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", inner),
        # So Python reads such bytes from the environment (PEP 383).
        "is not encoded in UTF-8": re.search("[\udc80-\udcff]", inner),
    }
    return [oddity for oddity, holds in oddities.items() if holds]
