"""Where build requirements come from: what uv, pip and this kit are configured with."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from releasekit.index.layouts import simple_url
from releasekit.model.credentials import Credentials
from releasekit.redact import hide_credentials
from releasekit.uv.settings_files import is_on, split_table

DEFAULT_INDEX_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL")
EXTRA_INDEX_VARIABLES = ("UV_INDEX", "UV_EXTRA_INDEX_URL")
PROXY_VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
PIP_TO_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "keyring-provider": "UV_KEYRING_PROVIDER",
}
"""Options of pip, and the variables of uv 0.13 that mean the same."""
SETTINGS = ("PIP_", "UV_", "VIRTUAL_ENV")
"""How variables of pip, uv and virtual environments begin."""
INDEX_NAME = "releasekit"
INDEX_SECRET = re.compile(r"UV_(INDEX|PUBLISH)_.*(USERNAME|PASSWORD|TOKEN)")


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildIndex:
    """The group that the kit is configured with, as a source of build requirements."""

    url: str
    credentials: Credentials


@dataclass(frozen=True, kw_only=True, slots=True)
class Installer:
    """How uv is called: with which environment and options."""

    environ: Mapping[str, str] = field(repr=False)
    options: tuple[str, ...] = ()
    index: str
    """Where it looks, for messages."""
    secret_name: str = ""
    """The variable with the group's password, where it has one."""


def choose_installer(
    environ: Mapping[str, str],
    *,
    pip: Mapping[str, str],
    uv: Sequence[Mapping[str, Any]],
    group: BuildIndex | None,
) -> Installer:
    """Return how uv is called so that it looks where its user wants.

    What uv itself is configured with decides; then what `pip install` is (uv reads neither pip.conf
    nor PIP_*); then the group. `pip` holds options, `uv` the tables of uv's settings files.
    """
    variables = {name: value for name, value in environ.items() if name != "VIRTUAL_ENV"}
    if any(map(variables.get, DEFAULT_INDEX_VARIABLES)) or any(map(_has_default, uv)):
        return Installer(environ=variables, index="the index that uv is configured with")
    variables |= _translate(pip, variables)
    options = ("--no-index",) if is_on(pip.get("no-index", "")) else ()
    if pip.get("index-url") or options:
        index = "the index that pip is configured with"
        return Installer(environ=variables, options=options, index=index)
    if group is None:
        return Installer(environ=variables, index="the default index of uv")
    found = index_environ(group, find_free_name(uv))
    secret_name = next((name for name in found if name.endswith("_PASSWORD")), "")
    return Installer(environ={**variables, **found}, index=group.url, secret_name=secret_name)


def _translate(pip: Mapping[str, str], variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that say to uv what pip's options say, but for those that are set."""
    values = {
        name: ("," if name == "UV_FIND_LINKS" else " ").join(pip[option].split())
        for option, name in PIP_TO_UV.items()
        if pip.get(option) and not variables.get(name)
    }
    if any(map(variables.get, EXTRA_INDEX_VARIABLES)):
        values.pop("UV_INDEX", None)
    if values.get("UV_KEYRING_PROVIDER") not in (None, "subprocess", "disabled"):
        del values["UV_KEYRING_PROVIDER"]  # uv knows only these two
    names = {name.upper() for name, value in variables.items() if value}
    if pip.get("proxy") and not names & set(PROXY_VARIABLES):
        values |= dict.fromkeys(PROXY_VARIABLES, pip["proxy"])
    return values


def find_free_name(uv: Iterable[Mapping[str, Any]]) -> str:
    """Return a name for an index that no settings of the project share.

    uv takes an index's password from a variable of its name in capitals: an index `RELEASEKIT` of
    [tool.uv] would be sent the password of ours (measured with uv 0.13).
    """
    parts = [part for table in uv for part in split_table(table)]
    names = [str(index.get("name", "")) for part in parts for index in _list_indexes(part)]
    taken = {re.sub(r"[^A-Z0-9]", "_", name.upper()) for name in names}
    free = INDEX_NAME
    while free.upper() in taken:
        free += "x"
    return free


def index_environ(index: BuildIndex, name: str = INDEX_NAME) -> dict[str, str]:
    """Return what makes an index uv's default one, with its credentials.

    A named index takes its credentials from variables of that name: none in argv, none in a file.
    """
    environ = {"UV_DEFAULT_INDEX": f"{name}={simple_url(index.url)}"}
    if index.credentials.password:
        prefix = f"UV_INDEX_{name.upper()}"
        environ[f"{prefix}_USERNAME"] = index.credentials.username
        environ[f"{prefix}_PASSWORD"] = index.credentials.password
    return environ


def _has_default(table: Mapping[str, Any]) -> bool:
    """Tell whether a table of uv's settings replaces its default index, or forbids any."""
    parts = split_table(table)
    return any(part.get("index-url") or part.get("no-index") for part in parts) or any(
        index.get("default") is True for index in _list_indexes(table)
    )


def _list_indexes(table: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = table.get("index")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def clean_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without settings of pip and uv.

    A find-links or index setting of the user's would let an install succeed that the index alone
    cannot serve, and fake the proof.
    """
    return {name: value for name, value in environ.items() if not name.startswith(SETTINGS)}


def strip_credentials(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without the logins of indexes, proxies and other addresses.

    A build backend gets none: one that downloads through a proxy that asks for a password needs a
    proxy on this machine that logs in.
    """
    return {
        name: hide_credentials(value)
        for name, value in environ.items()
        if name != "NETRC" and not INDEX_SECRET.fullmatch(name)
    }


def find_own_names(requires: Iterable[str], own_names: Iterable[str]) -> list[str]:
    """Return the names that an index is asked for and that `own_names` has, as name or "acme-*"."""
    names = set()
    for text in requires:
        with contextlib.suppress(InvalidRequirement):  # uv says what is wrong with it
            requirement = Requirement(text)
            if requirement.url is None:
                names.add(canonicalize_name(requirement.name))
    patterns = [re.sub(r"[-_.]+", "-", own).lower() for own in own_names]  # PEP 503
    return sorted(n for n in names if any(fnmatchcase(n, pattern) for pattern in patterns))
