"""Suggested commands as they have to be typed: by nox or by `releasekit`, with -C and options.

A text names a command as [[verify]] or [[check --explain CODE]]. This is the only place that
spells commands out. It gets the commands with the door: only cli and sessions import them.
"""

from __future__ import annotations

import os
import re
import shlex
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from releasekit.errors.base import COMMAND
from releasekit.request import Door

if TYPE_CHECKING:
    from releasekit.commands import Command

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
    return shlex.join([*_call_nox(door), "-s", session, *(["--", *arguments] if arguments else [])])


def _call_nox(door: Door) -> list[str]:
    noxfile = Path(door.noxfile or "")
    if noxfile == door.started_in / "noxfile.py":
        return ["nox"]
    return ["nox", "-f", _render_path(noxfile, door.started_in)]


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
