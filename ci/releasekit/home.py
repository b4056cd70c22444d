"""The user's home and what lies in it, by the environment of the run, not by the process's."""

import contextlib
import netrc
import os
import pwd
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from releasekit.model.access import Credentials


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


def find_netrc(url: str, environ: Mapping[str, str]) -> Credentials | None:
    """Return the entry of an address's host in netrc.

    The file is the one that NETRC names, else ~/.netrc, as for pip and uv. One that cannot be
    read, or understood, has no entries, as for them.
    """
    host, home, named = urlsplit(url).hostname or "", find_home(environ), environ.get("NETRC")
    for path in [expand_home(named, environ)] if named else [home / ".netrc", home / "_netrc"]:
        with contextlib.suppress(OSError, UnicodeError, netrc.NetrcParseError):
            entry = netrc.netrc(str(path)).authenticators(host)
            login, account, password = entry or ("", "", "")
            if password:
                user = login or account or ""
                return Credentials(username=user, password=password, source=f"netrc ({path})")
    return None


def is_known_to_uv(url: str, environ: Mapping[str, str]) -> bool:
    """Tell whether `uv auth login` keeps a password for an address's host (uv 0.13)."""
    data = environ.get("XDG_DATA_HOME") or find_home(environ) / ".local" / "share"
    folder = Path(environ.get("UV_CREDENTIALS_DIR") or Path(data, "uv", "credentials"))
    with contextlib.suppress(OSError):
        text = (folder / "credentials.toml").read_text(encoding="utf-8", errors="replace")
        return f"://{urlsplit(url).hostname}" in text
    return False
