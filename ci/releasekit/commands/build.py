"""The version names dists: they are built once, and recorded."""

import contextlib
import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from importlib.metadata import version as installed_version
from pathlib import Path

from releasekit.archives import read_dist, read_metadata
from releasekit.build.backend import BuildOptions, Made, build_sdist, build_wheel, repair_wheel
from releasekit.build.checkout import copy_changes, find_name, follow_links_out, open_checkout
from releasekit.build.hooks import Hooks
from releasekit.build.stated_version import write_version
from releasekit.commands.project import develop, load_record, read_dists, read_project, write_record
from releasekit.context import ProjectContext
from releasekit.errors import BuildFailed, ReleasekitError, refused, usage
from releasekit.model.dists import Dist, DistKind, NotADistError, parse_metadata
from releasekit.model.project import Project, find_rival_tags
from releasekit.model.record import BuildFacts, DevelopmentFacts, Record, RecordedFile
from releasekit.outcome import Built
from releasekit.plural import list_some
from releasekit.tempdirs import open_tempdir
from releasekit.uv.indexes import strip_credentials
from releasekit.workspace import check_file, make_folder, write_file


def run(ctx: ProjectContext) -> None:
    """Build the dists, or the part of them that --sdist and --wheel-from name."""
    project = read_project(ctx)
    if ctx.options.wheel_from:
        _build_wheel_alone(ctx, project, _find_sdist(ctx, ctx.options.wheel_from))
    else:
        build(ctx, project, sdist_alone=ctx.options.sdist)


def build(ctx: ProjectContext, project: Project, *, sdist_alone: bool = False) -> Record:
    """Build the sdist, and the wheel from it, into `dist/`, and record them."""
    with (
        _begin(ctx) as tempdir,
        _open_source(ctx, project) as (source, project),
        _log(ctx, tempdir) as log,
        Hooks() as hooks,
    ):
        options = make_build_options(ctx, log, project)
        made = [build_sdist(source, tempdir, options, hooks)]
        if not sdist_alone:
            made.append(_build_repaired_wheel(ctx, made[0].path, tempdir, options, hooks))
        dists = [_keep(ctx, one.path) for one in made]
    requirements = sorted({requirement for one in made for requirement in one.requirements})
    writes_history = any(requirement.startswith("pbr==") for requirement in requirements)
    if project.commit.shallow and writes_history:
        ctx.progress.note(
            "pbr writes ChangeLog and AUTHORS from git's history, and this clone is shallow: a "
            "whole one gives other bytes (git fetch --unshallow; in GitLab: GIT_DEPTH: 0)"
        )
    made_from = None if sdist_alone else dists[0].sha256
    record = _record(ctx, project, dists, requirements, made_from)
    if not sdist_alone:
        note_other_files(ctx, record)
    return record


def _build_wheel_alone(ctx: ProjectContext, project: Project, sdist: Dist) -> None:
    with _begin(ctx) as tempdir, _log(ctx, tempdir) as log, Hooks() as hooks:
        options = make_build_options(ctx, log, project)
        made = _build_repaired_wheel(ctx, sdist.path, tempdir, options, hooks)
        dist = _keep(ctx, made.path)
    _record(ctx, project, [dist], made.requirements, sdist.sha256)


def _find_sdist(ctx: ProjectContext, wanted: str) -> Dist:
    """Return the sdist that `--wheel-from` names; `dist/*.tar.gz` may be meant for the kit.

    With `nox -C` and with -C the shell looks for such names in another directory. Raises NO_SDIST
    and FILES_CHANGED.
    """
    path = ctx.resolve(wanted)
    if path.suffix == ".json":
        record = load_record(path, root=ctx.root)
        sdists = tuple(file for file in record.files if file.filename.endswith(".tar.gz"))
        if not sdists:
            raise ReleasekitError(usage.NO_SDIST, path=str(path), reason="this record has no sdist")
        # `dist/` may hold others.
        return read_dists(ctx.root, record.model_copy(update={"files": sdists}))[0]
    found = [path] if path.is_file() else sorted(path.parent.glob(path.name))
    if len(found) != 1:
        names = ", ".join(file.name for file in found)
        reason = f"several files are meant: {names}" if names else "there is no such file"
        raise ReleasekitError(usage.NO_SDIST, path=str(path), reason=reason)
    if found[0].is_relative_to(ctx.dist):
        check_file(found[0], root=ctx.root)
    try:
        dist = read_dist(found[0])
    except NotADistError as error:
        raise ReleasekitError(usage.NO_SDIST, path=str(found[0]), reason=str(error)) from error
    if dist.named.kind is not DistKind.SDIST:
        raise ReleasekitError(usage.NO_SDIST, path=str(dist.path), reason="this is a wheel")
    return dist


@contextlib.contextmanager
def _begin(ctx: ProjectContext) -> Iterator[Path]:
    """Provide a place beside the finished dists, from which a rename is atomic."""
    ctx.progress.begin("build")
    make_folder(ctx.dist, root=ctx.root)
    with open_tempdir(".build-", ctx.dist) as tempdir:
        yield tempdir


