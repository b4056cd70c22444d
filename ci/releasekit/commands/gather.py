"""What several build jobs made becomes one release: all of it, or nothing."""

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from importlib.metadata import version as installed_version
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import Version

from releasekit.archives import read_dist, read_metadata, read_wheel_headers
from releasekit.checks.metadata_errors import find_disagreements
from releasekit.commands.build import note_other_files
from releasekit.commands.project import (
    find_parts,
    load_record,
    read_dists,
    read_project,
    refuse_gaps,
    refuse_other_commit,
)
from releasekit.context import ProjectContext
from releasekit.errors import ReleasekitError, refused, setup
from releasekit.inspect.archive import read_archive
from releasekit.inspect.gather import find_naming_problems, find_record_problems
from releasekit.model.dists import Dist, DistKind, NotADistError, parse_metadata
from releasekit.model.record import BuildFacts, Record, RecordedFile, join_parts, render_record
from releasekit.outcome import Gathered
from releasekit.tempdirs import open_tempdir
from releasekit.workspace import RECORD, make_folder, write_file


def run(ctx: ProjectContext) -> None:
    """Join what build jobs left in directories, each with a project's `dist/` and `reports/`.

    Wheels that `--adopt` names were built by other tools. Nothing is changed before all of it is
    known to be one whole release. Raises CANNOT_ADOPT and INCOMPLETE_RELEASE.
    """
    folders = [ctx.root / folder for folder in ctx.options.gather_from] or [ctx.results]
    project = read_project(ctx)
    wheels = [wheel for name in ctx.options.adopt for wheel in _read_adopted(ctx, name)]
    ctx.progress.begin("gather")
    # A directory has the records of all builds in it, or the one of a project.
    roots = {path: folder for folder in folders for path in find_parts(folder) or [folder / RECORD]}
    parts = {str(path): load_record(path, root=root) for path, root in roots.items()}
    for path, part in zip(roots, parts.values(), strict=True):
        refuse_other_commit(part, project, path)
    joined = join_parts(parts)
    pairs = zip(roots.values(), parts.values(), strict=True)
    dists = [dist for root, part in pairs for dist in read_dists(root, part)]
    if wheels and joined.sdist:
        sdist = next(dist for dist in dists if dist.filename == joined.sdist.filename)
        parts[f"--adopt {wheels[0].path.parent}"] = _adopt(wheels, sdist, joined)
        joined = join_parts(parts)
    refuse_gaps(ctx, joined)
    # Copied beside `dist/` first: an interrupt leaves whole files only.
    make_folder(ctx.dist, root=ctx.root)
    with open_tempdir(".build-", ctx.dist) as tempdir:
        others = {d.filename: d.path for d in (*dists, *wheels) if d.path.parent != ctx.dist}
        copies = [Path(shutil.copyfile(path, tempdir / name)) for name, path in others.items()]
        for copy in copies:
            copy.replace(ctx.dist / copy.name)
    write_file(ctx.record_path, render_record(joined), root=ctx.root)
    note_other_files(ctx, joined)
    ctx.progress.finish(Gathered(record=joined))


def _read_adopted(ctx: ProjectContext, name: str) -> Iterator[Dist]:
    """Read the wheels that `--adopt` names; a pattern may be meant for the kit.

    With `nox -C` and with -C the shell looks for such names in another directory. Raises
    NOTHING_TO_ADOPT.
    """
    path = ctx.resolve(name)
    found = [path] if path.is_file() else sorted(path.parent.glob(path.name))
    wheels = [file for file in found if file.is_file()]
    if not wheels:
        raise ReleasekitError(
            setup.NOTHING_TO_ADOPT, path=str(path), reason="there is no such file"
        )
    for file in wheels:
        try:
            dist = read_dist(file)
        except NotADistError as error:
            raise ReleasekitError(
                setup.NOTHING_TO_ADOPT, path=str(file), reason=str(error)
            ) from error
        if dist.named.kind is not DistKind.WHEEL:
            raise ReleasekitError(setup.NOTHING_TO_ADOPT, path=str(file), reason="this is an sdist")
        yield dist


def _adopt(wheels: Sequence[Dist], sdist: Dist, release: Record) -> Record:
    """Return the record of wheels that another tool built, as a part of this release.

    Raises CANNOT_ADOPT for a damaged wheel, and for one that is not of the sdist's project.
    """
    files, builds = [], []
    for wheel in wheels:
        if problems := _find_problems(wheel, sdist):
            raise ReleasekitError(
                refused.CANNOT_ADOPT,
                filename=wheel.filename,
                path=str(wheel.path),
                sdist=sdist.filename,
                problems="\n".join(problems),
            )
        generator = read_wheel_headers(wheel.path).get("Generator")
        tools = {
            "adopted by releasekit": installed_version("releasekit"),
            "built by": generator or "a tool that the wheel does not name",
        }
        names = (wheel.filename,)
        builds.append(BuildFacts(files=names, made_from=None, requirements=(), tools=tools))
        files.append(RecordedFile(filename=wheel.filename, size=wheel.size, sha256=wheel.sha256))
    return release.model_copy(update={"files": tuple(files), "builds": tuple(builds)})


def _find_problems(wheel: Dist, sdist: Dist) -> tuple[str, ...]:
    archive = read_archive(wheel)
    if archive.archive_problem is not None:
        return (f"it cannot be read to its end: {archive.archive_problem}",)
    if problems := find_record_problems(wheel.path, archive.members):
        return tuple(f"RECORD is untrue: {problem}" for problem in problems)
    if problems := find_naming_problems(wheel, archive.members):
        return problems
    ours, theirs = wheel.named, sdist.named
    if (ours.name, ours.version) != (theirs.name, theirs.version):
        return (f"it is {ours.name} {ours.version}, and the sdist {theirs.name} {theirs.version}",)
    found, wanted = (parse_metadata(read_metadata(dist) or b"")[0] for dist in (wheel, sdist))
    version = None
    with contextlib.suppress(ValueError):
        version = Version(found.get("version", ""))
    if (canonicalize_name(found.get("name", "")), version) != (ours.name, ours.version):
        return (f"its metadata is that of {found.get('name')} {found.get('version')}",)
    is_pure = all(tag.platform == "any" for tag in ours.tags)
    return tuple(find_disagreements(wanted, found, is_pure=is_pure).values())
