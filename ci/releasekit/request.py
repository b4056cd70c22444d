"""What was asked: a command, its options, and the environment that it was asked in."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from releasekit.commands import Command
from releasekit.errors import BadDirectory
from releasekit.redact import Redactor

if TYPE_CHECKING:
    from releasekit.config.target import Destination

PATTERN = set("*?[")
"""What makes a name that -C gives a pattern."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What was asked: a command, its options, and the environment it was asked in."""

    command: Command
    root: Path
    environ: Mapping[str, str] = field(repr=False)
    interactive: bool
    """True where somebody can answer a prompt."""
    json: bool = False
    tag: str | None = None
    repository: str | None = None
    dry_run: bool = False
    fresh: bool = False
    sdist: bool = False
    wheel_from: str | None = None
    gather_from: tuple[str, ...] = ()
    port: int = 0
    apply: bool = False
    attended: bool = False
    """True where somebody sees what is printed."""
    first_password: str | None = None
    accept_eula: bool = False
    probe: bool = False
    word: str = ""
    to: str | None = None
    python: str | None = None
    files: tuple[Path, ...] = ()
    """Dists, or directories of them, to check instead of the project."""
    reports: Path | None = None
    explain: str | None = None
    siblings: frozenset[str] = frozenset()
    """Names, normalized, of all projects that the same command is for."""
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
        return self.dry_run and self.command.dry_verb is not None

    @property
    def reports_folder(self) -> Path | None:
        """Return where the reports go: of files that are given nowhere, if it is not said.

        Their reports would stand for the project's own, or litter any directory.
        """
        if self.reports or self.files or not self.command.reports:
            return self.reports
        return self.root / "reports" if self.is_project else None

    def resolve(self, path: str | None) -> str | None:
        """Return a configured path below the project's directory; PEM text stays as it is."""
        if path is None or "-----BEGIN" in path:
            return path
        return str(self.root / Path(path).expanduser())


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
    raise BadDirectory(path=str(root), reason=reason)
