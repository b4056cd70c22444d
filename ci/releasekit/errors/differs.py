"""Status 1, refused: what is there, on a server or in a file, is not what is wanted."""

from __future__ import annotations

from dataclasses import dataclass

from releasekit.errors.base import ReleasekitError, Status


@dataclass(kw_only=True, eq=False)
class Conflict(ReleasekitError):
    """The repository holds other bytes under a name that is to be published."""

    status = Status.REFUSED
    what = "{count} file(s) are already published with other bytes"
    where = "{url}"
    why = "{files}\na published file is never overwritten"
    next = "{mend}"
    url: str
    count: int
    files: str
    mend: str


@dataclass(kw_only=True, eq=False)
class OtherBytesServed(ReleasekitError):
    """The repository that people install from serves other bytes than were uploaded."""

    status = Status.REFUSED
    what = "the index serves other bytes than were released"
    where = "{url}"
    why = "{files}"
    next = (
        "see which member of the group has that name: a public package shadows yours,\n"
        "or another group member holds an older file; a routing rule on the proxy blocks it"
    )
    url: str
    files: str


@dataclass(kw_only=True, eq=False)
class PackageBroken(ReleasekitError):
    """The index serves the right bytes, and they do not install."""

    status = Status.REFUSED
    what = "{requirement} is published but does not install"
    where = "{url}"
    why = "the files there are the ones that were built; the installer says:\n{tail}"
    next = "mend the package and release a new version: these files stay published"
    requirement: str
    url: str
    tail: str


@dataclass(kw_only=True, eq=False)
class SettingsDiffer(ReleasekitError):
    """The settings of pip and uv are not what they should be, and nothing was to be written."""

    status = Status.REFUSED
    what = "pip and uv are not set up for the group"
    where = "{place}"
    why = "{count} setting(s) differ: see the plan above; nothing was written"
    next = "releasekit pip-config --apply writes them"
    place: str
    count: int


@dataclass(kw_only=True, eq=False)
class NothingFound(ReleasekitError):
    """No project in the group has a name or a version like that."""

    status = Status.REFUSED
    what = "nothing found for {word}"
    where = "{url}"
    why = "{reason}"
    next = "{mend}"
    word: str
    url: str
    reason: str
    mend: str


@dataclass(kw_only=True, eq=False)
class ServerDiffers(ReleasekitError):
    """The server is not what the configuration wants, and nothing was to be changed."""

    status = Status.REFUSED
    what = "Nexus is not what the configuration wants"
    where = "{url}"
    why = "{changes}: see the plan above; nothing was changed"
    next = "releasekit provision --apply carries the plan out"
    url: str
    changes: str


@dataclass(kw_only=True, eq=False)
class ServerBlocked(ReleasekitError):
    """Something on the server stands in the way, which only a human can decide about."""

    status = Status.REFUSED
    what = "{count} thing(s) on Nexus stand in the way"
    where = "{url}"
    why = "{things}\nnothing was changed"
    next = "settle what the lines with ! say, then run this again"
    url: str
    count: int
    things: str


@dataclass(kw_only=True, eq=False)
class DiagnosisRefused(ReleasekitError):
    """The doctor found what somebody has to change."""

    status = Status.REFUSED
    what = "{count} row(s) of the diagnosis failed: {codes}"
    where = "{url}"
    why = "see the rows above, and reports/summary.md"
    next = "mend them as each row says, then nox -s doctor again"
    url: str
    count: int
    codes: str
