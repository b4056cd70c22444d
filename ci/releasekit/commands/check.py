"""Checks judge dists; the proof shows that they work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from packaging.version import Version

from releasekit import git
from releasekit.checks.catalog import CHECKS
from releasekit.checks.facts import MEGABYTE, DistFacts, ProjectFacts
from releasekit.checks.model import Check, Finding, Severity, list_codes, run_checks
from releasekit.checks.proof import PROOF_CODES
from releasekit.commands.build import build
from releasekit.commands.given_files import read_files
from releasekit.commands.plan import is_published
from releasekit.commands.prove import begin_environments, prove
from releasekit.commands.record import read_dists, read_record
from releasekit.commands.version import read_project
from releasekit.context import ProjectContext
from releasekit.errors import NotBuilt, ReleasekitError
from releasekit.errors.refused import CHECKS_REFUSED
from releasekit.inspect.gather import gather_facts
from releasekit.inspect.project import read_backend_warnings, read_declared, read_packing
from releasekit.model.dists import Dist
from releasekit.model.project import Project
from releasekit.model.record import Proof, Record, WheelResult, prove_record, render_proof
from releasekit.outcome import Checked
from releasekit.plural import plural
from releasekit.proof.proved import Proved
from releasekit.workspace import PROOF, SMOKE_LOG, check_file, list_folder, remove_file, write_file

CHECKS_OF_FILES = tuple(check for check in CHECKS if not check.needs_project)
CHECKS_OF_BYTES = tuple(check for check in CHECKS if check.code not in PROOF_CODES)
"""All but those of the proof: what `publish` runs, where no code of others may run."""


def run(ctx: ProjectContext) -> None:
    """Check the files that were given, or the dists of this commit; build them if need be."""
    if ctx.options.files:
        check_files(ctx)
        return
    project = read_project(ctx)
    begin_environments(ctx)
    try:
        record = read_record(ctx, project)
        read_dists(ctx, record)
    except NotBuilt:
        record = build(ctx, project)
    check(ctx, project, record)


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedDists:
    """Dists that no check refuses, and the proof that they work."""

    dists: tuple[Dist, ...]
    proof: Proof


def check(ctx: ProjectContext, project: Project, record: Record) -> CheckedDists:
    """Run all checks on the recorded files, and prove them; raises CHECKS_REFUSED for an error."""
    ctx.progress.begin("check")
    remove_file(ctx.results / PROOF, root=ctx.root)
    dists = read_dists(ctx, record)
    facts = gather_facts(dists, _gather_project(ctx, project, record), ctx.root)
    proved = prove(ctx, record, dists)
    _write_logs(ctx, proved)
    facts = tuple(replace(dist, project=proved.add_to(dist.project)) for dist in facts)
    findings = _judge(ctx, CHECKS, facts, where=str(ctx.root), record=record, proved=proved)
    proof = prove_record(
        record, _list_tests(proved, findings), requirements_from=ctx.redactor.clean(proved.source)
    )
    write_file(ctx.results / PROOF, render_proof(proof), root=ctx.root)
    return CheckedDists(dists=dists, proof=proof)


def check_bytes(ctx: ProjectContext, project: Project, record: Record) -> tuple[Dist, ...]:
    """Run the checks that run no code of others again; raises CHECKS_REFUSED for an error."""
    ctx.progress.begin("check")
    dists = read_dists(ctx, record)
    facts = gather_facts(dists, _gather_project(ctx, project, record), ctx.root)
    _judge(ctx, CHECKS_OF_BYTES, facts, where=str(ctx.root))
    return dists


def check_files(ctx: ProjectContext) -> None:
    """Run the checks that a dist alone can answer on the files that were given."""
    ctx.progress.begin("check")
    facts = gather_facts(read_files(ctx), _read_limits(ctx))
    _judge(ctx, CHECKS_OF_FILES, facts, where=", ".join(map(str, ctx.options.files)))


def _write_logs(ctx: ProjectContext, proved: Proved) -> None:
    """Write the locks, and what imports and smoke tests wrote; remove those of earlier runs."""
    folder = (ctx.results / PROOF).parent
    for path in list_folder(folder, "pylock*.toml", root=ctx.root):
        remove_file(path, root=ctx.root)
    for name, text in proved.locks.items():
        write_file(folder / name, text, root=ctx.root)
    lines = "".join(f"{line}\n" for line in proved.log)
    write_file(ctx.results / SMOKE_LOG, lines, root=ctx.root)


def _list_tests(proved: Proved, findings: Sequence[Finding]) -> tuple[WheelResult, ...]:
    """Return what was tested; what failed, and refuses no release, is waived."""
    failed = {(one.wheel, one.python): "RK119" for one in proved.unresolved}
    failed |= {(one.wheel, one.python): one.code for one in proved.failures}
    reasons = {finding.code: finding.reason or finding.word for finding in findings}
    return tuple(
        test.model_copy(update={"result": "waived", "reason": reasons.get(code, code)})
        if (code := failed.get((test.wheel or "", test.python or "")))
        else test
        for test in proved.tests
    )


def _gather_project(ctx: ProjectContext, project: Project, record: Record) -> ProjectFacts:
    tag = project.released_as
    return replace(
        _read_limits(ctx),
        declared=read_declared(ctx.root),
        release_version=tag.version if tag else Version(record.version),
        tag=tag.name if tag else None,
        versioned=tuple(git.list_files(ctx.root, ctx.network.git_environ)),
        packing=read_packing(ctx.root),
        backend_warnings=read_backend_warnings(
            check_file(ctx.record_path.parent / "build.log", root=ctx.root)
        ),
    )


def _read_limits(ctx: ProjectContext) -> ProjectFacts:
    """Return what configuration asks of every dist."""
    return ProjectFacts(
        into_public=_is_public(ctx.target.upload_url),
        required_urls=ctx.settings.required_urls,
        size_limit=ctx.settings.size_limit * MEGABYTE,
    )


def _is_public(url: str) -> bool:
    if not url:
        return False
    from releasekit.credentials import is_default_repository  # twine takes long to import

    return is_default_repository(url)


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
    if record and any(map(_is_error_of_proof, findings)):
        findings = _lower_if_published(ctx, record, facts, findings)
    works = proved.describe() if proved else ""
    checked = list_codes(checks, facts, judge)
    ctx.progress.finish(Checked(findings=findings, codes=checked, works=works))
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        codes = ", ".join(dict.fromkeys(finding.code for finding in errors))
        found = plural(len(errors), "finding")
        raise ReleasekitError(CHECKS_REFUSED, place=where, findings=found, codes=codes)
    return findings


def _is_error_of_proof(finding: Finding) -> bool:
    return finding.severity is Severity.ERROR and finding.code in PROOF_CODES


def _lower_if_published(
    ctx: ProjectContext,
    record: Record,
    facts: Sequence[DistFacts],
    findings: Sequence[Finding],
) -> tuple[Finding, ...]:
    """Make errors of the proof warnings where a part of the release is published already.

    A world that has changed must not stop a half-finished release; `verify` decides.
    """
    url = is_published(ctx, record, [fact.dist for fact in facts])
    if not url:
        return tuple(findings)
    reason = f"{url} has a file of this release already; verify decides"
    return tuple(
        replace(finding, severity=Severity.WARNING, reason=reason)
        if _is_error_of_proof(finding)
        else finding
        for finding in findings
    )
