"""Status 2, usage: development versions, which a clone or a file does not allow."""

from __future__ import annotations

from releasekit.errors.base import Entry

NO_TAGS_TO_COUNT_FROM = Entry(
    code="E272",
    title="this clone has no tags to count from",
    where="{root}, commit {commit}",
    why="the development version counts the commits since the last release tag ({reason}):\n"
    "this commit would get another number in a clone that has the tags",
    fix="git -C {top} fetch --tags, then run this again\n"
    "(in Jenkins: Advanced clone behaviours with Fetch tags; in GitLab: GIT_DEPTH: 0);\n"
    "a project that never had a release needs its first tag",
    explanation="`snapshots` is set, the commit is not tagged, and its version is counted from "
    "tags, of which the clone has none.",
)
CANNOT_WRITE_VERSION = Entry(
    code="E273",
    title="the development version {version} cannot be written",
    where="{place}",
    why="{reason}",
    fix="write the file in a simpler form, with the version on a line of its own;\n"
    "or take the version from git, with setuptools-scm or hatch-vcs: they count .devN",
    explanation="A development version is written into the temporary checkout. The file is valid, "
    "and the library that changes it does not understand it.",
)
