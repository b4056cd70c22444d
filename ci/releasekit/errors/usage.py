"""Status 2, usage: configuration or arguments are wrong."""

from __future__ import annotations

from dataclasses import dataclass

from releasekit.errors.base import ReleasekitError, Status


@dataclass(kw_only=True, eq=False)
class InvalidConfiguration(ReleasekitError):
    """Some keys are unknown or have wrong values; all of them are named at once."""

    status = Status.USAGE
    what = "the configuration is wrong in {count} place(s)"
    where = "{source}"
    why = "{problems}"
    next = "correct these lines; docs/settings.md of releasekit says what each key may hold"
    source: str
    count: int
    problems: str


@dataclass(kw_only=True, eq=False)
class CannotNameFiles(ReleasekitError):
    """Python's encoding for file names lacks a letter; in nox's process it cannot be changed."""

    status = Status.USAGE
    what = "this Python cannot name a file"
    where = "{place}"
    why = "its encoding for file names is {encoding}: {reason}"
    next = "set PYTHONUTF8=1, or LC_ALL=C.UTF-8 without PYTHONUTF8, then run this again"
    place: str
    encoding: str
    reason: str


@dataclass(kw_only=True, eq=False)
class UnknownPypircSection(ReleasekitError):
    """`-r NAME` names a section that `.pypirc` does not have, or that is of no use."""

    status = Status.USAGE
    what = "-r {name}: no such repository in .pypirc"
    where = "{path}"
    why = "{reason}"
    next = (
        "add [{name}] with `repository = https://…` (of Nexus: https://…/repository/NAME/)\n"
        "and its name to index-servers under [distutils]"
    )
    name: str
    path: str
    reason: str


@dataclass(kw_only=True, eq=False)
class NotAProject(ReleasekitError):
    """The directory holds no Python project."""

    status = Status.USAGE
    what = "no Python project here"
    where = "{root}"
    why = "there is neither a pyproject.toml nor a setup.py"
    next = "run this in the project's directory, or name it with -C DIR"
    root: str


@dataclass(kw_only=True, eq=False)
class BadDirectory(ReleasekitError):
    """`-C DIR` names no directory, or several for a command that takes one."""

    status = Status.USAGE
    what = "-C names no directory that can be used"
    where = "-C {path}"
    why = "{reason}"
    next = "{fix}"
    path: str
    reason: str
    fix: str = "check the spelling, and where you are: -C starts from the current directory"


@dataclass(kw_only=True, eq=False)
class NotARepository(ReleasekitError):
    """Git cannot tell which commit this is."""

    status = Status.USAGE
    what = "no git commit to release"
    where = "{root}"
    why = "git says: {reason}"
    next = "{mend}"
    root: str
    reason: str
    mend: str


@dataclass(kw_only=True, eq=False)
class NoSuchRepository(ReleasekitError):
    """The address leads to no repository, or to one that takes no uploads."""

    status = Status.USAGE
    what = "this is not a {role} PyPI repository"
    where = "{url}"
    why = "the server answered {answer}"
    next = (
        "check url, hosted and group (or the .pypirc section):\n"
        "uploads go to a hosted repository, never to a group or a proxy"
    )
    url: str
    role: str
    answer: str


@dataclass(kw_only=True, eq=False)
class NoRecord(ReleasekitError):
    """A later step was asked for before a build left its record."""

    status = Status.USAGE
    what = "nothing has been built yet"
    where = "{path}"
    why = "{reason}"
    next = "nox -s build (in CI: pass dist/ and reports/release.json on from the build job)"
    path: str
    reason: str


@dataclass(kw_only=True, eq=False)
class NoNexus(ReleasekitError):
    """A command that only a Nexus can serve, and no `url`."""

    status = Status.USAGE
    what = "no Nexus is configured, and {command} needs one"
    where = "{root}"
    why = "there is no url in [tool.releasekit], in releasekit.toml or in RELEASEKIT_URL"
    next = (
        'set url = "https://nexus.example.com" (or RELEASEKIT_URL);\n'
        "`releasekit nexus` runs a Nexus on this machine to try it with"
    )
    command: str
    root: str


