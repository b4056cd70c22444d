"""Parts of a release, made by several build jobs, that do not make one."""

from __future__ import annotations

from dataclasses import dataclass

from releasekit.errors.base import ReleasekitError, Status


@dataclass(kw_only=True, eq=False)
class IncompleteRelease(ReleasekitError):
    """A part of the release is missing, or a wheel is there that nobody expects."""

    status = Status.REFUSED
    what = "{requirement} is not complete"
    where = "{path}"
    why = "{gaps}"
    next = (
        "build what is missing (nox -s build -- --sdist; nox -s build -- --wheel-from SDIST),\n"
        "then nox -s gather; `wheels` in [tool.releasekit] says which wheels there are to be"
    )
    requirement: str
    path: str
    gaps: str


@dataclass(kw_only=True, eq=False)
class PartsDisagree(ReleasekitError):
    """The records that are to be joined are of different commits, tags or versions."""

    status = Status.REFUSED
    what = "the builds are not of one release"
    where = "{parts}"
    why = "what is gathered is of one project, version, tag and commit"
    next = "remove those that do not belong here, or build them again from the same tag"
    parts: str


@dataclass(kw_only=True, eq=False)
class BuiltTwice(ReleasekitError):
    """Two build jobs made one file, and its bytes differ."""

    status = Status.REFUSED
    what = "{filename} was built twice, and the bytes differ"
    where = "{found}"
    why = "a release has one file of a name, and one sdist: nobody can tell which is right"
    next = (
        "let one job build it: in a matrix, a pure wheel is the same for all Pythons\n"
        "(each record in reports/parts/ holds the tools and requirements of its build)"
    )
    filename: str
    found: str


@dataclass(kw_only=True, eq=False)
class WheelOfAnotherSdist(ReleasekitError):
    """A wheel was made from an sdist that is not the one of the release."""

    status = Status.REFUSED
    what = "a wheel was not made from this sdist"
    where = "{wheels}"
    why = "it was made from an sdist {made_from},\nand {sdist} is {sha256}"
    next = "nox -s build -- --wheel-from {sdist}, with the sdist that is to be released"
    wheels: str
    made_from: str
    sdist: str
    sha256: str


@dataclass(kw_only=True, eq=False)
class NoSdist(ReleasekitError):
    """`--wheel-from` names no sdist."""

    status = Status.USAGE
    what = "--wheel-from names no sdist"
    where = "{path}"
    why = "{reason}"
    next = "nox -s build -- --sdist makes one in dist/; pass it on to this job, and name it here"
    path: str
    reason: str
