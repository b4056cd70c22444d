"""Status 3, failed: what a Nexus does not do, or not yet."""

from __future__ import annotations

from dataclasses import dataclass

from releasekit.errors.base import ReleasekitError


@dataclass(kw_only=True, eq=False)
class NexusRefused(ReleasekitError):
    """The REST API of Nexus answered with an error."""

    what = "Nexus refused to {action}"
    where = "{url}"
    why = "it answered {answer}"
    next = "see in Nexus what that means, then run this again: what is done already is kept"
    url: str
    action: str
    answer: str


@dataclass(kw_only=True, eq=False)
class NotAsWritten(ReleasekitError):
    """A change was accepted, and reading it back shows something else."""

    what = "Nexus took the change of the {thing} and did something else"
    where = "{url}"
    why = "it has -> it was told: {differences}"
    next = "set this in Nexus by hand, then run this again; somebody else may have changed it too"
    url: str
    thing: str
    differences: str


@dataclass(kw_only=True, eq=False)
class ServerUnsettled(ReleasekitError):
    """The plan was carried out, and comparing again finds something to do."""

    what = "Nexus differs again from what was just set"
    where = "{url}"
    why = "{changes}\nsomebody, or another program, changes the same things"
    next = "see who does, then run this again: what is done already is kept"
    url: str
    changes: str


@dataclass(kw_only=True, eq=False)
class NotANexus(ReleasekitError):
    """Whatever answers does not call itself Nexus."""

    what = "this does not answer as a Nexus does"
    where = "{url}"
    why = "it answered {answer}, and calls itself {server}"
    next = (
        "check url: the address of Nexus itself, with its context path if it has one;\n"
        "a login page or another server answers like this"
    )
    url: str
    answer: str
    server: str


@dataclass(kw_only=True, eq=False)
class LicenseNotAccepted(ReleasekitError):
    """A Community Edition whose license agreement nobody has accepted."""

    what = "this Nexus serves nothing yet"
    where = "{url}"
    why = "its End User License Agreement is not accepted: it answers 403 to everybody"
    next = (
        "its administrator accepts it: by signing in with a browser, or by\n"
        "releasekit provision --apply --accept-eula"
    )
    url: str


@dataclass(kw_only=True, eq=False)
class DiagnosisFailed(ReleasekitError):
    """The doctor found a server or a network that does not work now."""

    what = "{count} row(s) of the diagnosis failed: {codes}"
    where = "{url}"
    why = "see the rows above: a server or the network does not work now"
    next = "nox -s doctor again, when that is mended or over"
    url: str
    count: int
    codes: str
