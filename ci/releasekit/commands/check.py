"""Checks judge dists; the proof shows that they work."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from packaging.version import Version

from releasekit import git
from releasekit.archives import read_dist
from releasekit.checks.build_and_proof import PROOF_CODES
from releasekit.checks.catalog import CHECKS
from releasekit.checks.model import (
    MEGABYTE,
    Check,
    DistFacts,
    Finding,
    ProjectFacts,
    Severity,
    list_codes,
    run_checks,
)
from releasekit.commands.build import build
from releasekit.commands.plan import download_digests, open_repository, upload_url
from releasekit.commands.project import read_dists, read_project, read_record
from releasekit.commands.prove import begin_environments, prove
from releasekit.context import ProjectContext
from releasekit.errors import NotBuilt, ReleasekitError, refused, usage
from releasekit.inspect.gather import gather_facts
from releasekit.inspect.project import read_project_facts
from releasekit.model.dists import Dist, NotADistError, parse_filename
from releasekit.model.project import Project
from releasekit.model.published import find_unproven
from releasekit.model.record import Proof, Record, WheelResult, prove_record, render_proof
from releasekit.outcome import Checked
from releasekit.plural import list_some, plural
from releasekit.proof.proved import Proved
from releasekit.workspace import PROOF, SMOKE_LOG, check_file, list_folder, remove_file, write_file


def run(ctx: ProjectContext) -> None:
    """Check the files that were given, or the dists of this commit; build them if need be."""
    if ctx.options.files:
        ctx.progress.begin("check")
        facts = gather_facts(_read_files(ctx), _read_limits(ctx))
        checks = [check for check in CHECKS if not check.needs_project]
        _judge(ctx, checks, facts, where=", ".join(map(str, ctx.options.files)))
        return
    project = read_project(ctx)
    begin_environments(ctx)
    try:
        record = read_record(ctx, project)
        read_dists(ctx.results, record)
    except NotBuilt:
        record = build(ctx, project)
    check(ctx, project, record)


def check(ctx: ProjectContext, project: Project, record: Record) -> tuple[tuple[Dist, ...], Proof]:
    """Run all checks on the recorded files, and prove them; return the files and the proof.

    Raises CHECKS_REFUSED for an error.
    """
    ctx.progress.begin("check")
    proof_path = ctx.results / PROOF
    folder = proof_path.parent
    remove_file(proof_path, root=ctx.root)
    dists = read_dists(ctx.results, record)
    facts = gather_facts(dists, _gather_project(ctx, project, record), ctx.root)
    proved = prove(ctx, record, dists)
    for path in list_folder(folder, "pylock*.toml", root=ctx.root):  # of earlier runs
        remove_file(path, root=ctx.root)
    for name, text in proved.locks.items():
        write_file(folder / name, text, root=ctx.root)
    lines = "".join(f"{line}\n" for line in proved.log)
    write_file(ctx.results / SMOKE_LOG, lines, root=ctx.root)
    facts = tuple(replace(dist, project=proved.add_to(dist.project)) for dist in facts)
    findings = _judge(ctx, CHECKS, facts, where=str(ctx.root), record=record, proved=proved)
    proof = prove_record(
        record, _list_tests(proved, findings), requirements_from=ctx.redactor.clean(proved.source)
    )
    write_file(proof_path, render_proof(proof), root=ctx.root)
    return dists, proof


def check_bytes(ctx: ProjectContext, project: Project, record: Record) -> tuple[Dist, ...]:
    """Run the checks that run no code of others again; raises CHECKS_REFUSED for an error."""
    ctx.progress.begin("check")
    dists = read_dists(ctx.results, record)
    facts = gather_facts(dists, _gather_project(ctx, project, record), ctx.root)
    checks = [check for check in CHECKS if check.code not in PROOF_CODES]
    _judge(ctx, checks, facts, where=str(ctx.root))
    return dists


def _read_files(ctx: ProjectContext) -> tuple[Dist, ...]:
    """Read the dists that the options name, those of a directory in the order of their names.

    Raises NOT_DISTS with all that is none. What else a directory holds is left alone.
    """
    paths: list[Path] = []
    for path in ctx.options.files:
        paths += _find_dists(ctx, path) if path.is_dir() else [path]
    dists, reasons = [], []
    for path in dict.fromkeys(paths):
        if not path.is_file():
            why = "this is no regular file" if path.exists() else "there is no such file"
            reasons.append(f"{path}: {why}")
            continue
        try:
            dists.append(read_dist(path))
        except (NotADistError, OSError) as error:
            reasons.append(f"{path}: {error.strerror if isinstance(error, OSError) else error}")
    if reasons or not dists:
        named = [str(path) for path in ctx.options.files]
        raise ReleasekitError(
            usage.NOT_DISTS,
            place=", ".join(named[:3]) + (", …" if named[3:] else ""),
            reasons="\n".join(reasons or ["no file in there has the name of a dist"]),
        )
    return tuple(dists)


def _find_dists(ctx: ProjectContext, folder: Path) -> list[Path]:
    files = sorted(path for path in folder.iterdir() if path.is_file())
    dists = []
    for path in files:
        with contextlib.suppress(NotADistError):
            parse_filename(path.name)
            dists.append(path)
    others = [path.name for path in files if path not in dists]
    if dists and others:
        ctx.progress.note(f"{folder} also holds {list_some(others)}: no dists, left alone")
    return dists


def _list_tests(proved: Proved, findings: Sequence[Finding]) -> tuple[WheelResult, ...]:
    """Return what was tested; what failed, and refuses no release, is waived."""
    failed = {(one.wheel, one.python): one.code for one in proved.failures}
    reasons = {finding.code: finding.reason or finding.word for finding in findings}
    return tuple(
        test.model_copy(update={"result": "waived", "reason": reasons.get(code, code)})
        if (code := failed.get((test.wheel or "", test.python or "")))
        else test
        for test in proved.tests
    )


def _gather_project(ctx: ProjectContext, project: Project, record: Record) -> ProjectFacts:
    log = check_file(ctx.record_path.parent / "build.log", root=ctx.root)
    tag = project.released_as
    return replace(
        read_project_facts(_read_limits(ctx), ctx.root, log),
        release_version=tag.version if tag else Version(record.version),
        tag=tag.name if tag else None,
        versioned=tuple(git.list_files(ctx.root, ctx.network.git_environ)),
    )


def _read_limits(ctx: ProjectContext) -> ProjectFacts:
    into_public = False
    if url := ctx.target.upload_url:
        from releasekit.credentials import is_default_repository  # twine takes long to import

        into_public = is_default_repository(url)
    return ProjectFacts(
        into_public=into_public,
        required_urls=ctx.settings.required_urls,
        size_limit=ctx.settings.size_limit * MEGABYTE,
    )


def _judge(
    ctx: ProjectContext,
    checks: Sequence[Check],
    facts: Sequence[DistFacts],
    *,
    where: str,
    record: Record | None = None,
    proved: Proved | None = None,
) -> tuple[Finding, ...]:
    judge = ctx.settings.severity.judge
    findings = run_checks(checks, facts, judge)
    of_proof = [one for one in _list_errors(findings) if one.code in PROOF_CODES]
    if record and of_proof and (url := _find_published(ctx, record, [one.dist for one in facts])):
        # A world that has changed must not stop a half-finished release: `verify` decides.
        reason = f"{url} has a file of this release already; verify decides"
        findings = tuple(
            replace(one, severity=Severity.WARNING, reason=reason) if one in of_proof else one
            for one in findings
        )
    ctx.progress.finish(
        Checked(
            findings=findings,
            codes=list_codes(checks, facts, judge),
            works=proved.describe() if proved else "",
        )
    )
    if errors := _list_errors(findings):
        raise ReleasekitError(
            refused.CHECKS_REFUSED,
            place=where,
            findings=plural(len(errors), "finding"),
            codes=", ".join(dict.fromkeys(finding.code for finding in errors)),
        )
    return findings


def _list_errors(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity is Severity.ERROR]


def _find_published(ctx: ProjectContext, record: Record, dists: Sequence[Dist]) -> str:
    """Return the hosted repository if it lists one of these files, with our SHA-256; else ""."""
    if url := upload_url(ctx, record):
        with contextlib.suppress(ReleasekitError):  # what is not known is not published
            index = open_repository(ctx, url)
            page = index.read_page(record.normalized_name)
            unproven = find_unproven(dists, page)
            page = page.with_served(download_digests(index, unproven, dists))
            listed = [(page.find(dist.filename), dist.sha256) for dist in dists]
            if any(file and file.digest("sha256") == sha256 for file, sha256 in listed):
                return url
    return ""
