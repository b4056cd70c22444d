"""The filter for all that is printed or written: no secrets, no control characters.

Pure: it reads nothing from outside, so every part of the kit may import it.
"""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TypeVar
from urllib.parse import unquote

T = TypeVar("T")

HIDDEN = "****"
MARK = f"{HIDDEN}@"  # shown in place of the credentials in an address
MIN_LENGTH = 8
"""Characters of the shortest secret that is replaced: a shorter one may be part of any word."""

# --- control characters ---

ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor, erasing (ECMA-48, 5.4)
    r"|(?:\x1b[\]P^_X]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x80-\x9f\n]*(?:\x07|\x1b\\|\x9c)"  # OSC, DCS
    r"|\x1b[ -/]*[0-Z\\`-~]"
)
"""Sequences that a terminal obeys. They are dropped whole."""
CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
"""C0 without tab and line feed, DEL, C1, line separators, bidirectional and invisible controls."""
# What a CI server obeys when it reads a log.
COMMANDS = re.compile(
    r"(?m)section_(?=(?:start|end):\d)"  # GitLab: collapsible sections
    r"|^[ \t]*:(?=:[\w-]+)"  # GitHub: ::add-mask::, also in an indented line
    r"|#(?=#\[|#vso\[|#teamcity\[)"  # Azure, TeamCity
)


def printable(text: str) -> str:
    """Return a text that neither a terminal nor a CI server obeys; tabs and line feeds stay."""
    text = CONTROLS.sub("\ufffd", ESCAPES.sub("", text.replace("\r\n", "\n")))
    return COMMANDS.sub(lambda found: f"{found[0]}\\", text)


def escape_json(document: str) -> str:
    r"""Return a JSON text with its control characters, also those of file names, as \uXXXX."""
    return CONTROLS.sub(lambda found: json.dumps(found[0])[1:-1], document)


# --- credentials in addresses ---

# An address after its scheme, up to a space or the next address.
ADDRESS = re.compile(
    r"(?<=://)(?:(?!(?:[,;|=<>(){}\[\]\"'\\]|\\[nrt])(?:\w+\+)?(?:https?|ssh|ftp|git|socks\w*)://)\S)+"
)
CLOSING = {'"': '"', "'": "'", "`": "`", "<": ">", "(": ")", "[": "]"}
# What follows a closing quote: the next value of JSON, a bracket, or nothing but punctuation.
BEYOND = r"(?=[,:][\"'\[{]|[)\]}]+(?:[,;.:]|$)|[^\w@]*$)"
HOST = r"(?P<host>[\w.-]+|\[[\w.:%]+\])"
END = r"[)\]}>\"'`,.;:!]*"  # punctuation after an address
AUTHORITY = re.compile(rf"{HOST}(?::(?P<port>\d*))?{END}")
AFTER_AT = re.compile(rf"{HOST}(?:(?::\d+)?(?P<path>[/\\])|[?#]|(?::\d+)?{END}$)")
# What is certainly a host: in `https://one/a@two/b` both may be one.
KNOWN_HOST = re.compile(
    r"localhost|\d+(?:\.\d+){3}|\[.*\]|(?:[\w-]+\.)+[^\W\d_]{2,}\.?", re.IGNORECASE
)
VERSION = re.compile(r"v?\d+(?:\.\d+)*(?:[._-]?(?:a|b|c|rc|alpha|beta|post|dev)[._-]?\d*)*")
FILE = re.compile(r".+\.(?:whl|gz|tgz|zip|bz2|xz|tar|egg|git|toml|txt|json|html?|py|pem)")


def hide_credentials(text: str, mark: str = "") -> str:
    """Return a text with `mark` in place of the credentials in its addresses.

    A password may contain what it should have escaped: / @ # ? : and quotes. Where an address can
    be read in two ways, rather too much is hidden than too little.
    """
    if "://" not in text or "@" not in text:
        return text

    def hide(found: re.Match[str]) -> str:
        host = _find_host(found)
        return mark + found[0][host:] if host else found[0]

    return ADDRESS.sub(hide, text)


