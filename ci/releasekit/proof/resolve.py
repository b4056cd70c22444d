"""Resolving: which versions of its requirements a release gets from an index."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from releasekit.errors import BuildFailed, ReleasekitError, find_limit_in
from releasekit.errors.failed import NOT_RESOLVED
from releasekit.model.credentials import refused_login
from releasekit.process import Finished
from releasekit.proof.environment import Interpreter
from releasekit.redact import MARK, hide_credentials
from releasekit.uv.call import LOGIN_REFUSED, refuse_met
from releasekit.uv.credentials import find_unbuilt_names
from releasekit.uv.program import Count, run_uv
from releasekit.uv.sources import Source, write_settings

if TYPE_CHECKING:
    from packaging.pylock import Package

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

NO_SOLUTION = "No solution found when resolving dependencies"
"""How uv 0.13 says that requirements contradict each other or what the index has."""
UNREADABLE = re.compile(r"has (an invalid package format|invalid metadata|inconsistent metadata)")
"""How uv 0.13 says that what came in place of a wheel is none: not the requirement's fault."""
BACKEND_FAILED = "The build backend returned an error"
"""How uv 0.13 says that what it has to build for its metadata cannot be built here."""
YANKED = re.compile(r"warning: `([^`]+)` is yanked(?: \(reason: \"(.*)\"\))?")
NO_EXTRA = re.compile(r"warning: The package `([^`]+)` does not have an extra named `([^`]+)`")
RETRIES = "2"
"""Attempts of uv after the first: with 3, a server that refuses connections takes 11 s."""
PATIENCE = 5
"""How often `timeout` a resolution may last: uv begins to wait again with each byte that comes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolution:
    """What a wheel's requirements are resolved to, or why they cannot be."""

    packages: tuple[Package, ...] = ()
    """Without the release itself."""
    problem: str = ""
    """The resolver's reason; "" if there is a solution."""
    fails_to_build: bool = False
    """True if the index has all that is required, and this machine cannot build it."""
    unbuilt: tuple[str, ...] = ()
    """Names that have only an sdist, or no wheel for this Python: nothing was built."""
    oddities: tuple[str, ...] = ()
    """What the index has withdrawn, with its reason, and extras that no package has."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolver:
    """How uv is called to resolve, in a directory of its own."""

    source: Source
    interpreter: Interpreter
    folder: Path
    """For the settings file, and for wheels that are not on the index."""
    cache: Path
    timeout: float
    """Seconds to wait for an answer."""
    count: Count | None = None
    """Gets uv's requests."""
    builds: bool = False
    """True for a call without credentials, which may build."""

    @property
    def wheels(self) -> Path:
        """Return the directory of wheels that are taken before those of the index."""
        return self.folder / "wheels"

    def resolve(self, requirements: Sequence[str], *, own: str) -> Resolution:
        """Resolve requirements; `own` is the normalized name of the release itself.

        Raises what keeps uv from an answer: wrong credentials, limits of the machine, and
        NOT_RESOLVED for all else.
        """
        finished = self._call(requirements)
        said = hide_credentials(finished.output, MARK)
        if finished.status == 0:
            packages = tuple(p for p in self._read_lock() if p.name != own)
            return Resolution(packages=packages, oddities=tuple(_find_oddities(said)))
        self._refuse_login(said)
        refuse_met(said, self.source.name, self.source.environ, self.timeout)
        if NO_SOLUTION in said and not finished.timed_out and not UNREADABLE.search(said):
            names = tuple(canonicalize_name(name) for name in find_unbuilt_names(said))
            return Resolution(problem=find_reason(said), unbuilt=names)
        if limit := find_limit_in(said, str(self.folder)):
            raise limit
        reason = hide_credentials(finished.tail(), MARK)
        kind = BuildFailed if BACKEND_FAILED in said else ReleasekitError
        raise kind(NOT_RESOLVED, index=self.source.name, reason=reason)

    def _call(self, requirements: Sequence[str]) -> Finished:
        self.wheels.mkdir(exist_ok=True)
        self._lock.unlink(missing_ok=True)  # uv would prefer the versions in it
        options = ["--output-file", str(self._lock)]
        options += ["--format", "pylock.toml", "--no-header", "--no-annotate", "--no-progress"]
        options += ["--config-file", str(write_settings(self.source, self.folder))]
        options += ["--find-links", str(self.wheels), "--cache-dir", str(self.cache)]
        options += ["--python", self.interpreter.path, "--no-python-downloads"]
        environ = self.source.environ
        if self.builds:
            environ = {**environ, "NETRC": os.devnull}
        else:
            options.append("--no-build")
        return run_uv(
            ("pip", "compile", *options, "-"),
            cwd=self.folder,
            environ={
                **environ,
                "UV_HTTP_TIMEOUT": f"{max(1, round(self.timeout))}",
                "UV_HTTP_RETRIES": RETRIES,
            },
            given="".join(f"{requirement}\n" for requirement in requirements),
            seconds=PATIENCE * self.timeout,
            count=self.count,
        )

    @property
    def _lock(self) -> Path:
        return self.folder / "pylock.toml"

    def _read_lock(self) -> Sequence[Package]:
        from packaging.pylock import Pylock, PylockValidationError

        try:
            text = self._lock.read_text(encoding="utf-8")
            return Pylock.from_dict(tomllib.loads(text)).packages
        except (OSError, ValueError, PylockValidationError) as error:
            reason = f"uv's lock cannot be read: {error}"
            raise ReleasekitError(NOT_RESOLVED, index=self.source.name, reason=reason) from error

    def _refuse_login(self, said: str) -> None:
        repository = self.source.repository
        match = LOGIN_REFUSED.search(said)
        if repository and match:
            who = repository.credentials
            if not who.username or match[1].startswith("401"):
                raise refused_login(repository.url, who, match[1])


def _find_oddities(said: str) -> Iterator[str]:
    for match in YANKED.finditer(said):
        reason = match[2] or "no reason given"
        yield f"{match[1]} ({reason}) was withdrawn from its index, and is required"
    for match in NO_EXTRA.finditer(said):
        yield f"{match[1]} has no extra {match[2]}, which is required: nothing is installed for it"


def find_reason(said: str) -> str:
    """Return what uv says after "cause:", as sentences on one line each."""
    _, _, rest = said.partition(NO_SOLUTION)
    reason, _, _ = rest.partition("hint:")
    lines = (line.strip() for line in reason.replace("cause:", "").splitlines())
    return "\n".join(line for line in lines if line)
