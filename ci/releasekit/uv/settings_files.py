"""What pip and uv are told by their settings files, found by their own rules."""

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
from releasekit.pip_conf import read_options
from releasekit.uv.indexes import merge_pip_options

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def read_pip_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the options that `pip install` has here; raises BrokenSettings.

    Directories of find-links that are not there are left out: pip says so and goes on, uv stops.
    """
    files = [read_options(text, str(path)) for path, text in _read_all(_find_pip_files(environ))]
    options = merge_pip_options(files, environ)
    if links := options.get("find-links"):
        kept = (link for link in links.split() if _is_there(link, environ))
        options["find-links"] = " ".join(kept)
    return options


def _is_there(link: str, environ: Mapping[str, str]) -> bool:
    return "://" in link or expand_home(link, environ).exists()


def _find_pip_files(environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the places of pip.conf, the weakest first (pip 26: configuration.py, appdirs.py)."""
    named = environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    for folder in _config_dirs(environ):
        yield folder / "pip" / "pip.conf"
    yield Path("/etc/pip.conf")
    if not (named and Path(named).exists()):
        home = find_home(environ)
        yield home / ".pip" / "pip.conf"
        mac = home / "Library" / "Application Support" / "pip"
        use_mac = sys.platform == "darwin" and mac.is_dir()
        yield (mac if use_mac else find_config_home(environ) / "pip") / "pip.conf"
    yield Path(sys.prefix, "pip.conf")
    if named:
        yield Path(named)


def read_uv_settings(root: Path, environ: Mapping[str, str]) -> tuple[Mapping[str, Any], ...]:
    """Return the settings of uv for a project: its own, its parents', the user's, the system's.

    uv stops at the first parent that has any; which one is its affair, and all are returned.
    Raises BrokenSettings.
    """
    users = [table for _, table in read_user_uv(environ)]
    if is_set(environ, "UV_NO_CONFIG") or environ.get("UV_CONFIG_FILE"):
        return tuple(users)
    folders = (root, *root.parents)
    own = [_parse(path, text) for path, text in _read_all(f / "uv.toml" for f in folders)]
    return (*own, *users, *filter(None, map(read_uv_table, folders)))


def is_set(environ: Mapping[str, str], name: str) -> bool:
    """Tell whether a variable of uv's is on."""
    return environ.get(name, "").lower() in ("1", "true", "t", "yes", "y", "on")


def read_user_uv(environ: Mapping[str, str]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield the user's and the system's uv.toml, or the one that is named in place of all."""
    if is_set(environ, "UV_NO_CONFIG"):
        return
    folders = [*(folder / "uv" for folder in reversed(_config_dirs(environ))), Path("/etc/uv")]
    paths = [folder / "uv.toml" for folder in (find_config_home(environ) / "uv", *folders)]
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
