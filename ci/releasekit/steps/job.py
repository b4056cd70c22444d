"""One run, as every step gets it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from releasekit.config.settings import Settings
from releasekit.config.target import Target
from releasekit.events import Notify
from releasekit.network import Network
from releasekit.redact import Redactor
from releasekit.steps.spare import SpareEnvironment
from releasekit.uv.indexes import BuildIndex

RECORD = Path("reports", "release.json")
"""Where a build leaves its record, below the project's directory."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One run: a project directory, what is configured, and how to reach the world."""

    root: Path
    settings: Settings
    target: Target
    network: Network
    notify: Notify
    environment: SpareEnvironment
    """Where the release is installed back."""
    tag: str | None = None
    cache: Path | None = None
    """Where build environments are kept; None keeps none."""
    into_sandbox: bool = False
    """True for the embedded sandbox, and for one in another terminal, which has a `url`."""
    group: BuildIndex | None = None
    """Where requirements come from, unless uv or pip are told otherwise."""
    wheel_from: str | None = None
    """The sdist that `build --wheel-from` names."""
    gather_from: tuple[Path, ...] = ()
    """The directories that `gather` joins."""
    files: tuple[Path, ...] = ()
    """Dists, or directories of them, to check instead of the project."""
    siblings: frozenset[str] = frozenset()
    """Names of the projects that are released beside this one: the group may lack them yet."""
    redactor: Redactor = field(default_factory=Redactor)
    """The secrets of this run, and the filter for what a step writes."""

    @property
    def dist(self) -> Path:
        """Return the directory of the built dists."""
        return self.root / "dist"

    @property
    def record_path(self) -> Path:
        """Return the file that passes a build on to later steps."""
        return self.root / RECORD
