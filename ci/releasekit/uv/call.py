"""Calls of uv: they hold credentials, or may build, and never both.

A build runs the code of a package, and a password of uv's environment would lie beside it. So a
call that holds credentials gets `--no-build`; and as lines of constraints can switch that option
off again (uv 0.13: no-binary beats --no-build for the packages that it names), those are refused.
"""

import contextlib
import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement

from releasekit.errors import ReleasekitError, access, refused
from releasekit.home import find_netrc, is_known_to_uv
from releasekit.index.layouts import simple_url
from releasekit.model.access import NO_CREDENTIALS, Credentials, is_address, is_same_origin
from releasekit.redact import hide_credentials
from releasekit.uv.indexes import (
    DEFAULT_INDEX_VARIABLES,
    EXTRA_INDEX_VARIABLES,
    INDEX_NAME,
    INDEX_SECRET,
    PROXY_VARIABLES,
    SETTINGS,
    BuildIndex,
    Installer,
    choose_installer,
    clean_environ,
    find_free_name,
    find_texts,
    index_environ,
    is_needed,
    split_tables,
    strip_credentials,
)

NEVER_BUILD = ("--no-build", "--no-compile-bytecode")
INDEX_VARIABLES = (*DEFAULT_INDEX_VARIABLES, *EXTRA_INDEX_VARIABLES, "UV_FIND_LINKS")
INDEX_KEYS = ("index", "index-url", "extra-index-url", "find-links", "default-index")
KEYRINGS = ("subprocess", "native")
# Options of a constraints file by which nothing is built.
PLAIN_OPTIONS = {
    *("-i", "--index-url", "--extra-index-url", "-f", "--find-links"),
    *("--hash", "--only-binary", "--prefer-binary", "--pre", "--require-hashes"),
}
# uv replaces ${NAME} in requirements files by a variable of its environment (uv 0.13).
VARIABLE = "${"
# Keys of [tool.uv] that are about where packages come from; all others are left out.
INDEX_SETTINGS = (
    *("index", "index-url", "extra-index-url", "default-index", "find-links", "no-index"),
    *("index-strategy", "keyring-provider"),
)
# Parts of the names of uv's variables that are about them, or about how they are reached.
ABOUT_INDEXES = ("INDEX", "FIND_LINKS", "KEYRING", "INSECURE", "NATIVE", "SYSTEM_CERTS", "HTTP")


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
            access.BUILD_WITH_CREDENTIALS,
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
            raise ReleasekitError(
                refused.INVALID_BUILD_REQUIREMENT, root=str(root), requirement=shown
            )
    # One would start the Python with what is installed (and contradicts --no-compile-bytecode), the
    # others are for uploads.
    unwanted, variables = ("UV_COMPILE_BYTECODE", "UV_PUBLISH_"), installer.environ.items()
    environ = {name: value for name, value in variables if not name.startswith(unwanted)}
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
    for part in split_tables(tables):
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
    parts = split_tables(tables)
    texts += [text for part in parts for key in INDEX_KEYS for text in find_texts(part.get(key))]
    found = [url for text in (*texts, *requirements) for url in re.findall(r"https?://\S+", text)]
    return tuple(url for url in dict.fromkeys(found) if is_address(url))


def _has_login(texts: Iterable[str]) -> bool:
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
        url = requirement.url
        if url is None or not is_needed(requirement):
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Indexes that requirements are resolved against."""

    name: str
    """For messages: an address, or which program is configured with it."""
    environ: Mapping[str, str] = field(repr=False)
    """For uv, with what it needs to log in."""
    settings: Mapping[str, Any] = field(repr=False)
    """For uv, in place of all its settings files."""
    repository: BuildIndex | None
    """The group, or the hosted repository: what our own client can read."""

    @property
    def decides(self) -> bool:
        """Tell whether a name that is not found says something about the release."""
        return self.repository is not None

    @property
    def has_credentials(self) -> bool:
        """Tell whether a build in such a call would run beside credentials."""
        return bool(find_source(self.environ, [self.settings]))

    def find_login(self, url: str) -> Credentials:
        """Return as whom a file of these indexes is downloaded."""
        if self.repository and is_same_origin(url, self.repository.url):
            return self.repository.credentials
        for address in list_addresses(self.environ, [self.settings]):
            parts = urlsplit(address)
            if parts.password and parts.hostname == urlsplit(url).hostname:
                user, password = unquote(parts.username or ""), unquote(parts.password)
                return Credentials(username=user, password=password, source="uv or pip")
        return find_netrc(url, self.environ) or NO_CREDENTIALS


def use_group(group: BuildIndex, environ: Mapping[str, str]) -> Source:
    """Return the group alone: what people install from."""
    variables = index_environ(group)
    del variables["UV_DEFAULT_INDEX"]  # the settings have it, with how long pages are believed
    index = {
        "name": INDEX_NAME,
        "url": simple_url(group.url),
        "default": True,
        # uv 0.13 believes a page for ten minutes if the server says nothing (Nexus does not). A
        # page that it keeps it reads twice from Nexus, whose 304 has no date or ETag.
        "cache-control": {"api": "no-store", "files": "max-age=365000000, immutable"},
    }
    return Source(
        name=group.url,
        environ={**clean_environ(environ), **variables},
        settings={"index": [index]},
        repository=group,
    )


def use_configured(
    environ: Mapping[str, str],
    *,
    pip: Mapping[str, str],
    uv: Sequence[Mapping[str, Any]],
    root: Path,
    hosted: BuildIndex | None,
) -> Source:
    """Return what uv or pip are configured with, and before it the hosted repository, if given.

    `pip` holds options, `uv` the tables of uv's settings files. Without a hosted repository, that a
    name is not found says nothing: nobody installs from there.
    """
    installer = choose_installer(environ, pip=pip, uv=uv, group=None)
    name = installer.index
    settings: dict[str, Any] = {}
    for part in split_tables(uv):
        settings = {**{key: part[key] for key in INDEX_SETTINGS if key in part}, **settings}
    if isinstance(links := settings.get("find-links"), list):
        settings["find-links"] = [
            link if "://" in link else str(root / link) for link in map(str, links)
        ]
    if "--no-index" in installer.options:
        settings["no-index"] = True
    variables = {key: value for key, value in installer.environ.items() if _is_passed_on(key)}
    if hosted:
        ours = index_environ(hosted, find_free_name(uv))
        first = ours.pop("UV_DEFAULT_INDEX")
        variables |= {**ours, "UV_INDEX": f"{first} {variables.get('UV_INDEX', '')}".strip()}
        name = f"{hosted.url} and {name}"
    return Source(name=name, environ=variables, settings=settings, repository=hosted)


def _is_passed_on(name: str) -> bool:
    is_about_indexes = name.startswith("UV_") and any(part in name for part in ABOUT_INDEXES)
    return is_about_indexes or not name.startswith(SETTINGS)
