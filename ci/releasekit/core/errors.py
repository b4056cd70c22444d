"""The situations in which the kit stops, one class for each; data as attributes.

Every error answers four questions: what, where, why, and what to type next. The answers are
templates over the error's own fields, so that a test can compare the whole message. No field ever
holds a secret.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import ClassVar


class Status(IntEnum):
    """Exit statuses; the README's table says what each asks of the reader."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    FAILED = 3
    INTERRUPTED = 130

    @property
    def word(self) -> str:
        """Return the status as a report spells it."""
        return self.name.lower()


@dataclass(kw_only=True, eq=False)
class ReleasekitError(Exception):
    """Base of every error the kit raises on purpose."""

    status: ClassVar[Status] = Status.FAILED
    what: ClassVar[str]
    where: ClassVar[str]
    why: ClassVar[str]
    next: ClassVar[str]

    def answers(self) -> dict[str, str]:
        """Return the four answers, filled in."""
        data = {field.name: getattr(self, field.name) for field in fields(self)}
        return {q: getattr(self, q).format(**data) for q in ("what", "where", "why", "next")}

    def __str__(self) -> str:
        """Render the answers as the terminal shows them."""
        what, *rest = self.answers().items()
        lines = [f"error: {what[1]}"]
        for question, answer in rest:
            first, *more = answer.splitlines() or ("",)
            lines.append(f"  {question + ':':<6} {first}")
            lines.extend(f"         {line}" for line in more)
        return "\n".join(lines)


# --- usage: configuration or arguments are wrong ---------------------------------------------


@dataclass(kw_only=True, eq=False)
class InvalidConfiguration(ReleasekitError):
    """Some keys are unknown or have wrong values; all of them are named at once."""

    status = Status.USAGE
    what = "the configuration is wrong in {count} place(s)"
    where = "{source}"
    why = "{problems}"
    next = "mend these lines; the README's table of keys says what each may hold"
    source: str
    count: int
    problems: str


@dataclass(kw_only=True, eq=False)
class MissingCredentials(ReleasekitError):
    """Nothing gave a user name or a password for the repository."""

    status = Status.USAGE
    what = "no {missing} for the repository"
    where = "{url}"
    why = "not in TWINE_USERNAME and TWINE_PASSWORD, not in {pypirc}, not in the keyring"
    next = "set TWINE_USERNAME and TWINE_PASSWORD (in CI: masked, protected variables)"
    url: str
    missing: str
    pypirc: str