def _find_host(found: re.Match[str]) -> int:
    """Return where the host begins, after the credentials; 0 if the address has none."""
    address, before = found[0], found.string[max(0, found.start() - 24) : found.start() - 3]
    scheme = re.split(r"[^\w+.-]", before)[-1].lower()
    opening = before[: len(before) - len(scheme)][-1:]
    # A quoted address goes up to its closing quote, which may be part of a password, too.
    if opening in CLOSING and (end := re.search(re.escape(CLOSING[opening]) + BEYOND, address)):
        quoted = address[: end.start()]
        if "@" in quoted or AUTHORITY.fullmatch(_authority(quoted)):
            address = quoted
    # The addresses of pip for repositories may end with @REVISION.
    host = _split(address, scheme.startswith(("git+", "hg+", "svn+", "bzr+")))
    if scheme.endswith("ssh") and ":" not in address[:host]:
        return 0  # the account that everybody shares: git@
    return host


def _authority(address: str) -> str:
    return re.split(r"[/?#\\]", address, maxsplit=1)[0]


def _split(address: str, is_repository: bool) -> int:
    """Return where the host begins that follows credentials; 0 if there are none.

    The address has credentials if its first part has an @, or cannot be HOST or HOST:PORT. If it
    can, then `https://bob:1/2@host/` has them, and `https://host:8443/x@v1` has not.
    """
    first = _authority(address)
    if not first.strip("@"):
        return 0  # file:///home/bob@example.com
    authority = AUTHORITY.fullmatch(first)
    certain = "@" in first or not authority or authority["port"] == ""
    at = address.rfind("@")
    while at >= 0:
        after = AFTER_AT.match(address, at + 1)
        if (
            after
            and not _is_file_or_revision(after, is_repository)
            and (certain or (authority and _is_rather_host(after, authority, is_repository)))
        ):
            return at + 1
        at = address.rfind("@", 0, at)
    return (first.rfind("@") if "@" in first else address.rfind("@")) + 1 if certain else 0


def _is_file_or_revision(after: re.Match[str], is_repository: bool) -> bool:
    """Tell an @ that is part of a file name, or that stands before a revision."""
    host = after["host"]
    is_version = bool(VERSION.fullmatch(host)) and not KNOWN_HOST.fullmatch(host)  # 10.0.0.1
    return is_version or (not after["path"] and (is_repository or bool(FILE.fullmatch(host))))


def _is_rather_host(after: re.Match[str], authority: re.Match[str], is_repository: bool) -> bool:
    """Tell whether the host is rather after the @ than where an address has it."""
    is_known, has_port = bool(KNOWN_HOST.fullmatch(authority["host"])), bool(authority["port"])
    if KNOWN_HOST.fullmatch(after["host"]):
        return has_port or (bool(after["path"]) and not is_known)
    return has_port and bool(after["path"]) and not is_known and not is_repository


# --- the secrets of a run ---

SECRET_NAME = re.compile(
    r".*(?:PASSWORD|PASSWD|PASSPHRASE|TOKEN|SECRET|SECRET_KEY|ACCESS_KEY|API_KEY|PRIVATE_KEY)"
    r"|.*_(?:PASS|PWD|PAT)",
    re.IGNORECASE,
)
# Variables of the kit, and of the installers that it starts.
OWN_NAME = re.compile(r"(?:TWINE|RELEASEKIT|PIP|UV)_.*")
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----(.*?)-----END", re.DOTALL)
# A header that git is given by GIT_CONFIG_VALUE_0 (http.extraHeader).
HEADER = re.compile(r"authorization:\s*(?:\w+\s+)?(\S+)", re.IGNORECASE)
# MD5, SHA-1, SHA-256: a secret that is a part of one is no secret there.
DIGEST = r"(?<![0-9a-fA-F])(?P<digest>(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}))(?![0-9a-fA-F])"
# How programs print a character, other than by its number: in form fields, in quotes of shells, as
# entities of XML.
OTHER_FORMS = {
    " ": [r"\+"],
    "'": [r"'\\''", "'\"'\"'", "&apos;"],
    '"': ["&quot;"],
    "&": ["&amp;"],
    "<": ["&lt;"],
    ">": ["&gt;"],
    "\t": [r"\\+t"],
}
BASE64 = {"+": r"(?:[+-]|%2[Bb])", "/": r"(?:\\*/|_|%2[Ff])"}  # URL-safe, percent-encoded


