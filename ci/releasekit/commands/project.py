"""The project, as commands find it: its version, and what a build left of it.

A project has a version. The record of a build names the dists; the proof says that they work.
"""

import contextlib
import hashlib
import hmac
import shlex
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version as installed_version
from pathlib import Path

from pydantic import ValidationError

from releasekit import git
from releasekit.archives import read_dist
from releasekit.context import ProjectContext, open_project
from releasekit.destination import choose_destination
from releasekit.errors import (
    CannotWrite,
    Entry,
    NotAPlainFile,
    NotBuilt,
    ReleasekitError,
    refused,
    setup,
    usage,
)
from releasekit.inspect.project import find_counter, find_stated_version
from releasekit.model.access import NO_CREDENTIALS
from releasekit.model.dists import Dist, NotADistError
from releasekit.model.project import (
    Development,
    Project,
    dirty_tree,
    explain_tags,
    find_release_tag,
    no_release_tag,
    refuse_unreleasable,
)
from releasekit.model.record import (
    NewerSchemaError,
    Proof,
    Record,
    find_changes,
    find_differences,
    find_gaps,
    is_superseded,
    name_part,
    parse_proof,
    parse_record,
    render_record,
)
from releasekit.outcome import Progress, ProjectRead, RecordRead
from releasekit.request import Request
from releasekit.workspace import (
    PROOF,
    RECORD,
    check_file,
    list_folder,
    read_file,
    remove_file,
    write_file,
)

PARTS = RECORD.parent / "parts"
"""Where each build leaves its record under a name of its own, for `gather`."""


def read_project(ctx: ProjectContext) -> Project:
    """Read the commit and its release tag, or the development version of what has none."""
    ctx.progress.begin("version")
    environ, patterns = ctx.network.git_environ, ctx.settings.tag_patterns
    commit = git.read_commit(ctx.root, environ)
    tag = find_release_tag(
        commit, patterns, ctx.options.tag or ctx.environ.get("RELEASEKIT_TAG") or None
    )
    project = Project(root=ctx.root, commit=commit, tag=tag)
    if project.released_as is None:
        history = git.read_history(ctx.root, environ, patterns)
        project = develop(replace(project, history=history), ctx.root)
    ctx.progress.finish(ProjectRead(project=project))
    if counter := _find_counter(project):
        fetch = f"git -C {shlex.quote(str(commit.root))} fetch --tags"
        ctx.progress.note(
            f"this clone has no tags, and {counter} counts from them: {fetch} gives the number "
            "that other clones get"
        )
    return project


def develop(project: Project, source: Path) -> Project:
    """Return the project with the development version of what is in a directory, if it needs one.

    The checkout decides: in a working tree git may be told to overlook a change.
    """
    development, history = None, project.history
    if history and (stated := find_stated_version(source)):
        development = Development(stated=stated, history=history)
    return replace(project, development=development)


def read_releasable_project(ctx: ProjectContext) -> Project:
    """Read the project and refuse a commit that may not go where this run sends it."""
    project = read_project(ctx)
    commit, root, patterns = project.commit, project.commit.root, ctx.settings.tag_patterns
    snapshots = ctx.target.snapshots_url
    if snapshots and not project.tag:
        if project.dirty:
            raise dirty_tree(commit, f"the commit {commit.short}")
        if commit.shallow:
            raise no_release_tag(commit, patterns)
        # The number would depend on how the project was cloned. A project that never had a release
        # has no tags anywhere, and may go on.
        why = _find_counter(project)
        if project.development and not project.development.history.has_tags:
            why = git.find_tags_elsewhere(root, ctx.network.git_environ, seconds=30)
        if why:
            top, short = shlex.quote(str(root)), commit.short
            raise ReleasekitError(
                setup.NO_TAGS_TO_COUNT_FROM, root=str(root), commit=short, reason=why, top=top
            )
    elif not ctx.target.sandbox:
        refuse_unreleasable(project, patterns)
    if project.released_as is None:
        ctx.progress.note(
            f"HEAD has no release tag: this goes to {snapshots}, as a development version"
            if snapshots
            else "a configured index would refuse this: it takes unchanged, tagged commits only"
        )
        if said := explain_tags(commit.tags if project.tag is None else (), patterns):
            ctx.progress.note("; ".join(said))
    return project


def _find_counter(project: Project) -> str:
    """Return what would count from tags that this clone lacks, beside releasekit; "" for none."""
    is_counted = project.history and not project.history.has_tags and not project.development
    return find_counter(project.root) if is_counted else ""


def write_record(ctx: ProjectContext, record: Record) -> None:
    """Write the record of a build: for the next step, and as a part that others are joined with.

    Parts of earlier builds here that this one makes worthless are removed, and the proof of what
    was built before.
    """
    remove_file(ctx.results / PROOF, root=ctx.root)
    for path in find_parts(ctx.results):
        with contextlib.suppress(OSError, CannotWrite):
            if _is_worthless(ctx.root, path, record):
                remove_file(path, root=ctx.root)
    text = render_record(record)
    write_file(ctx.results / PARTS / name_part(record), text, root=ctx.root)
    write_file(ctx.record_path, text, root=ctx.root)


def _is_worthless(root: Path, path: Path, record: Record) -> bool:
    try:
        return is_superseded(parse_record(read_file(path, root=root)), by=record)
    except (ValueError, NotAPlainFile):
        return True


def find_parts(folder: Path) -> list[Path]:
    """Return the records that builds left below a directory."""
    return list_folder(folder / PARTS, "*.json", root=folder)


