"""The arguments of the commands, for argparse.

A command finds what was given in `ctx.options`.
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from pathlib import Path

AddArguments = Callable[[ArgumentParser], None]

DIRECTORY = "the project's directory; repeat it, or give 'packages/*', for several projects"
JOBS = """\
how many projects to do side by side; by default as many as there are cores. 1: one after the other,
in the order named"""
EULA = "on your word: accept the license agreement (EULA) of a Community Edition"
PROBE = """\
also try admin's well-known password, and uploads without a file: Nexus logs a failed login, and an
error with a stack trace for each upload; ask its administrator first"""
SECTION = "a section of ~/.pypirc; beats url, hosted"
TEMPLATE = """\
where your server has the template: the project in GitLab (platform/releasekit), or the name of the
library in Jenkins (releasekit)"""
FIRST = """\
what a new Nexus wrote to admin.password in its data directory (- reads standard input);
it is changed to RELEASEKIT_ADMIN_PASSWORD"""


def add_common(parser: ArgumentParser) -> None:
    """Add what every command takes."""
    add = parser.add_argument
    add("-C", dest="directories", metavar="DIR", action="append", default=[], help=DIRECTORY)
    add("--json", action="store_true", help="print the outcome as JSON on standard output")
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument("-v", "--verbose", action="store_true", help="show the tools' output")
    loudness.add_argument("-q", "--quiet", action="store_true", help="show errors only")
    # The doors read these of every command.
    parser.set_defaults(dry_run=False, files=[], reports=None, explain=None, jobs=None)
    parser.set_defaults(repository=None, apply=False, into="")


def add_project(parser: ArgumentParser) -> None:
    """Add the arguments of the steps: all take all, for `nox -s build publish -- --dry-run`."""
    add = parser.add_argument
    add("--tag", metavar="NAME", help="the release tag on HEAD (also RELEASEKIT_TAG)")
    add("--fresh", action="store_true", help="use no cache")
    add_repository(parser)
    add_into(parser)
    add("--dry-run", action="store_true", help="release, publish: stop after the plan")
    add("-j", "--jobs", metavar="N", type=_parse_jobs, help=JOBS)


def add_into(parser: ArgumentParser) -> None:
    """Add where results go, in a project that has a `dist/` or `reports/` of its own."""
    help_ = "where dist/ and reports/ are: a directory below the project's (default: the project's)"
    parser.add_argument("--into", metavar="DIR", type=_parse_into, default="", help=help_)


def add_parts(parser: ArgumentParser) -> None:
    """Add the arguments of a release whose parts several jobs build."""
    parts = parser.add_mutually_exclusive_group()
    parts.add_argument("--sdist", action="store_true", help="build: the sdist alone")
    help_ = "build: the wheel alone, of this sdist or of the one in this record (release.json)"
    parts.add_argument("--wheel-from", metavar="FILE", help=help_)
    parser.add_argument(
        "--from",
        dest="gather_from",
        metavar="DIR",
        action="append",
        default=[],
        help="gather: what a build job left, its dist/ and reports/ (repeat it for each job)",
    )
    parser.add_argument(
        "--adopt",
        metavar="WHEEL",
        nargs="+",
        action="extend",
        default=[],
        help="gather: wheels of this sdist that another tool built, as cibuildwheel",
    )


def add_files(parser: ArgumentParser) -> None:
    """Add dists that are checked instead of the project's."""
    add = parser.add_argument
    help_ = "dists, or directories of them, from anywhere"
    add("files", nargs="*", metavar="DIST", type=_absolute, help=help_)
    where = "where reports go; those of files that are given"
    add("--reports", metavar="DIR", type=_absolute, help=where)
    explain = "say what a check or an error (E…) means, and how to fix it"
    add("--explain", metavar="CODE", help=explain)


def add_port(parser: ArgumentParser) -> None:
    """Add the port of a server."""
    parser.add_argument(
        "--port", type=int, default=0, help="port on loopback; a free one by default"
    )


def add_repository(parser: ArgumentParser) -> None:
    """Add a section of `.pypirc`."""
    parser.add_argument("-r", dest="repository", metavar="NAME", help=SECTION)


def add_apply(parser: ArgumentParser) -> None:
    """Add what carries a plan out."""
    help_ = "carry the plan out; without it nothing changes"
    parser.add_argument("--apply", action="store_true", help=help_)


def add_provision(parser: ArgumentParser) -> None:
    """Add what a new Nexus needs."""
    parser.add_argument("--first-password", metavar="FILE", help=FIRST)
    parser.add_argument("--accept-eula", action="store_true", help=EULA)


def add_probe(parser: ArgumentParser) -> None:
    """Add what the server would log."""
    parser.add_argument("--probe", action="store_true", help=PROBE)


def add_search(parser: ArgumentParser) -> None:
    """Add what is searched for, and the environment that is compared."""
    word = "a name, a part of one, 'NAME-*' or NAME==VERSION"
    parser.add_argument("word", metavar="WORD", help=word)
    python = "an environment or its Python, to see what is there"
    parser.add_argument("--python", metavar="PATH", help=python)


def add_init(parser: ArgumentParser) -> None:
    """Add the settings that most projects need, and where their pipeline runs."""
    add = parser.add_argument
    add("--url", metavar="URL", help="address of your Nexus")
    add("--hosted", metavar="NAME", help="hosted repository that releases go to")
    add("--group", metavar="NAME", help="group to verify and install from")
    add("--ca-bundle", metavar="FILE", help="the company's CA, if the system does not trust it")
    add("--tag", metavar="PATTERN", help='release tags, as "v{version}"')
    help_ = "whose pipeline is added; by default what the repository shows"
    add("--ci", choices=("gitlab", "jenkins"), help=help_)
    add("--template", metavar="PLACE", help=TEMPLATE)


def add_place(parser: ArgumentParser) -> None:
    """Add where settings are written."""
    help_ = "an environment, another directory, or `user`"
    parser.add_argument("--to", metavar="PLACE", help=help_)


def _absolute(text: str) -> Path:
    return Path(text).absolute()


def _parse_into(text: str) -> str:
    path = Path(text)
    if path.is_absolute() or ".." in path.parts or ".git" in path.parts:
        raise ArgumentTypeError(f"{text} is not below the project's directory")
    return "" if path == Path() else str(path)


def _parse_jobs(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text} is no number of projects: give 1 or more")
    return int(text)
