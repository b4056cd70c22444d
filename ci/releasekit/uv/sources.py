"""Where the requirements of a release come from, in a form for calls of uv that never build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from releasekit.home import find_netrc
from releasekit.index.layouts import simple_url
from releasekit.model.addresses import is_same_origin
from releasekit.model.credentials import NO_CREDENTIALS, Credentials
from releasekit.uv.call import find_source, list_addresses
from releasekit.uv.indexes import (
    INDEX_NAME,
    SETTINGS,
    BuildIndex,
    choose_installer,
    clean_environ,
    find_free_name,
    index_environ,
)
from releasekit.uv.settings_files import split_table

INDEX_SETTINGS = (
    *("index", "index-url", "extra-index-url", "default-index", "find-links", "no-index"),
    *("index-strategy", "keyring-provider"),
)
"""Keys of [tool.uv] that are about where packages come from; all others are left out."""
ABOUT_INDEXES = ("INDEX", "FIND_LINKS", "KEYRING", "INSECURE", "NATIVE", "SYSTEM_CERTS", "HTTP")
"""Parts of the names of uv's variables that are about them, or about how they are reached."""
ASK_AGAIN = {"api": "no-store", "files": "max-age=365000000, immutable"}
"""uv 0.13 believes a page for ten minutes if the server says nothing (Nexus does not). A page that
it keeps it reads twice from Nexus, whose 304 has no date or ETag."""


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
    index = {"name": INDEX_NAME, "url": simple_url(group.url), "default": True}
    return Source(
        name=group.url,
        environ={**clean_environ(environ), **variables},
        settings={"index": [{**index, "cache-control": ASK_AGAIN}]},
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
    for part in (part for table in uv for part in split_table(table)):
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


def write_settings(source: Source, folder: Path) -> Path:
    """Write the settings file for a call of uv, and return its path."""
    import tomlkit  # only what has dependencies needs it

    path = folder / "uv.toml"
    path.write_text(tomlkit.dumps(source.settings), encoding="utf-8")
    return path
