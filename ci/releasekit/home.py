"""The user's home and what lies in it, by the environment of the run, not by the process's."""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Mapping
from pathlib import Path


def find_home(environ: Mapping[str, str]) -> Path:
    """Return HOME, else what the system's list of users says; "~" for a user who is not in it."""
    if home := environ.get("HOME"):
        return Path(home)
    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        return Path("~")


def expand_home(path: str | Path, environ: Mapping[str, str]) -> Path:
    """Return a path with ~ replaced by the home, as a shell does."""
    first, *others = Path(path).parts or ("",)
    if first == "~":
        return find_home(environ).joinpath(*others)
    # ~NAME is looked up in the system's list of users alone.
    return Path(path).expanduser() if first.startswith("~") else Path(path)


def find_config_home(environ: Mapping[str, str]) -> Path:
    """Return the directory of the user's settings (XDG Base Directory Specification)."""
    return Path(environ.get("XDG_CONFIG_HOME") or find_home(environ) / ".config")


def find_cache_home(environ: Mapping[str, str]) -> Path:
    """Return the directory of the user's caches."""
    mac = sys.platform == "darwin"
    usual = find_home(environ) / ("Library/Caches" if mac else ".cache")
    return Path(environ.get("XDG_CACHE_HOME") or usual)
