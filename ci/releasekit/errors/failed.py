"""Status 3, failed: index, network or server; a re-run is safe and may help."""

from __future__ import annotations

from dataclasses import dataclass

from releasekit.errors.base import ReleasekitError


@dataclass(kw_only=True, eq=False)
class Unreachable(ReleasekitError):
    """No answer came that can be read: no connection could be made, or the exchange broke."""

    what = "{problem}"
    where = "{url}"
    why = "{reason}"
    next = "{mend}"
    url: str
    reason: str
    problem: str = "the server cannot be reached"
    mend: str = (
        "check the address, the network and HTTPS_PROXY / NO_PROXY, then run this again: it is safe"
    )


@dataclass(kw_only=True, eq=False)
class UnexpectedAnswer(ReleasekitError):
    """The server answered what no package index answers."""

    what = "the server's answer is not that of a package index"
    where = "{url}"
    why = "{answer}"
    next = (
        "open that address in a browser: a login page, a front server or an offline repository\n"
        "answers like this; then run this again"
    )
    url: str
    answer: str


@dataclass(kw_only=True, eq=False)
class UploadFailed(ReleasekitError):
    """A file did not go up, and the index confirms that it is not there."""

    what = "{filename} was not uploaded"
    where = "{url}"
    why = "{reason} (tried {attempts} time(s); the index was read after each)"
    next = "run this again: what is already there is skipped"
    filename: str
    url: str
    reason: str
    attempts: int


@dataclass(kw_only=True, eq=False)
class NotListed(ReleasekitError):
    """Uploads were answered like a success, but the hosted repository does not list the files."""

    what = "the repository does not list what was sent to it"
    where = "{url}"
    why = "{files}\n(not listed for {seconds:g} s; nothing more was sent)"
    next = (
        "open that address in a browser: a login page or a proxy may answer instead of the\n"
        "repository, or keep its pages longer; then run this again: what is listed is skipped"
    )
    url: str
    files: str
    seconds: float


@dataclass(kw_only=True, eq=False)
class UploadRefused(ReleasekitError):
    """The server answered an upload with 4xx."""

    what = "the server refused an upload"
    where = "{url}"
    why = "it answered {answer}"
    next = "{mend}"
    url: str
    answer: str
    mend: str


@dataclass(kw_only=True, eq=False)
class StaleIndex(ReleasekitError):
    """The index to install from does not serve the files; the hosted repository may have them."""

    what = "the index does not serve the release yet"
    where = "{url}"
    why = "{files}\n(waited {seconds:g} s; {hosted})"
    next = "{mend}"
    url: str
    files: str
    seconds: float
    hosted: str
    mend: str


@dataclass(kw_only=True, eq=False)
class InstallUnavailable(ReleasekitError):
    """The install could not be tested: no environment, no download, or a fault of the machine."""

    what = "the install could not be tested"
    where = "{where_}"
    why = "{tail}"
    next = (
        "run verify again: `nox -s verify` or `releasekit verify`; -v shows the installer's output"
    )
    where_: str
    tail: str


@dataclass(kw_only=True, eq=False)
class GitFailed(ReleasekitError):
    """A git command failed in a repository that is one."""

    what = "git failed"
    where = "{root}"
    why = "git says: {reason}"
    next = "mend what git says, then run this again; the command was: {command}"
    root: str
    reason: str
    command: str


@dataclass(kw_only=True, eq=False)
class InternalError(ReleasekitError):
    """An error that the kit does not know; its text is not shown, for it may hold anything."""

    what = "an error that releasekit does not know: {kind}"
    where = "{place}"
    why = "this is a defect of releasekit, or of a library that it uses"
    next = "run this again with -v, which shows the traceback, and report it"
    kind: str
    place: str


@dataclass(kw_only=True, eq=False)
class ProcessKilled(ReleasekitError):
    """The process that carried a project out ended before its time."""

    what = "the process that did this project ended before its time"
    where = "{root}"
    why = "{reason}"
    next = (
        "see that there is memory for several builds at once, or give -j 1, then run this again:\n"
        "what is already published is skipped"
    )
    root: str
    reason: str


@dataclass(kw_only=True, eq=False)
class ProgramKilled(ReleasekitError):
    """A signal ended a program that the kit had started: that is no fault of the package."""

    what = "{program} was ended by a signal"
    where = "{place}"
    why = "{reason}"
    next = "see what ended it, or what it had too little of, then run this again: it is safe"
    program: str
    place: str
    reason: str


@dataclass(kw_only=True, eq=False)
class NoServer(ReleasekitError):
    """A server that this machine was to run did not come up; it says why itself."""

    what = "{said_what}"
    where = "{said_where}"
    why = "{said_why}"
    next = "{said_next}"
    said_what: str
    said_where: str
    said_why: str
    said_next: str


@dataclass(kw_only=True, eq=False)
class MissingProgram(ReleasekitError):
    """A program that the kit starts is not on this machine."""

    what = "{program} is not installed"
    where = "PATH"
    why = "{reason}"
    next = "{mend}"
    program: str
    reason: str
    mend: str


@dataclass(kw_only=True, eq=False)
class CannotWrite(ReleasekitError):
    """A file or directory cannot be read or written."""

    what = "a file or directory cannot be read or written"
    where = "{path}"
    why = "{reason}"
    next = "see what is there, whether this user may write it, and whether there is room"
    path: str
    reason: str


@dataclass(kw_only=True, eq=False)
class OutputLost(ReleasekitError):
    """What is shown arrives nowhere: a full disk, or a reader that has gone."""

    what = "the output cannot be written"
    where = "{stream}"
    why = "{reason}"
    next = (
        "see whether there is room where the output goes, and what reads it; then run this again:\n"
        "it is safe"
    )
    stream: str
    reason: str


@dataclass(kw_only=True, eq=False)
class CannotCache(ReleasekitError):
    """There is no place for build environments: a home that is read-only, or that nobody made."""

    what = "the cache of build environments cannot be written"
    where = "{path}"
    why = "{reason}"
    next = (
        "set cache-dir (or RELEASEKIT_CACHE_DIR) to a directory that this user may write;\n"
        "--fresh does without a cache"
    )
    path: str
    reason: str


@dataclass(kw_only=True, eq=False)
class BuildEnvironmentChanged(ReleasekitError):
    """A cached build environment was changed while two builds ran in it."""

    what = "the build environment was changed while two builds ran in it"
    where = "{path}"
    why = (
        "one of them wrote into it, so that its code may have run in the other one;\n"
        "nothing that this build made is kept"
    )
    next = "run this again; with --fresh or -j 1 no two builds share an environment"
    path: str
