"""Where build requirements come from: what uv, pip and this kit were told, in that order."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from releasekit.index.layouts import simple_url
from releasekit.model.credentials import Credentials
from releasekit.redact import hide_credentials

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
UV_LISTS = {"UV_FIND_LINKS": ","}
"""How uv separates what pip separates by spaces or lines."""
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
    options: tuple[str, ...]
    index: str
    """Where it looks, for messages."""
    secret_name: str = ""
    """The variable with the group's password, where it has one."""


def choose_installer(
    environ: Mapping[str, str],
    *,
    pip: Mapping[str, str],
    uv: Iterable[Mapping[str, Any]],
    group: BuildIndex | None,
) -> Installer:
    """Return how uv is called so that it looks where it was told to.

    What uv itself was told decides; then what `pip install` was told (uv reads neither pip.conf nor
    PIP_*); then the group. `pip` holds options, `uv` the tables of uv's settings files.
    """
    told = {name: value for name, value in environ.items() if name != "VIRTUAL_ENV"}
    if any(told.get(name) for name in DEFAULT_INDEX_VARIABLES) or any(map(_has_default, uv)):
        return Installer(environ=told, options=(), index="the index that uv is configured with")
    told |= _translate(pip, told)
    options = ("--no-index",) if _is_true(pip.get("no-index", "")) else ()
    if pip.get("index-url") or options:
        return Installer(
            environ=told, options=options, index="the index that pip is configured with"
        )
    if group is None:
        return Installer(environ=told, options=(), index="the default index of uv")
    found = index_environ(group, free_name(INDEX_NAME, uv))
    secret_name = next((name for name in found if name.endswith("_PASSWORD")), "")
    environ = {**told, **found}
    return Installer(environ=environ, options=(), index=group.url, secret_name=secret_name)


def _translate(pip: Mapping[str, str], told: Mapping[str, str]) -> dict[str, str]:
    values = {}
    for option, name in PIP_TO_UV.items():
        if pip.get(option) and not told.get(name):
            values[name] = UV_LISTS.get(name, " ").join(pip[option].split())
    if any(told.get(name) for name in EXTRA_INDEX_VARIABLES):
        values.pop("UV_INDEX", None)
    if values.get("UV_KEYRING_PROVIDER") not in (None, "subprocess", "disabled"):
        del values["UV_KEYRING_PROVIDER"]  # uv knows only these two
    names = {name.upper() for name, value in told.items() if value}
    if pip.get("proxy") and not names & set(PROXY_VARIABLES):
        values |= dict.fromkeys(PROXY_VARIABLES, pip["proxy"])
    return values


def free_name(name: str, uv: Iterable[Mapping[str, Any]]) -> str:
    """Return a name for an index that no settings of the project share.

    uv takes an index's password from a variable of its name in capitals: an index `RELEASEKIT` of
    [tool.uv] would be sent the password of ours (measured with uv 0.13).
    """
    tables = [
        part for table in uv for part in (table, table.get("pip")) if isinstance(part, Mapping)
    ]
    indexes = [
        index
        for table in tables
        if isinstance(table.get("index"), list)
        for index in table["index"]
    ]
    names = (str(index.get("name", "")) for index in indexes if isinstance(index, Mapping))
    taken = {re.sub(r"[^A-Z0-9]", "_", name.upper()) for name in names}
    while name.upper() in taken:
        name += "x"
    return name


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
    for part in (table, table.get("pip")):
        if isinstance(part, Mapping) and (part.get("index-url") or part.get("no-index")):
            return True
    indexes = table.get("index")
    return isinstance(indexes, list) and any(
        isinstance(index, Mapping) and index.get("default") is True for index in indexes
    )


def _is_true(value: str) -> bool:
    return value.strip().lower() in ("1", "y", "yes", "t", "true", "on")  # as pip's strtobool


def merge_pip_options(
    files: Sequence[Mapping[str, str]], environ: Mapping[str, str]
) -> dict[str, str]:
    """Return the options of `pip install`: of its files, the weakest first, and its variables.

    As pip's configuration.py has it: a later file beats an earlier one, [install] beats [global],
    PIP_* beats both, and what is empty is not said.
    """
    said = {key: value for file in files for key, value in file.items()}
    options: dict[str, str] = {}
    for section in ("global.", "install."):
        found = {key.removeprefix(section): v for key, v in said.items() if key.startswith(section)}
        options |= {key: value for key, value in found.items() if value}
    names = {name: value for name, value in environ.items() if name.startswith("PIP_") and value}
    return options | {n.removeprefix("PIP_").lower().replace("_", "-"): names[n] for n in names}


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
    patterns = [(_normalize(own), own.endswith("*")) for own in own_names]
    return sorted(
        {
            name
            for name in _find_names(requires)
            for own, is_prefix in patterns
            if name == own or (is_prefix and name.startswith(own))
        }
    )


def _find_names(requires: Iterable[str]) -> Iterator[str]:
    for text in requires:
        with contextlib.suppress(InvalidRequirement):  # uv says what is wrong with it
            requirement = Requirement(text)
            if requirement.url is None:
                yield canonicalize_name(requirement.name)


def _normalize(own_name: str) -> str:
    """Return a name, or the beginning of names, as PEP 503 spells it."""
    return re.sub(r"[-_.]+", "-", own_name.removesuffix("*")).lower()