@dataclass(kw_only=True, eq=False)
class UnknownPypircSection(ReleasekitError):
    """`-r NAME` names a section that `.pypirc` does not have, or that is of no use."""

    status = Status.USAGE
    what = "-r {name}: no such repository in .pypirc"
    where = "{path}"
    why = "{reason}"
    next = (
        "add [{name}] with `repository = https://…/repository/NAME/`,\n"
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
class BadCertificateFile(ReleasekitError):
    """`ca-bundle` or `client-cert` cannot be loaded."""

    status = Status.USAGE
    what = "{key} cannot be used"
    where = "{path}"
    why = "{reason}"
    next = (
        "give {key} a PEM file (-----BEGIN CERTIFICATE-----);\n"
        "`openssl x509 -in FILE -noout -text` shows what a file holds"
    )
    key: str
    path: str
    reason: str


@dataclass(kw_only=True, eq=False)
class UntrustedCertificate(ReleasekitError):
    """The server's certificate proves nothing here: unknown CA, other name, expired."""

    status = Status.USAGE
    what = "the server's certificate is not trusted"
    where = "{url}"
    why = "{reason}"
    next = "{mend}"
    url: str
    reason: str
    mend: str = "set ca-bundle (or RELEASEKIT_CA_BUNDLE) to the PEM file of your company's CA"


@dataclass(kw_only=True, eq=False)
class WrongCredentials(ReleasekitError):
    """The server answered 401."""

    status = Status.USAGE
    what = "the user name or the password is wrong"
    where = "{url}"
    why = "the server answered 401 to user {username}, whose credentials came from {source}"
    next = (
        "check TWINE_USERNAME and TWINE_PASSWORD (or the .pypirc section);\n"
        "Nexus answers 401 to a disabled user as well"
    )
    url: str
    username: str
    source: str


@dataclass(kw_only=True, eq=False)
class NotPermitted(ReleasekitError):
    """The server answered 403."""

    status = Status.USAGE
    what = "this user may not {action}"
    where = "{url}"
    why = "the server answered 403 to user {username}: {reason}"
    next = "ask the Nexus administrator for the privileges add, browse and read on this repository"
    url: str
    username: str
    action: str
    reason: str


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


# --- refused: the project must change ---------------------------------------------------------


@dataclass(kw_only=True, eq=False)
class NoReleaseTag(ReleasekitError):
    """HEAD carries no tag, and the index is a real one."""

    status = Status.REFUSED
    what = "HEAD carries no release tag"
    where = "{root}, commit {commit}"
    why = "{reason}"
    next = "{mend}"
    root: str
    commit: str
    reason: str
    mend: str


@dataclass(kw_only=True, eq=False)
class TagIsNoVersion(ReleasekitError):
    """Tags are there, but none of them is a version after the pattern."""

    status = Status.REFUSED
    what = "no tag on HEAD is a version"
    where = "{root}, commit {commit}: {tags}"
    why = "the tag pattern is {pattern}, where {{version}} is a version after PEP 440"
    next = "git tag {example} (or set `tag` in [tool.releasekit] to your pattern)"
    root: str
    commit: str
    tags: str
    pattern: str
    example: str


@dataclass(kw_only=True, eq=False)
class TagsDisagree(ReleasekitError):
    """Tags on one commit name different versions."""

    status = Status.REFUSED
    what = "the tags on HEAD name different versions"
    where = "{root}, commit {commit}: {tags}"
    why = "only a candidate and its final version may share a commit"
    next = "choose one: nox -s release -- --tag {first} (in CI: RELEASEKIT_TAG={first})"
    root: str
    commit: str
    tags: str
    first: str


@dataclass(kw_only=True, eq=False)
class TagNotOnHead(ReleasekitError):
    """The chosen tag is not on the commit that is checked out."""

    status = Status.REFUSED
    what = "the tag {tag} is not on HEAD"
    where = "{root}, commit {commit}"
    why = "{reason}"
    next = "git checkout {tag} (or fetch it first: git fetch origin tag {tag})"
    root: str
    commit: str
    tag: str
    reason: str


@dataclass(kw_only=True, eq=False)
class DirtyTree(ReleasekitError):
    """Tracked files differ from the commit, and the index is a real one."""

    status = Status.REFUSED
    what = "the working tree has uncommitted changes"
    where = "{root}: {files}"
    why = "a release holds what the tag {tag} holds, and these files differ from it"
    next = "git stash (or commit and tag again), then run this again"
    root: str
    files: str
    tag: str


@dataclass(kw_only=True, eq=False)
class BuildFailed(ReleasekitError):
    """The build backend failed."""

    status = Status.REFUSED
    what = "the build backend failed to make the {dist}"
    where = "{root}; the whole output is in {log}"
    why = "{tail}"
    next = "mend the project; `releasekit build -C {root} -v` shows the output as it comes"
    root: str
    dist: str
    log: str
    tail: str


@dataclass(kw_only=True, eq=False)
class BuildRequirementsFailed(ReleasekitError):
    """The build requirements could not be installed."""

    status = Status.FAILED
    what = "the build requirements could not be installed: {requirements}"
    where = "{root}; the whole output is in {log}"
    why = "{tail}"
    next = (
        "check `requires` under [build-system], and the index that uv uses\n"
        "(UV_DEFAULT_INDEX, PIP_INDEX_URL), then run this again"
    )
    root: str
    log: str
    requirements: str
    tail: str


@dataclass(kw_only=True, eq=False)
class ChecksRefused(ReleasekitError):
    """At least one finding is an error."""

    status = Status.REFUSED
    what = "{count} finding(s) of severity error: {codes}"
    where = "{root}"
    why = "see the findings above, and reports/summary.md"
    next = "mend them as each finding says, or set another severity in [tool.releasekit.severity]"
    root: str
    count: int
    codes: str


@dataclass(kw_only=True, eq=False)
class FilesChanged(ReleasekitError):
    """`dist/` does not hold the bytes that the record names."""

    status = Status.REFUSED
    what = "dist/ does not hold what was built"
    where = "{dist}"
    why = "{reason}"
    next = "nox -s build, then this again (in CI: pass dist/ and reports/ on from one build job)"
    dist: str
    reason: str


@dataclass(kw_only=True, eq=False)
class RecordOfAnotherCommit(ReleasekitError):
    """The record was made from another tag or commit than is checked out."""

    status = Status.REFUSED
    what = "the build is of another commit"
    where = "{path}"
    why = "it was built from {built}, and HEAD is {head}"
    next = "nox -s build, then run this again"
    path: str
    built: str
    head: str


@dataclass(kw_only=True, eq=False)
class Conflict(ReleasekitError):
    """The repository holds other bytes under a name that is to be published."""

    status = Status.REFUSED
    what = "{count} file(s) are already published with other bytes"
    where = "{url}"
    why = "{files}\na published file is never overwritten"
    next = (
        "release a new version: git tag NEXT-VERSION\n"
        "(reports/release.json holds the build requirements, should they be the difference)"
    )
    url: str
    count: int
    files: str


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


# --- failed: index, network or server; a re-run is safe ---------------------------------------


@dataclass(kw_only=True, eq=False)
class Unreachable(ReleasekitError):
    """No connection could be made, or it broke."""

    what = "the server cannot be reached"
    where = "{url}"
    why = "{reason}"
    next = (
        "check the address, the network and HTTPS_PROXY / NO_PROXY, then run this again: it is safe"
    )
    url: str
    reason: str


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
    """The upload succeeded, but the index to install from does not serve the files."""

    what = "the index does not serve the release yet"
    where = "{url}"
    why = "{files}\n(waited {seconds:g} s; the package itself is uploaded)"
    next = (
        "nox -s verify; if it stays so, invalidate the group's cache in Nexus,\n"
        "and see that the hosted repository is a member of the group"
    )
    url: str
    files: str
    seconds: float


@dataclass(kw_only=True, eq=False)
class InstallUnavailable(ReleasekitError):
    """The clean environment for the install could not be made or reached."""

    what = "the clean environment could not be made"
    where = "{where_}"
    why = "{tail}"
    next = "run this again; `releasekit verify -v` shows the installer's output"
    where_: str
    tail: str


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
    """A file or directory of the kit's own cannot be written."""

    what = "cannot write"
    where = "{path}"
    why = "{reason}"
    next = "make room or give the directory to this user, then run this again"
    path: str
    reason: str


@dataclass(kw_only=True, eq=False)
class Interrupted(ReleasekitError):
    """Ctrl-C or SIGTERM."""

    status = Status.INTERRUPTED
    what = "interrupted"
    where = "during {step}"
    why = "a signal asked for it; programs that were started are stopped"
    next = "run the same command again: what is already published is skipped"
    step: str
