"""The call of uv that installs build requirements: it builds only where it has no credentials.

A build runs the code of a package, and a password of uv's environment would lie beside it. So a
call that holds credentials gets `--no-build`; and as lines of constraints can switch that option
off again (uv 0.13: no-binary beats --no-build for the packages that it names), those are refused.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from releasekit.errors import ReleasekitError
from releasekit.errors.access import BUILD_WITH_CREDENTIALS
from releasekit.errors.refused import INVALID_BUILD_REQUIREMENT
from releasekit.home import find_netrc, is_known_to_uv
from releasekit.model.addresses import is_address
from releasekit.redact import hide_credentials
from releasekit.uv.indexes import (
    DEFAULT_INDEX_VARIABLES,
    EXTRA_INDEX_VARIABLES,
    INDEX_SECRET,
    PROXY_VARIABLES,
    BuildIndex,
    Installer,
    strip_credentials,
)
from releasekit.uv.settings_files import find_texts, split_table

NEVER_BUILD = ("--no-build", "--no-compile-bytecode")
NOT_FOR_INSTALLS = ("UV_COMPILE_BYTECODE", "UV_PUBLISH_")
"""How variables begin that an install does without: one would start the Python with what is
installed (and contradicts --no-compile-bytecode), the others are for uploads."""
INDEX_VARIABLES = (*DEFAULT_INDEX_VARIABLES, *EXTRA_INDEX_VARIABLES, "UV_FIND_LINKS")
INDEX_KEYS = ("index", "index-url", "extra-index-url", "find-links", "default-index")
KEYRINGS = ("subprocess", "native")
PLAIN_OPTIONS = {
    *("-i", "--index-url", "--extra-index-url", "-f", "--find-links"),
    *("--hash", "--only-binary", "--prefer-binary", "--pre", "--require-hashes"),
}
"""Options of a constraints file by which nothing is built."""
VARIABLE = "${"
"""uv replaces ${NAME} in requirements files by a variable of its environment (uv 0.13)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UvCall:
    """How uv installs: its environment and options, and what its messages name."""

    environ: Mapping[str, str] = field(repr=False)
    clean: Mapping[str, str] = field(repr=False)
    """For what needs no index: its start of the new Python runs code of what is installed."""
    options: tuple[str, ...]
    index: str
    root: str
    source: str
    """Where its credentials come from; nothing for a call that has none, and may build."""
    group: BuildIndex | None
    """The group that is asked, None where uv or pip are configured with another index."""

    def refusal(self, subject: str, reason: str, fix: str) -> ReleasekitError:
        """Return the error that something would be built beside credentials."""
        return ReleasekitError(
            BUILD_WITH_CREDENTIALS,
            subject=subject,
            root=self.root,
            index=self.index,
            reason=reason,
            source=self.source,
            fix=fix,
        )


def plan_call(
    installer: Installer,
    requires: Collection[str],
    *,
    root: Path,
    secret: Collection[str],
    constraints: Path | None,
    uv: Collection[Mapping[str, Any]],
    group: BuildIndex | None,
) -> UvCall:
    """Return the call of uv that installs build requirements.

    `secret` names variables that no code of others may see.
    Raises INVALID_BUILD_REQUIREMENT, and BUILD_WITH_CREDENTIALS for what such a call would build.
    """
    for requirement in requires:
        if not _is_plain(requirement):
            shown = hide_credentials(requirement)
            raise ReleasekitError(INVALID_BUILD_REQUIREMENT, root=str(root), requirement=shown)
    variables = installer.environ.items()
    environ = {name: value for name, value in variables if not name.startswith(NOT_FOR_INSTALLS)}
    source = find_source(environ, uv, requires)
    if group and source and source == installer.secret_name:
        source = group.credentials.source
    stripped = strip_credentials(environ).items()
    clean = {name: value for name, value in stripped if name not in secret}
    call = UvCall(
        environ=environ if source else {**clean, "NETRC": os.devnull},
        clean=clean,
        options=(*installer.options, *(NEVER_BUILD if source else ("--no-compile-bytecode",))),
        index=installer.index,
        root=str(root),
        source=source,
        group=group if group and installer.index == group.url else None,
    )
    if source:
        _refuse_builds(call, requires, constraints)
    return call