@contextlib.contextmanager
def _log(ctx: ProjectContext, tempdir: Path) -> Iterator[Callable[[str], None]]:
    """Keep what tools say, also where they fail: `reports/build.log`."""
    log, kept = tempdir / "build.log", ctx.record_path.with_name("build.log")
    try:
        with log.open("w", encoding="utf-8") as lines:

            def write(line: str) -> None:
                line = ctx.redactor.clean(line)
                lines.write(f"{line}\n")
                ctx.progress.output(line)

            yield write
    except BuildFailed as error:
        error.fields.update(root=str(ctx.root), log=str(kept))
        raise
    finally:
        write_file(kept, log.read_text("utf-8"), root=ctx.root)


@contextlib.contextmanager
def _open_source(ctx: ProjectContext, project: Project) -> Iterator[tuple[Path, Project]]:
    """Provide what is to be built: the commit alone; with the user's changes for the sandbox.

    And the project as this source states its version: a development version is written into it.
    """
    rivals = find_rival_tags(project, ctx.settings.tag_patterns)
    commit, environ = project.commit, ctx.network.git_environ
    name = find_name(ctx.root, commit)
    with open_checkout(commit, environ, hidden_tags=rivals, project=name) as tree:
        if project.dirty:
            copy_changes(commit, tree)
        source = tree / name
        if not source.is_dir():
            raise ReleasekitError(refused.NOT_IN_COMMIT, root=str(ctx.root), commit=commit.short)
        follow_links_out(tree, source, environ)
        project = develop(project, source)
        if new := project.development:
            write_version(source, new.stated, new.version, environ)
        yield source, project


def make_build_options(
    ctx: ProjectContext, log: Callable[[str], None], project: Project | None = None
) -> BuildOptions:
    """Return how the project is built, or without it a dependency."""
    constraints = ctx.settings.build_constraints if project else None
    tag = project.released_as if project else None
    # 1980-01-01: zip files have no earlier time (APPNOTE.TXT, 4.4.6), and old hatchling and
    # setuptools fail at one.
    zip_epoch = 315_532_800
    return BuildOptions(
        environ=ctx.network.environ,
        cache=ctx.cache,
        constraints=ctx.root / constraints if constraints else None,
        epoch=max(project.commit.time if project else 0, zip_epoch),
        version=tag.version if tag else None,
        log=log,
        root=ctx.root,
        group=ctx.group,
        own_names=ctx.settings.own_names if ctx.into_sandbox else (),
        timeout=ctx.network.timeout,
        installer_environ=ctx.network.installer_environ,
        count=ctx.network.count_uv,
    )


def _build_repaired_wheel(
    ctx: ProjectContext, sdist: Path, tempdir: Path, options: BuildOptions, hooks: Hooks
) -> Made:
    made = build_wheel(sdist, tempdir, options, hooks)
    command = ctx.settings.repair_wheel_command
    if command is None:
        return made
    environ, epoch, log = strip_credentials(options.environ), options.epoch, options.log
    path = repair_wheel(made.path, command, root=ctx.root, environ=environ, epoch=epoch, log=log)
    return replace(made, path=path)


def _keep(ctx: ProjectContext, path: Path) -> Dist:
    path.chmod(0o644)
    dist = make_folder(ctx.dist, root=ctx.root)
    return read_dist(path.replace(dist / path.name))


def _record(
    ctx: ProjectContext,
    project: Project,
    dists: Sequence[Dist],
    requirements: Iterable[str],
    made_from: str | None,
) -> Record:
    metadata, _ = parse_metadata(read_metadata(dists[-1]) or b"")
    new = project.development
    if new and new.version != dists[-1].named.version:
        ctx.progress.note(
            f"the build made {dists[-1].named.version}: it does not take the version from "
            f"{new.stated.place}, where {new.version} was written"
        )
        new = None
    tools = {name: installed_version(name) for name in ("releasekit", "build", "uv")}
    facts = BuildFacts(
        files=tuple(dist.filename for dist in dists),
        made_from=made_from,
        requirements=tuple(map(ctx.redactor.clean_requirement, requirements)),
        tools={"python": platform.python_version(), **tools},
    )
    record = Record(
        project=metadata.get("name", dists[-1].named.name),
        version=str(dists[-1].named.version),
        tag=project.released_as.name if project.released_as else None,
        commit=project.commit.sha,
        dirty=project.dirty,
        files=tuple(
            RecordedFile(filename=dist.filename, size=dist.size, sha256=dist.sha256)
            for dist in dists
        ),
        builds=(facts,),
        development=DevelopmentFacts(
            written_to=new.stated.place,
            stated=str(new.stated.version),
            after=new.history.last.name if new.history.last else None,
            commits=new.history.commits,
        )
        if new
        else None,
    )
    write_record(ctx, record)
    ctx.progress.finish(Built(record=record))
    return record


def note_other_files(ctx: ProjectContext, record: Record) -> None:
    """Say what else lies in `dist/`; it is left alone."""
    expected = {*(file.filename for file in record.files), ".gitignore"}
    others = {path.name for path in ctx.dist.iterdir() if path.is_file()} - expected
    if others:
        names = list_some(sorted(others))
        ctx.progress.note(f"dist/ also holds {names}: left alone, not part of this release")
