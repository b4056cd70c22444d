"""What was asked: a command, its options, and the environment that it was asked in."""

from __future__ import annotations

import errno
import os
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from releasekit.errors import BadDirectory
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


def check_directory(root: Path) -> None:
    """Raise BadDirectory unless this is a directory that can be read."""
    try:
        with os.scandir(root):
            return
    except OSError as error:
        reason, is_missing = error.strerror or str(error), error.errno == errno.ENOENT
    if is_missing and set(root.name) & PATTERN:
        reason = "no directory matches this pattern, or none that matches is a Python project"
    raise BadDirectory(BAD_DIRECTORY, path=str(root), reason=reason)