@dataclass(kw_only=True, eq=False)
class SandboxIsNoNexus(ReleasekitError):
    """A command that only a Nexus can serve, and a `url` that is a sandbox's."""

    status = Status.USAGE
    what = "this is a sandbox, and {command} needs a Nexus"
    where = "{url}"
    why = "a sandbox takes uploads and serves them; it has no users, rights and rules to set up"
    next = (
        "set url to the address of your Nexus (RELEASEKIT_URL is stronger than the project's);\n"
        "`releasekit nexus` runs a Nexus on this machine to try it with"
    )
    command: str
    url: str


@dataclass(kw_only=True, eq=False)
class OwnNameElsewhere(ReleasekitError):
    """A build requirement that `own-names` has, and no group to take it from."""

    status = Status.USAGE
    what = "no group to take the build requirement {names} from, which own-names has"
    where = "{root}"
    why = (
        "without a group, requirements come from {index},\n"
        "which may have a package of that name that is not yours"
    )
    next = (
        "set url and group in pyproject.toml to the group that has it, and\n"
        "RELEASEKIT_READER_USERNAME and RELEASEKIT_READER_PASSWORD if it asks who reads"
    )
    names: str
    root: str
    index: str


@dataclass(kw_only=True, eq=False)
class NothingPublished(ReleasekitError):
    """`verify` without a `url`: the embedded sandbox is new, and gone with its process."""

    status = Status.USAGE
    what = "nothing was published to this sandbox, which is new"
    where = "{url}"
    why = (
        "{files}\n"
        "there is no url in [tool.releasekit], in releasekit.toml or in RELEASEKIT_URL,\n"
        "so that each run has a sandbox of its own, which is gone at its end"
    )
    next = (
        "nox -s release (or nox -s publish verify, in one run);\n"
        'or set url = "https://nexus.example.com" (or RELEASEKIT_URL); releasekit sandbox keeps one'
    )
    url: str
    files: str


@dataclass(kw_only=True, eq=False)
class BrokenSettings(ReleasekitError):
    """A settings file of pip or uv cannot be read, and so not be changed without losing things."""

    status = Status.USAGE
    what = "a settings file cannot be read"
    where = "{path}"
    why = "{reason}"
    next = "mend that file, or move it away; nothing was changed"
    path: str
    reason: str


@dataclass(kw_only=True, eq=False)
class InsecureIndex(ReleasekitError):
    """An index over plain http, which pip takes with the check switched off only."""

    status = Status.USAGE
    what = "pip does not install from plain http"
    where = "{url}"
    why = "it would need trusted-host, which lets anybody on the way replace packages"
    next = "serve Nexus over https, and set url to that address; ca-bundle names a private CA"
    url: str


@dataclass(kw_only=True, eq=False)
class BadQuery(ReleasekitError):
    """The word to search for is neither a name nor a pattern."""

    status = Status.USAGE
    what = "this cannot be searched for"
    where = "{word!r}"
    why = "a name has letters, digits, - _ and . in it; * and ? stand for any of them"
    next = "releasekit search NAME (or a part of it, 'NAME-*', NAME==VERSION)"
    word: str


@dataclass(kw_only=True, eq=False)
class NoSuchEnvironment(ReleasekitError):
    """The Python whose packages were asked for does not run."""

    status = Status.USAGE
    what = "no Python there"
    where = "{path}"
    why = "{reason}"
    next = "name an environment's directory or its Python: releasekit search WORD --python .venv"
    path: str
    reason: str


@dataclass(kw_only=True, eq=False)
class NotDists(ReleasekitError):
    """Files were given to check, and some of them are no dists."""

    status = Status.USAGE
    what = "not all that was given is a dist"
    where = "{where_}"
    why = "{reasons}"
    next = "give sdists (.tar.gz) and wheels (.whl), or a directory that holds some"
    where_: str
    reasons: str


@dataclass(kw_only=True, eq=False)
class UnknownCheck(ReleasekitError):
    """`--explain` names no check."""

    status = Status.USAGE
    what = "there is no check {code}"
    where = "--explain {code}"
    why = "the checks are {codes}"
    next = "{mend}"
    code: str
    codes: str
    mend: str
