"""The doors: options, environment, signals and statuses. Nothing about a release is decided here.

`main` is the one function behind `nox -s X -- OPTIONS`, `python -m releasekit X OPTIONS` and
`releasekit X OPTIONS`. Only this module reads the environment of the process. What a command does
is imported when it runs, so that help and refusals are quick.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import glob
import io
import logging
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from releasekit.commands import COMMANDS, Command
from releasekit.errors import BadDirectory
from releasekit.request import PATTERN, Request, is_project
from releasekit.signals import interruptible

if TYPE_CHECKING:
    from releasekit.terminal import Terminal

EPILOG = """\
exit status: 0 done, 1 refused (the project must change), 2 usage (configuration or arguments),
3 failed (index or network: a re-run is safe), 130 interrupted. Settings: [tool.releasekit] in
pyproject.toml, RELEASEKIT_* in the environment, then these options; see the README."""


DIRECTORY = "the project's directory; repeat it, or give 'packages/*', for several projects"
JOBS = """\
how many projects to do side by side; by default as many as there are cores. 1: one after the other,
in the order named"""
EULA = "on your word: accept the license agreement (EULA) of a Community Edition"
PROBE = """\
also try admin's well-known password, and uploads without a file: Nexus logs a failed login, and an
error with a stack trace for each upload; ask its administrator first"""
SECTION = "a section of ~/.pypirc; beats url, hosted"
FIRST = """\
what a new Nexus wrote to admin.password in its data directory (- reads standard input);
it is changed to RELEASEKIT_ADMIN_PASSWORD"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    parser = make_parser()
    options = parser.parse_args(argv)
    try:
        requests = [make_request(options, root) for root in _find_roots(options)]
    except FileNotFoundError:  # git checkout, or a clean-up, took it away
        parser.error("the current directory is gone: cd to one that is there, and run this again")
    except BadDirectory as error:
        _open_terminal(options).fail(error)
        return error.status
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that knows ASCII only
            stream.reconfigure(errors="replace")
    # Most of what is allocated are modules, which stay: Python looks through them 0.04 s less.
    gc.set_threshold(100_000)
    with interruptible(), _calm_logs():
        # Imported when a command runs: help and the list of sessions need none of it.
        from releasekit.projects import carry_out_all

        status = carry_out_all(requests, _open_terminal(options), jobs=options.jobs)
    gc.freeze()  # Python looks through all that is left before it ends: 0.1 s for nothing
    return status


def _open_terminal(options: argparse.Namespace) -> Terminal:
    from rich.console import Console

    from releasekit.terminal import NORMAL, QUIET, VERBOSE, Terminal

    loudness = QUIET if options.quiet else VERBOSE if options.verbose else NORMAL
    # With --json, stdout belongs to the document.
    console = Console(stderr=options.json, highlight=False, emoji=False, markup=False)
    return Terminal(console, loudness)


def _find_roots(options: argparse.Namespace) -> list[Path]:
    """Return the directories that -C names; raises BadDirectory.

    Whether they exist is told when a command's turn comes: one keeps no other from its release.
    """
    command, given = _find_command(options), options.directories
    roots = [root for name in given or (".",) for root in _expand(name, command)]
    # Path.resolve raises for a link to itself (Python 3.10-3.12).
    resolved = list(dict.fromkeys(Path(os.path.realpath(root)) for root in roots))
    if len(resolved) > 1 and not command.is_step:
        reason = f"{command.name} takes one directory, and these are {len(resolved)}: "
        raise BadDirectory(
            path=" -C ".join(given),
            reason=reason + ", ".join(map(str, roots)),
            fix=f"name one of them: releasekit {command.name} -C {shlex.quote(str(roots[0]))}",
        )
    return resolved


def _expand(name: str, command: Command) -> list[Path]:
    """Return what a name that -C gives stands for; the kit reads 'packages/*' itself too.

    For a step, a pattern stands for the Python projects among what it matches.
    """
    if not name:
        fix = "give a directory; a variable in the command may be empty, or not be set"
        raise BadDirectory(path="''", reason="the name is empty", fix=fix)
    if not set(name) & PATTERN or os.path.lexists(name):
        return [Path(name)]
    matches = map(Path, sorted(glob.glob(name)))  # noqa: PTH207 - it may be absolute
    is_meant = is_project if command.is_step else os.path.isdir
    return [path for path in matches if is_meant(path)] or [Path(name)]


def _find_command(options: argparse.Namespace) -> Command:
    return next(command for command in COMMANDS if command.name == options.command)


