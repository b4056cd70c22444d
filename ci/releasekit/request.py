"""What somebody wants: a command, its options, and the environment; and how it was called.

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

from releasekit.errors import COMMAND, ReleasekitError, setup, usage
from releasekit.home import expand_home
from releasekit.model.access import Say, say_nothing
from releasekit.redact import Redactor

if TYPE_CHECKING:
    from releasekit.commands import Command
    from releasekit.config.settings import Destination

PATTERN = set("*?[")  # makes a name that -C gives a pattern


@dataclass(frozen=True, kw_only=True, slots=True)
class Door:
    """How releasekit was called, and from where: a suggested command is typed the same way.

    `started_in` is the current directory of whoever called it, `folder` that of this process, where
    -C starts: nox goes to its noxfile's. `commands` are all that a text may suggest. The path of
    the noxfile is absolute, and None without nox; `sessions` are the commands that are sessions of
    it, each with the session's name.
    """

    started_in: Path
    folder: Path
    commands: tuple[Command, ...]
    noxfile: str | None = None
    sessions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A command, its options, and the environment of whoever called it.

    It is interactive where somebody can answer a prompt, and attended where somebody sees the
    output. `siblings` are directories of the projects that this one needs and that the same command
    is for, by their normalized names. The destination was found out before, for a process that has
    no terminal. `say` shows what a prompt is for, and what is waited for, before there is a
    context; the redactor is the filter for output and reports, and knows the secrets of this run.
    """

    command: Command
    root: Path
    environ: Mapping[str, str] = field(repr=False)
    interactive: bool
    door: Door
    options: Namespace
    attended: bool = False
    siblings: Mapping[str, Path] = field(default_factory=dict)
    destination: Destination | None = None
    say: Say = say_nothing
    redactor: Redactor = field(default_factory=Redactor, compare=False)

    @property
    def is_dry_run(self) -> bool:
        """Tell whether --dry-run keeps this command from sending anything; others send nothing."""
        return self.options.dry_run and self.command.can_rehearse

    @property
    def reports_folder(self) -> Path | None:
        """Return where the reports go: nowhere by default if files are named to be checked.

        Their reports would stand for the project's own, or litter any directory.
        """
        reports: Path | None = self.options.reports
        if reports or self.options.files or not self.command.reports:
            return reports
        return self.root / self.options.into / "reports" if is_project(self.root) else None

    def resolve(self, path: str | None) -> str | None:
        """Return a configured path below the project's directory; PEM text stays as it is."""
        if path is None or "-----BEGIN" in path:
            return path
        return str(self.root / expand_home(path, self.environ))


def is_project(root: Path) -> bool:
    """Tell whether a directory holds a Python project."""
    # Path.is_file raises for a directory that this user may not enter (Python 3.10-3.13).
    return any(os.path.isfile(root / name) for name in ("pyproject.toml", "setup.py"))  # noqa: PTH113


def check_directory(root: Path) -> None:
    """Refuse what is no directory, or cannot be read, or has a name that not all tools accept."""
    try:
        os.scandir(root).close()
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno == errno.ENOENT and set(root.name) & PATTERN:
            reason = "no directory matches this pattern, or none that matches is a Python project"
        raise ReleasekitError(usage.BAD_DIRECTORY, path=str(root), reason=reason) from error
    reason = "it has a line break" if "\n" in str(root) else ""
    try:
        # As the system writes it: a Python with another encoding cannot name it at all (E223).
        os.fsencode(root).decode()
    except UnicodeDecodeError:
        reason = "it is not UTF-8"
    if reason:
        shown = str(root).encode("utf-8", "replace").decode()
        raise ReleasekitError(setup.ODD_DIRECTORY, path=shown, reason=reason)


