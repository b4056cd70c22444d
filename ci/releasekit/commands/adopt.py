"""Wheels that another tool built become a part of a release: `gather --adopt`."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from importlib.metadata import version as installed_version
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import Version

from releasekit.archives import read_dist, read_metadata, read_wheel_headers
from releasekit.context import ProjectContext
from releasekit.errors import ReleasekitError
from releasekit.errors.refused import CANNOT_ADOPT
from releasekit.errors.setup import NOTHING_TO_ADOPT
from releasekit.home import expand_home
from releasekit.inspect.archive import read_archive
from releasekit.inspect.gather import find_naming_problems, find_record_problems
from releasekit.model.agreement import find_disagreements
from releasekit.model.dists import Dist, DistKind, NotADistError, parse_metadata
from releasekit.model.record import BuildFacts, Record, RecordedFile

if TYPE_CHECKING:
    from packaging.metadata import RawMetadata

UNKNOWN = "a tool that the wheel does not name"


def read_adopted(ctx: ProjectContext, names: Sequence[str]) -> list[Dist]:
    """Read the wheels that `--adopt` names; a pattern may be meant for the kit.

    With `nox -C` and with -C the shell looks for such names in another directory. Raises
    NOTHING_TO_ADOPT.
    """
    dists = []
    for name in names:
        path = ctx.root / expand_home(name, ctx.environ)
        found = [path] if path.is_file() else sorted(path.parent.glob(path.name))
        wheels = [file for file in found if file.is_file()]
        if not wheels:
            reason = "there is no such file"
            raise ReleasekitError(NOTHING_TO_ADOPT, path=str(path), reason=reason)
        for file in wheels:
            try:
                dist = read_dist(file)
            except NotADistError as error:
                raise ReleasekitError(
                    NOTHING_TO_ADOPT, path=str(file), reason=str(error)
                ) from error
            if dist.named.kind is not DistKind.WHEEL:
                raise ReleasekitError(NOTHING_TO_ADOPT, path=str(file), reason="this is an sdist")
            dists.append(dist)
    return dists


def adopt(wheels: Sequence[Dist], sdist: Dist, release: Record) -> Record:
    """Return the record of wheels that another tool built, as a part of this release.

    Raises CANNOT_ADOPT for a damaged wheel, and for one that is not of the sdist's project.
    """
    builds = []
    for wheel in wheels:
        if problems := _find_problems(wheel, sdist):
            raise ReleasekitError(
                CANNOT_ADOPT,
                filename=wheel.filename,
                path=str(wheel.path),
                sdist=sdist.filename,
                problems="\n".join(problems),
            )
        builder = read_wheel_headers(wheel.path).get("Generator") or UNKNOWN
        tools = {"adopted by releasekit": installed_version("releasekit"), "built by": builder}
        builds.append(
            BuildFacts(files=(wheel.filename,), made_from=None, requirements=(), tools=tools)
        )
    files = tuple(
        RecordedFile(filename=wheel.filename, size=wheel.size, sha256=wheel.sha256)
        for wheel in wheels
    )
    return release.model_copy(update={"files": files, "builds": tuple(builds)})


def _find_problems(wheel: Dist, sdist: Dist) -> tuple[str, ...]:
    """Return why a wheel is not of this release, a sentence each."""
    archive = read_archive(wheel)
    if archive.problem is not None:
        return (f"it cannot be read to its end: {archive.problem}",)
    if problems := find_record_problems(wheel.path, archive.members):
        return tuple(f"RECORD is untrue: {problem}" for problem in problems)
    if problems := find_naming_problems(wheel, archive.members):
        return problems
    ours, theirs = wheel.named, sdist.named
    if (ours.name, ours.version) != (theirs.name, theirs.version):
        return (f"it is {ours.name} {ours.version}, and the sdist {theirs.name} {theirs.version}",)
    found, wanted = (parse_metadata(read_metadata(dist) or b"")[0] for dist in (wheel, sdist))
    stated = f"{found.get('name')} {found.get('version')}"
    if _identify(found) != (ours.name, ours.version):
        return (f"its metadata is that of {stated}",)
    is_pure = all(tag.platform == "any" for tag in ours.tags)
    return tuple(find_disagreements(wanted, found, is_pure=is_pure).values())


def _identify(metadata: RawMetadata) -> tuple[str, Version | None]:
    """Return the name and the version in metadata."""
    version = None
    with contextlib.suppress(ValueError):
        version = Version(metadata.get("version", ""))
    return canonicalize_name(metadata.get("name", "")), version
