"""Which indexes uv asks: by the settings files and variables of pip and uv, else the group."""

import contextlib
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from releasekit.errors import BrokenSettings, usage
from releasekit.home import expand_home, find_config_home, find_home
from releasekit.index.layouts import simple_url
from releasekit.model.access import Credentials
from releasekit.pip_conf import find_pip_folder, read_options
from releasekit.redact import hide_credentials
from releasekit.toml import tomllib

DEFAULT_INDEX_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL")
EXTRA_INDEX_VARIABLES = ("UV_INDEX", "UV_EXTRA_INDEX_URL")
PROXY_VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
# Options of pip, and the variables of uv 0.13 that mean the same.
PIP_TO_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "keyring-provider": "UV_KEYRING_PROVIDER",
}
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
    secret_name: str = ""


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
    indexes = [index for part in split_tables(uv) for index in _list_indexes(part)]
    names = [str(index.get("name", "")) for index in indexes]
    taken = {re.sub(r"[^A-Z0-9]", "_", name.upper()) for name in names}
    free = INDEX_NAME
    while free.upper() in taken:
        free += "x"
    return free


def index_environ(index: BuildIndex, name: str = INDEX_NAME) -> dict[str, str]:
    """Return what makes an index uv's default one, with its credentials.

    A named index takes its credentials from variables of that name: none in argv, none in a file.
    """
    prefix, user = f"UV_INDEX_{name.upper()}", index.credentials
    login = {f"{prefix}_USERNAME": user.username, f"{prefix}_PASSWORD": user.password}
    default = {"UV_DEFAULT_INDEX": f"{name}={simple_url(index.url)}"}
    return {**default, **login} if user.password else default


def _has_default(table: Mapping[str, Any]) -> bool:
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
    """Return the names of requirements that `own_names` has, as a name or "acme-*"."""
    names = set()
    for text in requires:
        with contextlib.suppress(InvalidRequirement):  # uv says what is wrong with it
            requirement = Requirement(text)
            if requirement.url is None:
                names.add(canonicalize_name(requirement.name))
    patterns = [re.sub(r"[-_.]+", "-", own).lower() for own in own_names]  # PEP 503
    return sorted(n for n in names if any(fnmatchcase(n, pattern) for pattern in patterns))


def read_pip_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the options that `pip install` has here; raises BrokenSettings.

    As pip's configuration.py has it: a later file beats an earlier one, [install] beats [global],
    PIP_* beats both, and what is empty is not said. Directories of find-links that are not there
    are left out: pip says so and goes on, uv stops.
    """
    said: dict[str, str] = {}
    for path, text in _read_all(_find_pip_files(environ)):
        said |= read_options(text, str(path))
    options: dict[str, str] = {}
    for section in ("global.", "install."):
        found = {key: value for key, value in said.items() if key.startswith(section) and value}
        options |= {key.removeprefix(section): value for key, value in found.items()}
    for name, value in environ.items():
        if name.startswith("PIP_") and value:
            options[name.removeprefix("PIP_").lower().replace("_", "-")] = value
    if links := options.get("find-links"):
        options["find-links"] = " ".join(
            link for link in links.split() if "://" in link or expand_home(link, environ).exists()
        )
    return options


def _find_pip_files(environ: Mapping[str, str]) -> list[Path]:
    """Return the places of pip.conf, the weakest first (pip 26: configuration.py, appdirs.py)."""
    named = environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return []
    users = [find_home(environ) / ".pip", find_pip_folder(environ)]
    if named and Path(named).exists():
        users = []
    system = (*(folder / "pip" for folder in _config_dirs(environ)), Path("/etc"))
    files = [folder / "pip.conf" for folder in (*system, *users, Path(sys.prefix))]
    return [*files, Path(named)] if named else files


def read_uv_settings(root: Path, environ: Mapping[str, str]) -> tuple[Mapping[str, Any], ...]:
    """Return the settings of uv for a project: its own, its parents', the user's, the system's.

    uv stops at the first parent that has any; which one is its affair, and all are returned.
    Raises BrokenSettings.
    """
    users = [table for _, table in read_user_uv(environ)]
    if is_on(environ.get("UV_NO_CONFIG", "")) or environ.get("UV_CONFIG_FILE"):
        return tuple(users)
    folders = (root, *root.parents)
    own = [_parse(path, text) for path, text in _read_all(f / "uv.toml" for f in folders)]
    return (*own, *users, *filter(None, map(read_uv_table, folders)))


def is_on(value: str) -> bool:
    """Tell whether a flag of uv or pip is on, by the value of its variable or option."""
    return value.strip().lower() in ("1", "true", "t", "yes", "y", "on")


def read_user_uv(environ: Mapping[str, str]) -> list[tuple[Path, Mapping[str, Any]]]:
    """Return the user's and the system's uv.toml, or the one that is named in place of all."""
    if is_on(environ.get("UV_NO_CONFIG", "")):
        return []
    system = (*(folder / "uv" for folder in reversed(_config_dirs(environ))), Path("/etc/uv"))
    paths = [folder / "uv.toml" for folder in (find_config_home(environ) / "uv", *system)]
    if named := environ.get("UV_CONFIG_FILE"):
        paths = [Path(named)]
    return [(path, _parse(path, text)) for path, text in _read_all(paths)]


def read_uv_folder(folder: Path) -> Mapping[str, Any] | None:
    """Return uv's settings of a directory; uv.toml beats pyproject.toml, and None is neither."""
    for path, text in _read_all([folder / "uv.toml"]):
        return _parse(path, text)
    return read_uv_table(folder) or None


def read_uv_table(folder: Path) -> Mapping[str, Any]:
    """Return [tool.uv] of a directory's pyproject.toml; nothing where it has none."""
    for path, text in _read_all([folder / "pyproject.toml"]):
        if "tool" in text and isinstance(table := _parse(path, text).get("tool"), dict):
            return uv if isinstance(uv := table.get("uv"), dict) else {}
    return {}


def split_table(table: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return a table of uv's settings, and its part for `uv pip`."""
    return [part for part in (table, table.get("pip")) if isinstance(part, Mapping)]


def split_tables(tables: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return tables of uv's settings, each with its part for `uv pip`."""
    return [part for table in tables for part in split_table(table)]


def is_needed(requirement: Requirement) -> bool:
    """Tell whether a requirement's marker holds here, without any extra."""
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})


def find_texts(value: object) -> Iterator[str]:
    """Yield the texts in a value of uv's settings, which may be a table or a list."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from find_texts(part)


def _parse(path: Path, text: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BrokenSettings(usage.BROKEN_SETTINGS, path=str(path), reason=str(error)) from error


def _read_all(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    for path in paths:
        with contextlib.suppress(OSError):
            yield path, path.read_text(encoding="utf-8", errors="replace")


def _config_dirs(environ: Mapping[str, str]) -> list[Path]:
    """Return the system's directories of settings, the weakest first."""
    if sys.platform == "darwin":
        return [Path("/Library/Application Support")]
    named = environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    return [Path(folder) for folder in reversed(named.split(os.pathsep)) if folder]
