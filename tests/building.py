"""Both dists of a project, built as `releasekit build` does it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from releasekit.build.backend import BuildOptions, build_sdist, build_wheel
from releasekit.build.hooks import Hooks


@dataclass(frozen=True, kw_only=True)
class Built:
    sdist: Path
    wheel: Path
    requirements: tuple[str, ...]


def build_dists(source: Path, out: Path, options: BuildOptions) -> Built:
    """Build the sdist of a source tree and the wheel from that sdist."""
    with Hooks() as hooks:
        sdist = build_sdist(source, out, options, hooks)
        wheel = build_wheel(sdist.path, out, options, hooks)
    requirements = tuple(sorted({*sdist.requirements, *wheel.requirements}))
    return Built(sdist=sdist.path, wheel=wheel.path, requirements=requirements)
