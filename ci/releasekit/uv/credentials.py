"""Which calls of uv hold credentials, and what would make such a call build a package.

A build runs the code of a package, and a password of uv's environment would lie beside it. So a
call that holds credentials gets `--no-build`; and as lines of constraints can switch that option
off again (uv 0.13: no-binary beats --no-build for the packages that it names), those are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from releasekit.model.addresses import is_address
from releasekit.redact import hide_credentials
from releasekit.uv.indexes import INDEX_SECRET, PROXY_VARIABLES

INDEX_VARIABLES = (
    *("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS"),
)
INDEX_KEYS = ("index", "index-url", "extra-index-url", "find-links", "default-index")
PROXY_KEYS = ("http-proxy", "https-proxy")
KEYRINGS = ("subprocess", "native")
PLAIN_OPTIONS = {
    *("-i", "--index-url", "--extra-index-url", "-f", "--find-links"),
    *("--hash", "--only-binary", "--prefer-binary", "--pre", "--require-hashes"),
}
"""Options of a constraints file by which nothing is built."""
VARIABLE = "${"
"""uv replaces ${NAME} in requirements files by a variable of its environment (uv 0.13)."""
NO_WHEEL = re.compile(
    r"Wheels are required for `([^`]+)`|Building source distributions for `([^`]+)` is disabled"
)
"""How uv 0.13 says that --no-build left nothing to install."""


def find_source(
    environ: Mapping[str, str], tables: Iterable[Mapping[str, Any]], requirements: Iterable[str]
) -> str:
    """Return where a call of uv has credentials from, for messages; nothing for a call without.

    `environ` is what uv gets, `tables` its settings files, `requirements` what it is to install.
    """
    for name, value in environ.items():
        if value and INDEX_SECRET.fullmatch(name) and not name.endswith("USERNAME"):
            return name
        is_address = name in INDEX_VARIABLES or name.upper() in PROXY_VARIABLES
        if is_address and has_userinfo(value):
            return name
    if environ.get("UV_KEYRING_PROVIDER") in KEYRINGS:
        return "UV_KEYRING_PROVIDER"
    for table in tables:
        for part in _parts(table):
            if part.get("keyring-provider") in KEYRINGS:
                return "keyring-provider of uv's settings"
            keys = (*INDEX_KEYS, *PROXY_KEYS)
            if any(has_userinfo(text) for key in keys for text in _texts(part.get(key))):
                return "an address in uv's settings"
    if any(map(has_userinfo, requirements)):
        return "an address among the build requirements"
    return ""


def list_addresses(
    environ: Mapping[str, str], tables: Iterable[Mapping[str, Any]], requirements: Iterable[str]
) -> tuple[str, ...]:
    """Return the addresses that a call of uv may ask, as far as they are written somewhere."""
    texts = [environ.get(name, "") for name in INDEX_VARIABLES]
    parts = [part for table in tables for part in _parts(table)]
    texts += [text for part in parts for key in INDEX_KEYS for text in _texts(part.get(key))]
    found = [
        match for text in (*texts, *requirements) for match in re.findall(r"https?://\S+", text)
    ]
    return tuple(url for url in dict.fromkeys(found) if is_address(url))


def has_userinfo(text: str) -> bool:
    """Tell whether an address in a text holds a user name or a password."""
    return hide_credentials(text) != text


def find_building_line(text: str) -> str:
    """Return the first line of a constraints file that could have something built, or "".

    An option such as --no-binary; a variable, by which uv would write a password into an address.
    """
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        option = re.split(r"[=]", words[0])[0]
        is_option = words[0].startswith("-") and option not in PLAIN_OPTIONS
        more = [
            word for word in words[1:] if word.startswith("-") and not word.startswith("--hash")
        ]
        if VARIABLE in line or is_option or (more and not words[0].startswith("-")):
            return line.strip()
    return ""


def find_invalid(requirements: Iterable[str]) -> Iterator[str]:
    """Yield what is no requirement by PEP 508, or has a variable that uv would fill in.

    uv reads the lines as a requirements file: there, `-e .` is an option, and builds.
    """
    return (one for one in requirements if VARIABLE in one or not _is_requirement(one))


def _is_requirement(text: str) -> bool:
    try:
        Requirement(text)
    except InvalidRequirement:
        return False
    return len(text.splitlines()) == 1


def find_built(requirements: Iterable[str]) -> Iterator[str]:
    """Yield requirements with an address that is none of a wheel: uv would have to build them."""
    for requirement in requirements:
        parsed = Requirement(requirement)
        if parsed.url is None or (parsed.marker and not parsed.marker.evaluate({"extra": ""})):
            continue
        if PurePosixPath(re.split("[?#]", parsed.url)[0]).suffix != ".whl":
            yield requirement


def find_unbuilt_names(output: str) -> tuple[str, ...]:
    """Return the packages that uv would have had to build, by what it says of --no-build."""
    found = (match[1] or match[2] for match in NO_WHEEL.finditer(output))
    return tuple(dict.fromkeys(found))


def _parts(table: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield a table of uv's settings, and its part for `uv pip`."""
    yield table
    if isinstance(part := table.get("pip"), Mapping):
        yield part


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts(list(value.values()))
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
