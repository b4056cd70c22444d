"""What the settings files of pip and uv say, found by their own rules."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from releasekit.errors import BrokenSettings
from releasekit.errors.usage import BROKEN_SETTINGS
from releasekit.home import expand_home, find_config_home, find_home
from releasekit.pip_conf import find_pip_folder, read_options

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


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


def _find_pip_files(environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the places of pip.conf, the weakest first (pip 26: configuration.py, appdirs.py)."""
    named = environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    yield from (folder / "pip" / "pip.conf" for folder in _config_dirs(environ))
    yield Path("/etc/pip.conf")
    if not (named and Path(named).exists()):
        yield find_home(environ) / ".pip" / "pip.conf"
        yield find_pip_folder(environ) / "pip.conf"
    yield Path(sys.prefix, "pip.conf")
    if named:
        yield Path(named)


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


def read_user_uv(environ: Mapping[str, str]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield the user's and the system's uv.toml, or the one that is named in place of all."""
    if is_on(environ.get("UV_NO_CONFIG", "")):
        return
    system = (*(folder / "uv" for folder in reversed(_config_dirs(environ))), Path("/etc/uv"))
    paths = [folder / "uv.toml" for folder in (find_config_home(environ) / "uv", *system)]
    named = environ.get("UV_CONFIG_FILE")
    for path, text in _read_all([Path(named)] if named else paths):
        yield path, _parse(path, text)


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
    """Return a table of uv's settings, and its part for `uv pip`, which beats it."""
    return [part for part in (table, table.get("pip")) if isinstance(part, Mapping)]


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
        raise BrokenSettings(BROKEN_SETTINGS, path=str(path), reason=str(error)) from error


def _read_all(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Yield the files that are there and may be read."""
    for path in paths:
        with contextlib.suppress(OSError):
            yield path, path.read_text(encoding="utf-8", errors="replace")


def _config_dirs(environ: Mapping[str, str]) -> list[Path]:
    """Return the system's directories of settings, the weakest first."""
    if sys.platform == "darwin":
        return [Path("/Library/Application Support")]
    named = environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    return [Path(folder) for folder in reversed(named.split(os.pathsep)) if folder]