@dataclass(frozen=True, kw_only=True, slots=True)
class Secret:
    """A secret of a run: the variable that holds it, and the user name that it is sent with.

    `name` is what a warning calls it; empty if nobody is warned. `may_be_name` is true for what
    stands alone before the host of an address: a token, or the name of a user.
    """

    value: str
    variable: str = ""
    username: str = ""
    name: str = ""
    may_be_name: bool = False


def find_secrets(environ: Mapping[str, str]) -> Iterator[Secret]:
    """Yield the secrets of an environment: by the names of variables, and in addresses."""
    for variable, value in environ.items():
        is_proxy = variable.upper().endswith("_PROXY")
        shown = variable if is_proxy or OWN_NAME.fullmatch(variable) else ""
        if SECRET_NAME.fullmatch(variable):
            username = environ.get(f"{variable.rpartition('_')[0]}_USERNAME", "")
            yield Secret(value=value, variable=variable, username=username, name=shown)
        address = value
        if is_proxy and re.fullmatch(r"(?!\w+://)[^/\s@]+:\S+@[^/\s@]+/?", value):
            address = f"http://{value}"  # a proxy may have no scheme: user:password@host:port
        for secret in find_in_addresses(address, shown and f"the password in {shown}"):
            yield replace(secret, variable=variable)
        for text in (*PRIVATE_KEY.findall(value), *HEADER.findall(value)):
            yield Secret(value=text, variable=variable)


def find_in_addresses(text: str, name: str) -> Iterator[Secret]:
    """Yield the passwords of the addresses in a text, as they are and decoded, and the tokens."""
    for found in ADDRESS.finditer(text) if "@" in text else ():
        if host := _find_host(found):
            username, _, password = found[0][: host - 1].partition(":")
            if password:
                yield Secret(value=password, username=username, name=name)
                yield Secret(value=unquote(password), username=unquote(username), name=name)
            else:
                yield Secret(value=username, may_be_name=True)