def find_source(
    environ: Mapping[str, str],
    tables: Collection[Mapping[str, Any]],
    requirements: Collection[str] = (),
) -> str:
    """Return where a call of uv has credentials from, for messages; nothing for a call without.

    `environ` is what uv gets, `tables` its settings files, `requirements` what it is to install.
    """
    for name, value in environ.items():
        if value and INDEX_SECRET.fullmatch(name) and not name.endswith("USERNAME"):
            return name
        holds_address = name in INDEX_VARIABLES or name.upper() in PROXY_VARIABLES
        if holds_address and _has_login([value]):
            return name
    if environ.get("UV_KEYRING_PROVIDER") in KEYRINGS:
        return "UV_KEYRING_PROVIDER"
    for part in (part for table in tables for part in split_table(table)):
        if part.get("keyring-provider") in KEYRINGS:
            return "keyring-provider of uv's settings"
        keys = (*INDEX_KEYS, "http-proxy", "https-proxy")
        if _has_login(text for key in keys for text in find_texts(part.get(key))):
            return "an address in uv's settings"
    if _has_login(requirements):
        return "an address among the build requirements"
    for url in list_addresses(environ, tables, requirements):
        if find_netrc(url, environ):
            return "the netrc file"
        if is_known_to_uv(url, environ):
            return "the file of `uv auth login`"
    return ""


def list_addresses(
    environ: Mapping[str, str],
    tables: Iterable[Mapping[str, Any]],
    requirements: Iterable[str] = (),
) -> tuple[str, ...]:
    """Return the addresses that a call of uv may ask, as far as they are written somewhere."""
    texts = [environ.get(name, "") for name in INDEX_VARIABLES]
    parts = [part for table in tables for part in split_table(table)]
    texts += [text for part in parts for key in INDEX_KEYS for text in find_texts(part.get(key))]
    found = [url for text in (*texts, *requirements) for url in re.findall(r"https?://\S+", text)]
    return tuple(url for url in dict.fromkeys(found) if is_address(url))


def _has_login(texts: Iterable[str]) -> bool:
    """Tell whether an address in the texts holds a user name or a password."""
    return any(hide_credentials(text) != text for text in texts)


def _is_plain(requirement: str) -> bool:
    """Tell whether a text is a requirement by PEP 508, without a variable that uv would fill in.

    uv reads the lines as a requirements file: there, `-e .` is an option, and builds.
    """
    try:
        Requirement(requirement)
    except InvalidRequirement:
        return False
    return VARIABLE not in requirement and len(requirement.splitlines()) == 1


def _refuse_builds(call: UvCall, requires: Iterable[str], constraints: Path | None) -> None:
    """Refuse what has packages built although uv gets --no-build."""
    variables = ("UV_CONSTRAINT", "UV_OVERRIDE")
    named = [Path(name) for key in variables for name in call.environ.get(key, "").split()]
    for path in (*named, *([constraints] if constraints else [])):
        line = ""
        with contextlib.suppress(OSError):  # uv says what is wrong with it
            text = Path(call.root, path).read_text(encoding="utf-8", errors="replace")
            line = _find_building_line(text)
        if line:
            reason = f"{path} has the line `{hide_credentials(line)}`"
            fix = "write only NAME==VERSION into that file, one per line (hashes may follow)"
            raise call.refusal("what a constraints file says", reason, fix)
    for text in requires:
        requirement = Requirement(text)
        marker, url = requirement.marker, requirement.url
        if url is None or (marker and not marker.evaluate({"extra": ""})):
            continue
        if PurePosixPath(re.split("[?#]", url)[0]).suffix != ".whl":
            reason = "its address leads to no wheel, so uv would build it"
            fix = "name a version of an index instead (NAME==VERSION), or the address of a wheel"
            raise call.refusal(hide_credentials(text), reason, fix)


def _find_building_line(text: str) -> str:
    """Return the first line of a constraints file that could have something built, or "".

    An option such as --no-binary; a variable, by which uv would write a password into an address.
    """
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        first, *others = line.split() or ["#"]
        if first.startswith("#"):
            continue
        if first.startswith("-"):
            builds = first.partition("=")[0] not in PLAIN_OPTIONS
        else:
            builds = any(word.startswith("-") and not word.startswith("--hash") for word in others)
        if builds or VARIABLE in line:
            return line.strip()
    return ""
