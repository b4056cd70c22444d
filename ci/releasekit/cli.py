"""The doors: options, environment, signals and statuses. Nothing about a release is decided here.

`main` is the one function behind `nox -s X -- OPTIONS`, `python -m releasekit X OPTIONS` and
`releasekit X OPTIONS`. Only this module reads the environment of the process. What a command does
is imported when it runs, so that help and refusals are quick.
"""

import argparse
import contextlib
import functools
import gc
import glob
import io
import logging
import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from releasekit.commands import COMMANDS, Command, find_command
from releasekit.commands.arguments import add_arguments
from releasekit.errors import ReleasekitError, Status, failed, render_plainly, usage
from releasekit.request import PATTERN, Door, Request, is_project, render_commands
from releasekit.signals import interruptible

EPILOG = """\
exit status: 0 done, 1 refused (the project must change), 2 usage (configuration or arguments),
3 failed (index or network: a re-run is safe), 130 interrupted. Settings: [tool.releasekit] in
pyproject.toml, RELEASEKIT_* in the environment, then these options; see the README."""


def main(argv: Sequence[str] | None = None, door: Door | None = None) -> int:
    """Run one command and return its exit status; `door` is set if nox called it."""
    _open_closed_streams()
    options = make_parser().parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that knows ASCII only
            stream.reconfigure(errors="replace")
    # Most of what is allocated are modules, which stay: 4 % of a release's CPU.
    gc.set_threshold(100_000)
    with interruptible(), _calm_logs():
        # Imported when a command runs: help and the list of sessions need none of it.
        from releasekit.terminal import NORMAL, QUIET, VERBOSE, Terminal, TerminalConsole

        loudness = QUIET if options.quiet else VERBOSE if options.verbose else NORMAL
        # With --json, stdout belongs to the document.
        console = TerminalConsole(stderr=options.json)
        terminal, render = Terminal(console, loudness), render_plainly
        try:
            door = door or find_door()
            render = functools.partial(render_commands, door=door, options=options)
            requests = [make_request(options, root, door=door) for root in _find_roots(options)]
            from releasekit.projects import carry_out_all

            status = carry_out_all(requests, terminal, jobs=options.jobs)
        except ReleasekitError as error:
            terminal.fail(error, render)
            status = error.status
        except KeyboardInterrupt:  # before a project began, or after its end
            terminal.fail(ReleasekitError(failed.INTERRUPTED, step="start"))
            status = Status.INTERRUPTED
    gc.freeze()  # Python looks through all that is left before it ends: 7 % of a release's CPU
    return status


def find_door() -> Door:
    """Return the door of the command line; raises DIRECTORY_GONE."""
    try:
        return Door(started_in=Path.cwd(), folder=Path.cwd(), commands=COMMANDS)
    except FileNotFoundError as error:  # git checkout, or a clean-up, took it away
        raise ReleasekitError(usage.DIRECTORY_GONE) from error


def _open_closed_streams() -> None:
    """Have streams where there are none (`>&-`); what is opened takes the lowest number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115


def _find_roots(options: argparse.Namespace) -> list[Path]:
    """Return the directories that -C names.

    Whether they exist is told when a command's turn comes: one keeps no other from its release.
    """
    command, names = find_command(options.command), options.directories or ["."]
    roots = [root for name in names for root in _expand(name, command)]
    # Path.resolve raises for a link to itself (Python 3.10-3.12).
    resolved = list(dict.fromkeys(Path(os.path.realpath(root)) for root in roots))
    if len(resolved) > 1 and not command.is_step:
        word = [options.word] if command.name == "search" else []
        raise ReleasekitError(
            usage.SEVERAL_DIRECTORIES,
            path=" -C ".join(names),
            command=command.name,
            count=len(resolved),
            directories=", ".join(map(str, roots)),
            suggestion=f"[[{shlex.join([command.name, *word, '-C', str(roots[0])])}]]",
        )
    return resolved


def _expand(name: str, command: Command) -> list[Path]:
    """Return what a name that -C gives stands for; the kit reads 'packages/*' itself too.

    For a step, a pattern stands for the Python projects among what it matches.
    """
    if not name:
        raise ReleasekitError(usage.EMPTY_DIRECTORY)
    if not set(name) & PATTERN or os.path.lexists(name):
        return [Path(name)]
    matches = map(Path, sorted(glob.glob(name)))  # noqa: PTH207 - it may be absolute
    is_meant = is_project if command.is_step else os.path.isdir
    return [path for path in matches if is_meant(path)] or [Path(name)]


def make_request(
    options: argparse.Namespace, root: Path, environ: Mapping[str, str] = os.environ, *, door: Door
) -> Request:
    """Return what the options ask for, with the environment of this process."""
    return Request(
        door=door,
        command=find_command(options.command),
        root=root,
        environ=dict(environ),
        options=options,
        interactive=sys.stdin is not None and sys.stdin.isatty(),
        attended=sys.stdout.isatty() and not options.json,
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
        add_arguments(options, command.arguments)
    return parser


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
