"""Status 1, refused: the project must change."""

from __future__ import annotations

from dataclasses import dataclass

from releasekit.errors.base import ReleasekitError, Status


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
class NotADevelopmentVersion(ReleasekitError):
    """The commit has no release tag, and its version is not one for `snapshots`."""

    status = Status.REFUSED
    what = "{version} is not a development version, and HEAD carries no release tag"
    where = "{root}, commit {commit}"
    why = (
        "without a tag it would go to {snapshots}, which takes versions as 1.2.3.dev4:\n"
        "with the number {version}, installers would take it for a release"
    )
    next = (
        "git tag {tag} && git push origin {tag}, and release that tag;\n"
        "or take the version from git, with setuptools-scm or hatch-vcs: they count .devN"
    )
    version: str
    root: str
    commit: str
    snapshots: str
    tag: str


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
class NotInCommit(ReleasekitError):
    """The project's directory is not part of the commit that is to be built."""

    status = Status.REFUSED
    what = "the project is not in the commit"
    where = "{root}, commit {commit}"
    why = "git does not have this directory"
    next = "git add it, commit and tag"
    root: str
    commit: str


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
    next = (
        "mend the project; it is built from its commit alone (the wheel from the sdist), without\n"
        "what is untracked, ignored or generated before;\n"
        "`releasekit build -C {root} -v` shows the output as it comes"
    )
    root: str
    dist: str
    log: str
    tail: str


@dataclass(kw_only=True, eq=False)
class RepairFailed(ReleasekitError):
    """The command that repairs wheels failed, or made no wheel."""

    status = Status.REFUSED
    what = "the repair of {wheel} failed"
    where = "{root}; the whole output is in {log}"
    why = "{tail}"
    next = "mend the wheel, or repair-wheel-command: {command}"
    wheel: str
    command: str
    root: str
    log: str
    tail: str


@dataclass(kw_only=True, eq=False)
class InvalidBuildRequirement(ReleasekitError):
    """A build requirement is none: uv would read it as an option, or fill in a variable."""

    status = Status.REFUSED
    what = "this is no build requirement: {requirement!r}"
    where = "{root}"
    why = "a build requirement is NAME, NAME==VERSION or NAME @ ADDRESS (PEP 508), without ${{…}}"
    next = "correct it: in `requires` under [build-system], or where the build backend asks for it"
    root: str
    requirement: str


@dataclass(kw_only=True, eq=False)
class BuildRequirementsFailed(ReleasekitError):
    """The build requirements could not be installed."""

    status = Status.FAILED
    what = "the build requirements could not be installed: {requirements}"
    where = "{root}; the whole output is in {log}"
    why = "{tail}"
    next = (
        "check `requires` under [build-system], and where they were looked for: {index}\n"
        "(uv's settings decide, else pip's, else `url` and `group`), then run this again"
    )
    root: str
    log: str
    requirements: str
    index: str
    tail: str


@dataclass(kw_only=True, eq=False)
class ChecksRefused(ReleasekitError):
    """At least one finding is an error."""

    status = Status.REFUSED
    what = "{count} finding(s) of severity error: {codes}"
    where = "{where_}"
    why = "the findings above say what and where, and how to mend it"
    next = "mend them; `releasekit check --explain CODE` says why a check asks, and what it allows"
    where_: str
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
class CannotProve(ReleasekitError):
    """The release would not install on the Python that is to prove it."""

    status = Status.REFUSED
    what = "this Python cannot prove the release"
    where = "{filename}"
    why = "it requires Python {requires}, and this one is {python}; nothing was uploaded"
    next = "run this with a Python that the package supports, or mend requires-python"
    filename: str
    requires: str
    python: str


@dataclass(kw_only=True, eq=False)
class NotAPlainFile(ReleasekitError):
    """In `dist/` or `reports/` is a link, or something else that is neither file nor directory."""

    status = Status.REFUSED
    what = "{path} is {kind}, and has to be {wanted}"
    where = "{path}"
    why = (
        "releasekit follows no links in dist/ and reports/, and opens plain files only:\n"
        "it would read, write or delete what is not its own"
    )
    next = "{fix}   (if git tracks it: git rm, and commit that), then run this again"
    path: str
    kind: str
    wanted: str
    fix: str
