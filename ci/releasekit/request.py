"""What was asked: a command, its options, and the environment that it was asked in; and how.

A text names a command as [[verify]] or [[check --explain CODE]]. This is the only place that
spells commands out: by nox or by `releasekit`, with -C and options. It gets the commands with the
door: only cli and sessions import them.
"""

from __future__ import annotations

import errno
import os
import re
import shlex
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from releasekit.errors import BadDirectory
from releasekit.errors.access import ODD_DIRECTORY
from releasekit.errors.base import COMMAND
from releasekit.errors.usage import BAD_DIRECTORY
from releasekit.home import expand_home
from releasekit.redact import Redactor

if TYPE_CHECKING:
    from releasekit.commands import Command
    from releasekit.config.target import Destination

PATTERN = set("*?[")
"""What makes a name that -C gives a pattern."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Door:
    """How releasekit was called, and from where: a suggested command is typed the same way."""

    started_in: Path
    """The current directory of whoever called it."""
    commands: tuple[Command, ...]
    """All commands, of which a text may suggest one."""
    folder: Path
    """The current directory of this process, where -C starts; nox goes to its noxfile's."""
    noxfile: str | None = None
    """The absolute path of the noxfile; None if it was not called by nox."""
    sessions: tuple[tuple[str, str], ...] = ()
    """Which commands are sessions of it, and what these are called."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What was asked: a command, its options, and the environment it was asked in."""

    command: Command
    root: Path
    environ: Mapping[str, str] = field(repr=False)
    interactive: bool
    """True if somebody can answer a prompt."""
    door: Door
    options: Namespace
    """The arguments; see `commands.arguments`."""
    attended: bool = False
    """True if somebody sees the output."""
    siblings: Mapping[str, Path] = field(default_factory=dict)
    """Directories of the projects that this one needs and that the same command is for, by their
    normalized names."""
    destination: Destination | None = None
    """Where this goes, if that was found out before: a process that cannot ask is told so."""
    redactor: Redactor = field(default_factory=Redactor, compare=False)
    """The secrets of this run, and the filter for its output and its reports."""

    @property
    def is_project(self) -> bool:
        """Tell whether the directory holds a Python project."""
        return is_project(self.root)

    @property
    def is_dry_run(self) -> bool:
        """Tell whether --dry-run keeps this command from sending anything; others send nothing."""
        return self.options.dry_run and self.command.can_rehearse

    @property
    def reports_folder(self) -> Path | None:
        """Return where the reports go: of files that are given nowhere, if it is not said.

        Their reports would stand for the project's own, or litter any directory.
        """
        reports: Path | None = self.options.reports
        if reports or self.options.files or not self.command.reports:
            return reports
        return self.root / "reports" if self.is_project else None

    def resolve(self, path: str | None) -> str | None:
        """Return a configured path below the project's directory; PEM text stays as it is."""
        if path is None or "-----BEGIN" in path:
            return path
        return str(self.root / expand_home(path, self.environ))


def is_project(root: Path) -> bool:
    """Tell whether a directory holds a Python project."""
    # Path.is_file raises for a directory that this user may not enter (Python 3.10-3.13).
    return any(os.path.isfile(root / name) for name in ("pyproject.toml", "setup.py"))  # noqa: PTH113


def _check_path(path: str) -> None:
    reason = "it has a line break" if "\n" in path else ""
    try:
        # As the system writes it: a Python with another encoding cannot name it at all (E223).
        os.fsencode(path).decode()
    except UnicodeDecodeError:
        reason = "it is not UTF-8"
    if reason:
        shown = path.encode("utf-8", "replace").decode()
        raise BadDirectory(ODD_DIRECTORY, path=shown, reason=reason)


def check_directory(root: Path) -> None:
    """Raise BadDirectory unless this is a directory that can be read, with a name for all tools."""
    try:
        with os.scandir(root):
            _check_path(str(root))
            return
    except OSError as error:
        reason, is_missing = error.strerror or str(error), error.errno == errno.ENOENT
    if is_missing and set(root.name) & PATTERN:
        reason = "no directory matches this pattern, or none that matches is a Python project"
    raise BadDirectory(BAD_DIRECTORY, path=str(root), reason=reason)


REPEATED: dict[str, tuple[str, Callable[[Command], bool]]] = {
    "repository": ("-r", lambda command: command.is_step or command.name == "doctor"),
    "tag": ("--tag", lambda command: command.is_step),
    "fresh": ("--fresh", lambda command: command.needs_requirements),
    "dry_run": ("--dry-run", lambda command: command.can_rehearse),
    "gather_from": ("--from", lambda command: command.name == "gather"),
    "probe": ("--probe", lambda command: command.name == "doctor"),
    "first_password": ("--first-password", lambda command: command.name == "provision"),
    "python": ("--python", lambda command: command.name == "search"),
    "to": ("--to", lambda command: command.name == "pip-config"),
}
"""Options that a suggested command repeats if they were given, and which commands use them.

Left out: how much is shown, and what agrees to something (--apply, --accept-eula).
"""


def render_commands(text: str, door: Door, options: Namespace, root: Path | None = None) -> str:
    """Return a text with the commands in it as the reader types them.

    `root` is the project or configuration that the text is about; None if that is not known.
    """

    def render(match: re.Match[str]) -> str:
        name = match[1].split(" ")[0]
        command = next((command for command in door.commands if command.name == name), None)
        if command is None:
            return match[0]
        return _render(command, shlex.split(match[1])[1:], door, options, root)

    return COMMAND.sub(render, text)


def _render(
    command: Command, words: Sequence[str], door: Door, options: Namespace, root: Path | None
) -> str:
    arguments = list(words)
    session = dict(door.sessions).get(command.name)
    if "--explain" not in arguments:  # it asks for a text, which is the same everywhere
        folder = door.folder if session else door.started_in
        if root and "-C" not in arguments:
            arguments += _find_directory(root, folder, options)
        arguments += _repeat_options(command, arguments, options)
    if session is None:
        return shlex.join(["releasekit", command.name, *arguments])
    noxfile, options_of_nox = Path(door.noxfile or ""), []
    if noxfile != door.started_in / "noxfile.py":
        options_of_nox = ["-f", _render_path(noxfile, door.started_in)]
    separated = ["--", *arguments] if arguments else []
    return shlex.join(["nox", *options_of_nox, "-s", session, *separated])


def _find_directory(root: Path, folder: Path, options: Namespace) -> list[str]:
    """Return -C with the directory as it was given, or as somebody in `folder` writes it."""
    for name in options.directories:
        if Path(os.path.realpath(folder / name)) == root:
            return ["-C", name]
    here = Path(os.path.realpath(folder))
    return [] if root == here else ["-C", _render_path(root, here)]


def _repeat_options(command: Command, present: Sequence[str], options: Namespace) -> list[str]:
    words: list[str] = []
    for name, (flag, is_used_by) in REPEATED.items():
        value = getattr(options, name, None)
        if not value or flag in present or not is_used_by(command):
            continue
        if value is True:
            words.append(flag)
        else:
            values = value if isinstance(value, list) else [value]
            words += [word for each in values for word in (flag, str(each))]
    return words


def _render_path(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)
