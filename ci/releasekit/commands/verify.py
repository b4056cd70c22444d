"""Verification plans again and finds nothing left to do, installs, imports and tests."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from releasekit.checks.build_and_proof import PROOF_CHECKS
from releasekit.checks.model import NO_PROJECT, DistFacts, Severity, run_checks
from releasekit.commands.plan import (
    POLL,
    download_digests,
    install_url,
    open_repository,
    read_decided_page,
    refuse_other_bytes,
    upload_url,
)
from releasekit.commands.project import read_dists, read_project, read_whole_record
from releasekit.commands.prove import begin_environments, choose_wheels, prove
from releasekit.context import ProjectContext
from releasekit.errors import ReleasekitError, failed, refused, usage
from releasekit.model.dists import Dist, DistKind
from releasekit.model.published import Action, PublishedFile, compare, find_unproven
from releasekit.model.record import Record
from releasekit.outcome import Verified
from releasekit.proof.proved import Proved
from releasekit.tempdirs import open_tempdir


def run(ctx: ProjectContext) -> None:
    """Prove that what was built is served, installs and works."""
    begin_environments(ctx)
    record = read_whole_record(ctx, read_project(ctx))
    verify(ctx, record, read_dists(ctx.results, record))


def verify(ctx: ProjectContext, record: Record, dists: Sequence[Dist]) -> None:
    """Prove that the index serves every file with the same bytes, and that the release works."""
    ctx.progress.begin("verify")
    url = install_url(ctx, record)
    for_here = {wheel.filename for _, _, wheel in choose_wheels(ctx, dists) if wheel}
    with open_tempdir("releasekit-verify-") as tempdir:
        paths = {filename: tempdir / filename for filename in for_here}
        _await_files(ctx, record, dists, url, paths)
        for dist in dists:
            if dist.named.kind is DistKind.WHEEL and dist.filename not in for_here:
                ctx.progress.note(
                    f"{dist.filename} is for another platform: downloaded by hash, not installed "
                    "here"
                )
        proved = _install_back(ctx, record, dists, paths, url) if for_here else Proved()
    ctx.progress.finish(
        Verified(
            url=url,
            requirement=record.requirement,
            installed=proved.has_installed,
            works=proved.describe(),
        )
    )


def _await_files(
    ctx: ProjectContext,
    record: Record,
    dists: Sequence[Dist],
    url: str,
    paths: Mapping[str, Path],
) -> None:
    """Wait until a plan against the index finds nothing left to do, `stale-limit` at most.

    The wheels are downloaded whatever the page says of them, none of them twice while others are
    waited for.
    """
    index = open_repository(ctx, url)
    deadline = time.monotonic() + ctx.settings.stale_limit
    served: dict[PublishedFile, PublishedFile | None] = {}
    while True:
        page = index.read_page(record.normalized_name)
        listed = (page.find(d.filename) for d in dists if d.named.kind is DistKind.WHEEL)
        wanted = (*find_unproven(dists, page), *(file for file in listed if file))
        unproven = [file for file in dict.fromkeys(wanted) if not served.get(file)]
        served |= download_digests(index, unproven, dists, paths)
        plan = compare(dists, page.with_served(served), url=url)
        refuse_other_bytes(plan)
        missing = plan.having(Action.UPLOAD)
        if not missing:
            return
        files = "\n".join(f"{dist.filename} is not served" for dist in missing)
        if ctx.target.sandbox:  # it shows at once what it has
            raise ReleasekitError(usage.NOTHING_PUBLISHED, url=url, files=files)
        if time.monotonic() > deadline:
            raise _explain_stale(ctx, record, missing, url, files)
        ctx.progress.work(f"waiting for {url} to show {missing[0].filename}")
        time.sleep(POLL)


def _explain_stale(
    ctx: ProjectContext, record: Record, missing: Sequence[Dist], url: str, files: str
) -> ReleasekitError:
    place, entry = upload_url(ctx, record), failed.STALE_INDEX
    try:
        page = read_decided_page(open_repository(ctx, place), record, missing)
        uploaded = not compare(missing, page, url=place).having(Action.UPLOAD)
        hosted = "the package itself is uploaded"
        if not uploaded:
            entry, hosted = failed.NOT_UPLOADED, f"{place} does not list them either"
    except ReleasekitError as error:
        hosted = f"whether {place} has them is not known: {error.answers()['what']}"
    seconds = ctx.settings.stale_limit
    return ReleasekitError(entry, url=url, files=files, seconds=seconds, hosted=hosted)


def _install_back(
    ctx: ProjectContext, record: Record, dists: Sequence[Dist], paths: Mapping[str, Path], url: str
) -> Proved:
    """Prove the files that were downloaded like those that were built; raise what is to blame."""
    served = [replace(d, path=paths[d.filename]) if d.filename in paths else d for d in dists]
    proved = prove(ctx, record, served)
    project = proved.add_to(NO_PROJECT)
    facts = [DistFacts(dist=dist, metadata=None, project=project) for dist in dists]
    findings = run_checks(PROOF_CHECKS, facts, ctx.settings.severity.judge)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    for finding in findings:
        if finding.severity in (Severity.WARNING, Severity.NOTE):
            ctx.progress.note(f"{finding.code}: {finding.message}")
    if gone := [finding.message for finding in errors if finding.code == "RK119"]:
        raise ReleasekitError(
            failed.DEPENDENCIES_GONE, index=proved.source or url, reason="\n".join(gone)
        )
    if errors:
        failures = "\n".join(finding.message for finding in errors)
        raise ReleasekitError(
            refused.PACKAGE_FAILS, requirement=record.requirement, url=url, failures=failures
        )
    return proved