REPEATED: dict[str, tuple[str, Callable[[Command, Sequence[str]], bool]]] = {
    "repository": ("-r", lambda command, _: command.is_step or command.diagnoses),
    "tag": ("--tag", lambda command, _: command.is_step or command.name == "init"),
    **{
        name.replace("-", "_"): (f"--{name}", lambda command, _: command.name == "init")
        for name in ("url", "hosted", "group", "ca-bundle", "ci", "template")
    },
    "fresh": ("--fresh", lambda command, _: command.is_step and command.needs_requirements),
    "dry_run": ("--dry-run", lambda command, _: command.can_rehearse),
    "into": ("--into", lambda command, _: command.is_step or command.diagnoses),
    "sdist": ("--sdist", lambda c, words: c.name == "build" and "--wheel-from" not in words),
    "wheel_from": ("--wheel-from", lambda c, words: c.name == "build" and "--sdist" not in words),
    "gather_from": ("--from", lambda command, _: command.name == "gather"),
    "adopt": ("--adopt", lambda command, _: command.name == "gather"),
    "reports": ("--reports", lambda command, _: command.name == "check"),
    "probe": ("--probe", lambda command, _: command.diagnoses),
    "first_password": ("--first-password", lambda command, _: command.needs_admin),
    "accept_eula": ("--accept-eula", lambda c, words: c.needs_admin and "--apply" in words),
    "python": ("--python", lambda command, _: command.name == "search"),
    "to": ("--to", lambda command, _: command.name == "pip-config"),
    "port": ("--port", lambda command, _: command.context == "server"),
    "files": ("", lambda command, _: command.name == "check"),
}
"""Options that a suggested command repeats, and which commands use them; -C is found for each."""


def render_commands(text: str, door: Door, options: Namespace, root: Path | None = None) -> str:
    """Return a text with the commands in it as the reader types them.

    `root` is the project or configuration that the text is about; None if that is not known.
    """

    def render(match: re.Match[str]) -> str:
        name = match[1].split(" ")[0]
        command = next((command for command in door.commands if command.name == name), None)
        if command is None and name != "git":
            return match[0]
        words = shlex.split(match[1])[1:]
        if command is None:
            folder = _find_directory(root, door.started_in, options) if root else []
            return shlex.join(["git", *folder, *words])
        query = getattr(options, "word", None)  # the texts of `search` name none
        arguments = [query if word == "WORD" and query else word for word in words]
        session = dict(door.sessions).get(name)
        if "--explain" not in arguments:  # its text is the same everywhere
            here = door.folder if session else door.started_in
            if root and "-C" not in arguments:
                arguments += _find_directory(root, here, options)
            arguments += _repeat_options(command, arguments, options, here)
        if session is None:
            return shlex.join(["releasekit", name, *arguments])
        return render_session(door, session, arguments)

    return COMMAND.sub(render, text)


def render_session(door: Door, session: str, arguments: Sequence[str]) -> str:
    """Return how a session of the noxfile is started, with options, where nox was started."""
    noxfile, words = Path(door.noxfile or ""), ["nox"]
    if noxfile != door.started_in / "noxfile.py":
        words += ["-f", render_path(noxfile, door.started_in)]
    words += ["-s", session]
    return shlex.join([*words, "--", *arguments] if arguments else words)


def _find_directory(root: Path, folder: Path, options: Namespace) -> list[str]:
    """Return -C with the directory as somebody typed it, or as somebody in `folder` writes it."""
    for name in options.directories:
        if Path(os.path.realpath(folder / name)) == root:
            return ["-C", name]
    here = Path(os.path.realpath(folder))
    return [] if root == here else ["-C", render_path(root, here)]


def _repeat_options(
    command: Command, present: Sequence[str], options: Namespace, folder: Path
) -> list[str]:
    words: list[str] = []
    for name, (flag, is_used_by) in REPEATED.items():
        value = getattr(options, name, None)
        if not value or (flag and flag in present) or not is_used_by(command, present):
            continue
        for each in value if isinstance(value, list) else [value]:
            text = render_path(each, folder) if isinstance(each, Path) else str(each)
            if each is True:
                words.append(flag)
            elif text.startswith("-") and flag:  # argparse takes it for an option
                words.append(f"{flag}={text}" if flag.startswith("--") else f"{flag}{text}")
            else:
                words += [flag, text] if flag else [text]
    return words


def render_path(path: Path, folder: Path) -> str:
    """Return a path as somebody in `folder` would write it."""
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)