def make_request(options: argparse.Namespace, root: Path) -> Request:
    """Return what the options ask for, with the environment of this process."""
    return Request(
        command=_find_command(options),
        root=root,
        environ=dict(os.environ),
        interactive=sys.stdin is not None and sys.stdin.isatty(),
        json=options.json,
        tag=options.tag,
        repository=options.repository,
        dry_run=options.dry_run,
        fresh=options.fresh,
        sdist=options.sdist,
        wheel_from=options.wheel_from,
        gather_from=tuple(options.gather_from),
        port=options.port,
        apply=options.apply,
        attended=sys.stdout.isatty() and not options.json,
        first_password=options.first_password,
        accept_eula=options.accept_eula,
        probe=options.probe,
        word=options.word,
        to=options.to,
        python=options.python,
        files=tuple(Path(file).absolute() for file in options.files),
        reports=Path(options.reports).absolute() if options.reports else None,
        explain=options.explain,
    )


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands and their options."""
    parser = argparse.ArgumentParser(
        prog="releasekit",
        description="From a git tag to a proven release in a private Nexus.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        options = commands.add_parser(
            command.name,
            help=command.summary,
            description=command.summary,
            epilog=EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        _add_options(options, command)
    return parser


def _add_options(parser: argparse.ArgumentParser, command: Command) -> None:
    add = parser.add_argument
    add("-C", dest="directories", metavar="DIR", action="append", default=[], help=DIRECTORY)
    add("--json", action="store_true", help="print the outcome as JSON on standard output")
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument("-v", "--verbose", action="store_true", help="show the tools' output")
    loudness.add_argument("-q", "--quiet", action="store_true", help="show errors only")
    parser.set_defaults(tag=None, repository=None, dry_run=False, fresh=False, port=0, apply=False)
    parser.set_defaults(
        first_password=None, accept_eula=False, probe=False, word="", to=None, python=None
    )
    parser.set_defaults(sdist=False, wheel_from=None, gather_from=[])
    parser.set_defaults(files=(), reports=None, explain=None, jobs=None)
    if command.server:
        add("--port", type=int, default=0, help="port on loopback; a free one by default")
        return
    if command.module == "admin":
        _add_admin_options(parser, command)
        return
    # All steps take all options, so that `nox -s build publish -- --dry-run` works.
    add("--tag", metavar="NAME", help="the release tag on HEAD (also RELEASEKIT_TAG)")
    add("--fresh", action="store_true", help="use no cache")
    add("-r", dest="repository", metavar="NAME", help=SECTION)
    add("--dry-run", action="store_true", help="release, publish: stop after the plan")
    add("-j", "--jobs", metavar="N", type=_parse_jobs, help=JOBS)
    if command.name != "release":  # which is all of it, in one job
        _add_part_options(parser)
    if command.files_verb:
        add("files", nargs="*", metavar="DIST", help="dists, or directories of them, from anywhere")
        add("--reports", metavar="DIR", help="where reports go; those of files that are given")
        add("--explain", metavar="CODE", help="tell what a check asks, and how to mend it")


def _parse_jobs(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of projects: give 1 or more")
    return int(text)


def _add_part_options(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_mutually_exclusive_group()
    parts.add_argument("--sdist", action="store_true", help="build: the sdist alone")
    parts.add_argument("--wheel-from", metavar="FILE", help="build: the wheel of this sdist alone")
    parser.add_argument(
        "--from",
        dest="gather_from",
        metavar="DIR",
        action="append",
        default=[],
        help="gather: what a build job left, its dist/ and reports/ (repeat it for each job)",
    )


def _add_admin_options(parser: argparse.ArgumentParser, command: Command) -> None:
    add = parser.add_argument
    if command.applied_verb:
        add("--apply", action="store_true", help="carry the plan out; without it nothing changes")
    if command.name == "provision":
        add("--first-password", metavar="FILE", help=FIRST)
        add("--accept-eula", action="store_true", help=EULA)
    if command.name == "doctor":
        add("-r", dest="repository", metavar="NAME", help=SECTION)
        add("--probe", action="store_true", help=PROBE)
    if command.name == "search":
        add("word", metavar="WORD", help="a name, a part of one, 'NAME-*' or NAME==VERSION")
        add("--python", metavar="PATH", help="an environment or its Python, to see what is there")
    if command.name == "pip-config":
        add("--to", metavar="PLACE", help="an environment, another directory, or `user`")


@contextlib.contextmanager
def _calm_logs() -> Iterator[None]:
    """Keep the libraries' logs out: nox shows them all, Python itself shows their warnings.

    What they warn of (a request tried again, a keyring that fails) ends well or in our error.
    """
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
