"""One task of administration or of a consumer, as every part of it gets it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from releasekit.config.settings import Settings
from releasekit.events import Notify
from releasekit.model.credentials import NO_CREDENTIALS, Credentials
from releasekit.network import Network
from releasekit.redact import Redactor


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One task: what is configured, as whom to ask, and how to reach the world."""

    root: Path
    url: str
    """Address of Nexus itself."""
    settings: Settings
    network: Network
    notify: Notify
    environ: Mapping[str, str] = field(repr=False)
    credentials: Credentials
    """The publisher's; NO_CREDENTIALS where none were given."""
    reader: Credentials
    """For what is read: the reader's own, else the publisher's, else NO_CREDENTIALS."""
    admin: Credentials
    """The administrator's; NO_CREDENTIALS where none were given."""
    first: Credentials = NO_CREDENTIALS
    """The administrator's on a server that was started for the first time."""
    accept_eula: bool = False
    """True where somebody said that the license agreement is accepted."""
    attended: bool = False
    """True where somebody looks: a password that is made up may be shown."""
    probe: bool = False
    """True where `doctor` may try what a server logs: a well-known password, an empty upload."""
    word: str = ""
    """What `search` looks for."""
    to: str | None = None
    """Where `pip-config` writes: "user", or a directory."""
    python: str | None = None
    """The environment whose packages `search` compares."""
    redactor: Redactor = field(default_factory=Redactor)
    """The secrets of this run: what is found or made later is added."""
