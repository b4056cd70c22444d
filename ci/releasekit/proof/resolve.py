"""Resolving: which versions of its requirements a release gets from an index."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from releasekit.errors import BuildFailed, ReleasekitError
from releasekit.errors.failed import NOT_RESOLVED
from releasekit.errors.limits import find_limit_in
from releasekit.process import Finished
from releasekit.proof.environment import Interpreter
from releasekit.redact import MARK, hide_credentials
from releasekit.toml import tomllib
from releasekit.uv.call import Source, write_settings
from releasekit.uv.program import Count, find_unbuilt_names, refuse_met, refuse_wrong_login, run_uv

if TYPE_CHECKING:
    from packaging.pylock import Package


NO_SOLUTION = "No solution found when resolving dependencies"
"""How uv 0.13 says that requirements contradict each other or what the index has."""
# How uv 0.13 says that what came in place of a wheel is none: not the requirement's fault.
UNREADABLE = re.compile(r"has (an invalid package format|invalid metadata|inconsistent metadata)")
YANKED = re.compile(r"warning: `([^`]+)` is yanked(?: \(reason: \"(.*)\"\))?")
NO_EXTRA = re.compile(r"warning: The package `([^`]+)` does not have an extra named `([^`]+)`")


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolution:
    """What a wheel's requirements are resolved to, or why they cannot be.

    The release itself is not among the packages. The problem is the resolver's reason; "" if there
    is a solution. The oddities are what the index has withdrawn, and extras that no package has.
    """

    packages: tuple[Package, ...] = ()
    problem: str = ""
    fails_to_build: bool = False
    """True if the index has all that is required, and this machine cannot build it."""
    unbuilt: tuple[str, ...] = ()
    """Names that have only an sdist, or no wheel for this Python: nothing was built."""
    oddities: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolver:
    """How uv is called to resolve; it waits `timeout` seconds for an answer.

    The folder is this resolver's own. It is for the settings file, and for wheels that are not on
    the index. `count` gets uv's requests. A call `builds` only if it is without credentials.
    """

    source: Source
    interpreter: Interpreter
    folder: Path
    cache: Path
    timeout: float
    count: Count | None = None
    builds: bool = False

    @property
    def wheels(self) -> Path:
        """Return the directory of wheels that are taken before those of the index."""
        return self.folder / "wheels"

    def resolve(self, requirements: Sequence[str], *, own: str) -> Resolution:
        """Resolve requirements; `own` is the normalized name of the release itself.

        Raises what keeps uv from an answer: wrong credentials, limits of the machine, and
        NOT_RESOLVED for all else.
        """
        lock, source = self.folder / "pylock.toml", self.source
        finished = self._call(requirements, lock)
        said = hide_credentials(finished.output, MARK)
        if finished.status == 0:
            withdrawn = "was withdrawn from its index, and is required"
            without = "which is required: nothing is installed for it"
            yanked, no_extra = YANKED.finditer(said), NO_EXTRA.finditer(said)
            oddities = [f"{m[1]} ({m[2] or 'no reason given'}) {withdrawn}" for m in yanked]
            oddities += [f"{m[1]} has no extra {m[2]}, {without}" for m in no_extra]
            packages = tuple(p for p in self._read_lock(lock) if p.name != own)
            return Resolution(packages=packages, oddities=tuple(oddities))
        if source.repository:
            refuse_wrong_login(said, source.repository)
        refuse_met(said, source.name, source.environ, self.timeout)
        if NO_SOLUTION in said and not finished.timed_out and not UNREADABLE.search(said):
            names = tuple(canonicalize_name(name) for name in find_unbuilt_names(said))
            return Resolution(problem=find_reason(said), unbuilt=names)
        if limit := find_limit_in(said, str(self.folder)):
            raise limit
        # So uv 0.13 says that what it has to build for its metadata cannot be built here.
        is_build = "The build backend returned an error" in said
        kind, tail = BuildFailed if is_build else ReleasekitError, finished.tail()
        raise kind(NOT_RESOLVED, index=source.name, reason=hide_credentials(tail, MARK))

    def _call(self, requirements: Sequence[str], lock: Path) -> Finished:
        self.wheels.mkdir(exist_ok=True)
        lock.unlink(missing_ok=True)  # uv would prefer the versions in it
        options = ["--output-file", str(lock)]
        options += ["--format", "pylock.toml", "--no-header", "--no-annotate", "--no-progress"]
        options += ["--config-file", str(write_settings(self.source, self.folder))]
        options += ["--find-links", str(self.wheels), "--cache-dir", str(self.cache)]
        options += ["--python", self.interpreter.path, "--no-python-downloads"]
        environ = {
            **self.source.environ,
            "UV_HTTP_TIMEOUT": f"{max(1, round(self.timeout))}",
            "UV_HTTP_RETRIES": "2",  # with 3, a server that refuses connections takes 11 s
        }
        if self.builds:
            environ["NETRC"] = os.devnull
        else:
            options.append("--no-build")
        return run_uv(
            ("pip", "compile", *options, "-"),
            cwd=self.folder,
            environ=environ,
            stdin="".join(f"{requirement}\n" for requirement in requirements),
            seconds=5 * self.timeout,  # uv begins to wait again with each byte that comes
            count=self.count,
        )

    def _read_lock(self, lock: Path) -> Sequence[Package]:
        from packaging.pylock import Pylock, PylockValidationError

        try:
            return Pylock.from_dict(tomllib.loads(lock.read_text(encoding="utf-8"))).packages
        except (OSError, ValueError, PylockValidationError) as error:
            reason = f"uv's lock cannot be read: {error}"
            raise ReleasekitError(NOT_RESOLVED, index=self.source.name, reason=reason) from error


def find_reason(said: str) -> str:
    """Return what uv says after "cause:", as sentences on one line each."""
    reason = said.partition(NO_SOLUTION)[2].partition("hint:")[0]
    lines = (line.strip() for line in reason.replace("cause:", "").splitlines())
    return "\n".join(line for line in lines if line)