def load_record(path: Path, *, root: Path) -> Record:
    """Read a record, of whatever commit; raises NO_RECORD, NEWER_FILE and NotAPlainFile."""
    with _refuse_unreadable(path, usage.NO_RECORD):
        return parse_record(read_file(path, root=root))


@contextlib.contextmanager
def _refuse_unreadable(path: Path, entry: Entry) -> Iterator[None]:
    """Raise this error for a file of an earlier step that is not there, or cannot be read.

    Raises NEWER_FILE as well.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise NotBuilt(entry, path=str(path), reason="there is no such file") from error
    except NewerSchemaError as error:
        raise ReleasekitError(
            usage.NEWER_FILE,
            path=str(path),
            found=error.found,
            known=error.known,
            release=installed_version("releasekit"),
        ) from error
    except (OSError, ValueError) as error:
        reason = str(error)
        if isinstance(error, ValidationError):
            problem = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, problem["loc"])) or "JSON"
            reason = f"{where}: {problem['msg']}"
        raise NotBuilt(entry, path=str(path), reason=f"it cannot be read: {reason}") from error


def read_record(ctx: ProjectContext, project: Project) -> Record:
    """Read the record that a build left; it has to be of this commit and tag.

    Raises NO_RECORD and RECORD_OF_ANOTHER_COMMIT.
    """
    record = load_record(ctx.record_path, root=ctx.root)
    refuse_other_commit(record, project, ctx.record_path)
    ctx.progress.finish(RecordRead(record=record))
    return record


def read_whole_record(ctx: ProjectContext, project: Project) -> Record:
    """Read the record of a whole release; raises INCOMPLETE_RELEASE as well."""
    record = read_record(ctx, project)
    refuse_gaps(ctx, record)
    return record


def refuse_other_commit(record: Record, project: Project, path: Path) -> None:
    """Raise RECORD_OF_ANOTHER_COMMIT for a record of another commit or tag than is checked out."""
    tag = project.released_as.name if project.released_as else None
    built = (record.commit, record.tag, record.dirty)
    head = (project.commit.sha, tag, project.dirty)
    if built != head:
        raise NotBuilt(
            refused.RECORD_OF_ANOTHER_COMMIT,
            path=str(path),
            built=_describe(*built),
            head=_describe(*head),
        )


def _describe(commit: str, tag: str | None, dirty: bool) -> str:
    return f"{commit[:10]} ({tag or 'no tag'}{', with changes' if dirty else ''})"


def read_dists(root: Path, record: Record) -> tuple[Dist, ...]:
    """Read the recorded files from `dist/` below a directory.

    Raises NotAPlainFile, and FILES_CHANGED for other bytes.
    """
    folder = root / "dist"
    dists = []
    for file in record.files:
        with contextlib.suppress(FileNotFoundError, NotADistError):
            dists.append(read_dist(check_file(folder / file.filename, root=root)))
    if changes := find_changes(record, dists):
        raise NotBuilt(refused.FILES_CHANGED, dist=str(folder), reason="\n".join(changes))
    return tuple(dists)


def refuse_gaps(ctx: ProjectContext, record: Record) -> None:
    """Raise INCOMPLETE_RELEASE where a file of the release is missing, or one too much is there."""
    if gaps := find_gaps(record, ctx.settings.wheels):
        raise ReleasekitError(
            refused.INCOMPLETE_RELEASE,
            requirement=record.requirement,
            path=str(ctx.record_path),
            gaps="\n".join(gaps),
        )


def read_proof(ctx: ProjectContext, record: Record) -> Proof:
    """Read the proof that `check` left, which has to be about these files.

    Raises NO_PROOF, NEWER_FILE, OTHER_PROOF and NotAPlainFile.
    """
    path = ctx.results / PROOF
    with _refuse_unreadable(path, usage.NO_PROOF):
        text = read_file(path, root=ctx.root)
        proof = parse_proof(text)
    variable = "RELEASEKIT_PROOF_SHA256"  # from the job that made it
    wanted = ctx.environ.get(variable, "").strip().lower()
    found = hashlib.sha256(text.encode()).hexdigest()
    if wanted and not hmac.compare_digest(wanted, found):
        reason = f"its SHA-256 is {found}, {variable} says {wanted}"
        raise ReleasekitError(refused.OTHER_PROOF, path=str(path), reason=reason)
    refuse_unproven(ctx, record, proof)
    return proof


def refuse_unproven(ctx: ProjectContext, record: Record, proof: Proof) -> None:
    """Raise OTHER_PROOF for other bytes, NO_PROOF where requirements could not be looked for."""
    path = str(ctx.results / PROOF)
    if differences := find_differences(proof, record):
        raise ReleasekitError(refused.OTHER_PROOF, path=path, reason="\n".join(differences))
    if not proof.is_complete and not ctx.into_sandbox:
        reason = "the requirements were not resolved: it was made for a sandbox, without a group"
        raise ReleasekitError(usage.NO_PROOF, path=path, reason=reason)


def refuse_early(request: Request) -> None:
    """Raise what `release` or `publish` refuses whoever gives the credentials.

    Nobody is asked for them before. `release` reads the project; `publish` reads what was built and
    its proof, too.
    """
    with contextlib.ExitStack() as stack:
        destination = choose_destination(request, lambda _request, _url: NO_CREDENTIALS)
        ctx = open_project(request, destination, Progress(), stack)
        project = read_releasable_project(ctx)
        if request.command.name == "publish":
            record = read_whole_record(ctx, project)
            if not request.is_dry_run:
                read_proof(ctx, record)
