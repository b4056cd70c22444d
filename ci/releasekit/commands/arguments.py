"""Arguments for argparse: how they are added, and those that several commands take.

The commands find what was given in `ctx.options`.
"""

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any


class Argument:
    """An argument, as `ArgumentParser.add_argument` takes it."""

    def __init__(self, *names: str, **options: Any) -> None:
        self.names, self.options = names, options


Arguments = tuple[Argument | tuple[Argument, ...], ...]
"""Those in a tuple of their own exclude each other."""


def add_arguments(parser: ArgumentParser, arguments: Arguments) -> None:
    """Add what every command takes, and these arguments."""
    # The doors read these of every command.
    parser.set_defaults(
        dry_run=False,
        files=[],
        reports=None,
        explain=None,
        jobs=None,
        repository=None,
        apply=False,
        into="",
    )
    for one in (*COMMON, *arguments):
        if isinstance(one, Argument):
            parser.add_argument(*one.names, **one.options)
            continue
        group = parser.add_mutually_exclusive_group()
        for exclusive in one:
            group.add_argument(*exclusive.names, **exclusive.options)


def parse_path(text: str) -> Path:
    """Return a path that holds when nox changes the directory."""
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


COMMON: Arguments = (
    Argument(
        "-C",
        dest="directories",
        metavar="DIR",
        action="append",
        default=[],
        help="the project's directory; repeat it, or give 'packages/*', for several projects",
    ),
    Argument("--json", action="store_true", help="print the outcome as JSON on standard output"),
    (
        Argument("-v", "--verbose", action="store_true", help="show the tools' output"),
        Argument("-q", "--quiet", action="store_true", help="show errors only"),
    ),
)
REPOSITORY = Argument(
    "-r",
    dest="repository",
    metavar="NAME",
    help="a section of ~/.pypirc; beats url, hosted",
)
INTO = Argument(
    "--into",
    metavar="DIR",
    type=_parse_into,
    default="",
    help="where dist/ and reports/ are: a directory below the project's (default: the project's)",
)
APPLY = Argument(
    "--apply", action="store_true", help="carry the plan out; without it nothing changes"
)
PORT = Argument("--port", type=int, default=0, help="port on loopback; a free one by default")
PROJECT: Arguments = (
    Argument("--tag", metavar="NAME", help="the release tag on HEAD (also RELEASEKIT_TAG)"),
    Argument("--fresh", action="store_true", help="use no cache"),
    REPOSITORY,
    INTO,
    Argument("--dry-run", action="store_true", help="release, publish: stop after the plan"),
    Argument(
        "-j",
        "--jobs",
        metavar="N",
        type=_parse_jobs,
        help="how many projects to do side by side; by default as many as there are cores. 1: one "
        "after the other, in the order named",
    ),
)
STEP: Arguments = (
    *PROJECT,
    (
        Argument("--sdist", action="store_true", help="build: the sdist alone"),
        Argument(
            "--wheel-from",
            metavar="FILE",
            help="build: the wheel alone, of this sdist or of the one in this record "
            "(release.json)",
        ),
    ),
    Argument(
        "--from",
        dest="gather_from",
        metavar="DIR",
        action="append",
        default=[],
        help="gather: what a build job left, its dist/ and reports/ (repeat it for each job)",
    ),
    Argument(
        "--adopt",
        metavar="WHEEL",
        nargs="+",
        action="extend",
        default=[],
        help="gather: wheels of this sdist that another tool built, as cibuildwheel",
    ),
)
"""What all steps take, for `nox -s build publish -- --dry-run`."""
