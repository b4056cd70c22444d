"""What of an environment other programs get: no secret by its name, and none by its value.

CI systems hold a password under names of their own too (NEXUS_PASSWORD, a registry's login as
base64), so a variable of any name goes if its value contains one of the run's secrets.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, unquote_plus

from releasekit.uv.indexes import INDEX_SECRET, PROXY_VARIABLES, strip_credentials

SHORTEST = 8
"""Characters: anything shorter is part of too many harmless values."""
SECRET_NAME = re.compile(r"(TWINE|RELEASEKIT)_(\w+_)?(PASSWORD|TOKEN)")
PASSWORD = re.compile(r"://[^\s:@/]*:(\S+)@|://([^\s:@/]+)@")
"""A password, or a token that stands alone, in an address."""
NEEDED = ("PATH", "HOME", "TMPDIR", "PWD", "SHELL", "USER", "LOGNAME", "LANG")
"""Nothing runs without these. A password that is a part of them is none."""
GIT_CONFIG = "GIT_CONFIG_"


def collect_secrets(environ: Mapping[str, str], more: Iterable[str] = ()) -> frozenset[str]:
    """Return the secrets of a run that are long enough to look for: of variables, and `more`."""
    found = set(more)
    for name, value in environ.items():
        if SECRET_NAME.fullmatch(name) or _is_index_secret(name):
            found.add(value)
        elif name.startswith(("PIP_", "UV_")):
            found |= {text for match in PASSWORD.findall(value) for text in match}
    found |= {unquote(text) for text in found}
    return frozenset(text for text in found if len(text) >= SHORTEST)


def _is_index_secret(name: str) -> bool:
    return bool(INDEX_SECRET.fullmatch(name)) and not name.endswith("USERNAME")


def contains_secret(value: str, secrets: Iterable[str]) -> bool:
    """Tell whether a text contains a secret: plain, percent-encoded or as base64."""
    texts = {value, unquote(value), unquote_plus(value)}
    packed = "".join(value.split()).replace("-", "+").replace("_", "/")  # base64url, wrapped lines
    return any(
        any(secret in text for text in texts) or any(part in packed for part in _encode(secret))
        for secret in secrets
    )


def _encode(secret: str) -> list[str]:
    """Return what base64 makes of a secret wherever it begins, as in `user:password`.

    Three bytes become four characters; those that depend on what stands beside are left out.
    """
    content = secret.encode()
    parts = []
    for before in range(3):
        text = base64.b64encode(b"\0" * before + content).decode().rstrip("=")
        end = (before + len(content)) * 8 // 6
        parts.append(text[-(-before * 8 // 6) : end])
    return parts


def foreign_environ(environ: Mapping[str, str], secrets: Iterable[str]) -> dict[str, str]:
    """Return the environment for the code of others: no secrets, and no logins in addresses."""
    clean = _drop(strip_credentials(environ), secrets)
    lost = [name for name in environ if name.startswith(GIT_CONFIG) and name not in clean]
    if lost:  # git refuses a list of settings with a gap in it
        clean = {name: value for name, value in clean.items() if not name.startswith(GIT_CONFIG)}
    return clean


def git_environ(environ: Mapping[str, str], secrets: Iterable[str]) -> dict[str, str]:
    """Return the environment for git, which may fetch: with the logins of proxies and its own."""
    kept = {name: value for name, value in environ.items() if name.upper() in PROXY_VARIABLES}
    own = {name: value for name, value in environ.items() if name.startswith("GIT_")}
    return {**_drop(strip_credentials(environ), secrets), **_drop(kept, secrets), **own}


def installer_environ(environ: Mapping[str, str], secrets: Iterable[str]) -> dict[str, str]:
    """Return the environment for uv while it resolves: with what pip and uv are told."""
    told = {name: value for name, value in environ.items() if _is_for_installers(name)}
    return {**_drop(environ, secrets), **told}


def _is_for_installers(name: str) -> bool:
    is_proxy = name.upper() in PROXY_VARIABLES
    return name.startswith(("PIP_", "UV_")) or name == "NETRC" or is_proxy


def _drop(environ: Mapping[str, str], secrets: Iterable[str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environ.items()
        if name in NEEDED or not contains_secret(value, secrets)
    }
