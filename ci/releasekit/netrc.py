"""Passwords that programs find in files of the user's: netrc, and what `uv auth login` keeps."""

from __future__ import annotations

import contextlib
import netrc
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from releasekit.home import expand_home, find_home
from releasekit.model.credentials import NO_CREDENTIALS, Credentials

NAMES = (".netrc", "_netrc")


def find_netrc(url: str, environ: Mapping[str, str]) -> Credentials:
    """Return the entry of an address's host in netrc; NO_CREDENTIALS where there is none.

    The file is the one that NETRC names, else ~/.netrc, as for pip and uv. One that cannot be
    read, or understood, has no entries, as for them.
    """
    host, home = urlsplit(url).hostname or "", find_home(environ)
    named = environ.get("NETRC")
    for path in [expand_home(named, environ)] if named else [home / name for name in NAMES]:
        with contextlib.suppress(OSError, UnicodeError, netrc.NetrcParseError):
            if found := netrc.netrc(str(path)).authenticators(host):
                login, account, password = found
                if password:
                    user = login or account or ""
                    return Credentials(username=user, password=password, source=f"netrc ({path})")
    return NO_CREDENTIALS


def is_known_to_uv(url: str, environ: Mapping[str, str]) -> bool:
    """Tell whether `uv auth login` keeps a password for an address's host (uv 0.13)."""
    data = environ.get("XDG_DATA_HOME") or find_home(environ) / ".local" / "share"
    folder = Path(environ.get("UV_CREDENTIALS_DIR") or Path(data, "uv", "credentials"))
    with contextlib.suppress(OSError):
        text = (folder / "credentials.toml").read_text(encoding="utf-8", errors="replace")
        return f"://{urlsplit(url).hostname}" in text
    return False