class Redactor:
    """The secrets of one run, and the filter that replaces them."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()
        self._encoded: set[str] = set()
        self._short: dict[str, str] = {}
        self._reported: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def __repr__(self) -> str:
        return f"<Redactor of {len(self._secrets)} secrets>"

    def add(self, secret: str, username: str = "", *, name: str = "") -> None:
        """Add a secret, and the user name that it is sent with; `name` is for the warning."""
        for part in {secret, secret.strip().strip("\ufeff"), *secret.splitlines()}:
            if len(part) >= MIN_LENGTH:
                self._secrets.add(part)
                self._encoded.add(part)
            elif part and name and part not in self._short:
                self._short[part] = name
        if secret and username:
            self._encoded.add(f"{username}:{secret}")  # as HTTP sends it (RFC 7617)
        self._pattern = None

    def add_all(self, secrets: Iterable[Secret]) -> None:
        """Add what was found; a user name is no secret."""
        for secret in secrets:
            # A token has a digit, or 16 characters.
            if not secret.may_be_name or re.match(r"(?=.*\d|.{16})", secret.value):
                self.add(secret.value, secret.username, name=secret.name)

    def warn(self) -> str:
        """Return which secrets are too short to be replaced; empty if it has said so before."""
        names = sorted(set(self._short.values()) - self._reported)
        if not names:
            return ""
        self._reported.update(names)
        verb = "is" if len(names) == 1 else "are"
        return (
            f"{', '.join(names)} {verb} shorter than {MIN_LENGTH} characters, and so not hidden "
            "in output and reports: use a longer password"
        )

    def clean(self, text: str) -> str:
        """Return a text for people: without secrets, credentials and control characters.

        Secrets are hidden plain, in base64, and percent-encoded.
        """
        text = printable(text)
        # Secrets first: one that contains :// and @ would be taken for an address.
        if self._encoded:
            self._pattern = self._pattern or self._compile()
            text = self._pattern.sub(self._replace, text)
        return hide_credentials(text, MARK)

    def clean_requirement(self, line: str) -> str:
        """Return a requirement without secrets in its address; a name and a version are none."""
        name, separator, address = line.partition(" @ ")
        return f"{name}{separator}{self.clean(address)}" if separator else line

    def _replace(self, found: re.Match[str]) -> str:
        return found[0] if found["digest"] and found[0] not in self._secrets else HIDDEN

    def _compile(self) -> re.Pattern[str]:
        """Return one pattern of all forms, the longest first; hexadecimal ones after digests."""
        forms = {
            form: _match_plain(form)
            for secret in self._secrets
            for form in (secret, printable(secret))
        }
        for text in self._encoded:
            for encoding in ("utf-8", "latin-1"):
                data = text.encode(encoding, "replace")
                # How base64 begins, whatever follows: the line feed of `echo`, or nothing.
                start = b64encode(data[: len(data) // 3 * 3]).decode()
                if len(start) >= MIN_LENGTH:
                    pattern = "".join(BASE64.get(char, char) for char in start)
                    forms[start] = rf"{pattern}[A-Za-z0-9+/_=%-]*"
        order = sorted(forms, key=len, reverse=True)
        in_hex = [form for form in order if re.fullmatch("[0-9a-f]+", form)]
        plain = [forms[form] for form in order if form not in in_hex]
        return re.compile("|".join((*plain, DIGEST, *(forms[form] for form in in_hex))))


def map_texts(value: T, change: Callable[[str], str], *names: str) -> T:
    """Return a dataclass with these fields changed: texts, or tuples of them."""
    changed = {name: _map(getattr(value, name), change) for name in names}
    return replace(value, **changed)  # type: ignore[type-var]


def map_all_texts(
    values: tuple[T, ...], change: Callable[[str], str], *names: str
) -> tuple[T, ...]:
    """Return dataclasses with these fields changed."""
    return tuple(map_texts(value, change, *names) for value in values)


def _map(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, tuple):
        return tuple(_map(part, change) for part in value)
    return change(value) if isinstance(value, str) else value


def _match_plain(text: str) -> str:
    runs = ((char, len(list(run))) for char, run in groupby(text))
    return "".join(
        # JSON in JSON makes a run of backslashes four times as long.
        rf"(?:\\{{{count},{4 * count}}}|(?:%5[Cc]|&#92;|&#x5[Cc];){{{count}}})"
        if char == "\\"
        else _match_char(char) * count
        for char, count in runs
    )


def _match_char(char: str) -> str:
    """Return a pattern for a character as programs print it: JSON, Python, shells, XML, addresses.

    None of them escapes ASCII letters and digits.
    """
    if char.isascii() and (char.isalnum() or char == "_"):
        return char
    code, data = ord(char), char.encode("utf-8", "surrogatepass")
    units = char.encode("utf-16-be", "surrogatepass").hex()
    forms = [
        "".join(f"%{byte:02x}" for byte in data),
        "".join(rf"\\+x{byte:02x}" for byte in data),
        "".join(rf"\\+u{units[i : i + 4]}" for i in range(0, len(units), 4)),
        rf"&#(?:{code}|x0*{code:x});",
    ]
    if not char.isascii():
        forms += [f"%{code:02x}", rf"\\+x{code:02x}", rf"\\+U{code:08x}"]
    # Itself last: & is the beginning of &amp;.
    forms += [*OTHER_FORMS.get(char, []), rf"\\{{0,3}}{re.escape(char)}"]
    return f"(?i:{'|'.join(forms)})"
