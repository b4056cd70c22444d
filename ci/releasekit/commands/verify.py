"""Verification plans again and finds nothing left to do, and installs."""

from __future__ import annotations

import time
from collections.abc import Sequence

from packaging.utils import canonicalize_name
from packaging.version import Version

from releasekit.commands.plan import (
    POLL,
    download_digests,
    download_wheels,
    install_url,
    open_repository,
    read_decided_page,
    refuse_other_bytes,
    upload_url,
)
from releasekit.commands.record import read_dists, read_whole_record
from releasekit.commands.version import read_project
from releasekit.context import ProjectContext
from releasekit.errors import OtherBytesServed, ReleasekitError
from releasekit.errors.failed import INSTALL_NOT_TESTED, NOT_UPLOADED, STALE_INDEX
from releasekit.errors.refused import PACKAGE_BROKEN
from releasekit.errors.usage import NOTHING_PUBLISHED
from releasekit.model.dists import Dist, DistKind
from releasekit.model.plan import Action, compare, find_unproven
from releasekit.model.record import Record
from releasekit.model.simple_page import ProjectPage, PublishedFile
from releasekit.process import Finished
from releasekit.proof.install import (
    CleanEnvironment,
    blames_wheel,
    install_by_hash,
    install_files,
    is_installable,
    make_environment,
    read_installed,
)
from releasekit.results import Verified
from releasekit.tempdirs import open_tempdir


def run(ctx: ProjectContext) -> None:
    """Prove that what was built is served and installs."""
    record = read_whole_record(ctx, read_project(ctx))
    verify(ctx, record, read_dists(ctx, record))


def verify(ctx: ProjectContext, record: Record, dists: Sequence[Dist]) -> None:
    """Prove that the index serves every file with the same bytes, and that the release installs."""
    ctx.progress.begin("verify")
    url = install_url(ctx, record)
    foreign = tuple(wheel.filename for wheel in _find_foreign(dists))
    _await_files(ctx, record, dists, url, foreign)
    for filename in foreign:
        text = f"{filename} is for another platform: downloaded by hash, not installed here"
        ctx.progress.note(text)
    installed = any(_is_wheel(dist) and dist.filename not in foreign for dist in dists)
    if installed:
        _install_back(ctx, record, dists, url)
    ctx.progress.finish(
        Verified(
            url=url, requirement=record.requirement, not_installed=foreign, installed=installed
        )
    )


def _is_wheel(dist: Dist) -> bool:
    return dist.named.kind is DistKind.WHEEL


def _find_foreign(dists: Sequence[Dist]) -> list[Dist]:
    """Return the wheels for other platforms than this one."""
    return [dist for dist in dists if _is_wheel(dist) and not is_installable(dist.named.tags)]


def _await_files(
    ctx: ProjectContext, record: Record, dists: Sequence[Dist], url: str, foreign: Sequence[str]
) -> None:
    """Wait until a plan against the index finds nothing left to do, `stale-limit` at most.

    No file is downloaded twice while others are waited for.
    """
    index = open_repository(ctx, url)
    deadline = time.monotonic() + ctx.settings.stale_limit
    served: dict[PublishedFile, PublishedFile | None] = {}
    while True:
        page = index.read_page(record.normalized_name)
        unproven = [file for file in _find_unproven(dists, page, foreign) if not served.get(file)]
        served |= download_digests(ctx, unproven, dists, url)
        plan = compare(dists, page.with_served(served), url=url)
        refuse_other_bytes(plan)
        missing = plan.having(Action.UPLOAD)
        if not missing:
            return
        files = "\n".join(f"{dist.filename} is not served" for dist in missing)
        if ctx.target.sandbox:  # it shows at once what it has
            raise ReleasekitError(NOTHING_PUBLISHED, url=url, files=files)
        if time.monotonic() > deadline:
            raise _explain_stale(ctx, record, missing, url, files)
        ctx.progress.work(f"waiting for {url} to show {missing[0].filename}")
        time.sleep(POLL)


def _explain_stale(
    ctx: ProjectContext, record: Record, missing: Sequence[Dist], url: str, files: str
) -> ReleasekitError:
    """Return the error for files that are not served, with what the hosted repository says."""
    place = upload_url(ctx, record)
    entry = STALE_INDEX
    try:
        page = read_decided_page(ctx, record, missing, place)
        uploaded = not compare(missing, page, url=place).having(Action.UPLOAD)
        hosted = "the package itself is uploaded"
        if not uploaded:
            entry, hosted = NOT_UPLOADED, f"{place} does not list them either"
    except ReleasekitError as error:
        hosted = f"whether {place} has them is not known: {error.answers()['what']}"
    seconds = ctx.settings.stale_limit
    return ReleasekitError(entry, url=url, files=files, seconds=seconds, hosted=hosted)


def _find_unproven(
    dists: Sequence[Dist], page: ProjectPage, foreign: Sequence[str]
) -> list[PublishedFile]:
    """Return the listed files that only their bytes prove.

    Nobody installs a wheel for another platform here, and a page may list what does not come.
    """
    listed = (page.find(filename) for filename in foreign)
    files = (*find_unproven(dists, page), *(file for file in listed if file))
    return list(dict.fromkeys(files))


def _install_back(ctx: ProjectContext, record: Record, dists: Sequence[Dist], url: str) -> None:
    """Install the release from the index; raise what is to blame, the package only if it is.

    Raises PACKAGE_BROKEN where the wheel that the index serves is broken without any index too,
    OtherBytesServed where the index serves another wheel, and INSTALL_NOT_TESTED for all else.
    """
    try:
        environment = ctx.environment.take()
        finished = install_by_hash(
            environment,
            record.requirement,
            [dist.sha256 for dist in dists if _is_wheel(dist)],
            url=url,
            credentials=ctx.target.find_reader(url),
            log=lambda line: ctx.progress.output(line),
        )
        problem = _find_problem(finished, environment, record)
        if problem:
            problem = _explain_problem(ctx, record, dists, url, problem)
    except OSError as error:  # a full disk; a uv that may not be started
        problem = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    if problem:
        raise ReleasekitError(INSTALL_NOT_TESTED, place=url, tail=problem)


def _find_problem(finished: Finished, environment: CleanEnvironment, record: Record) -> str:
    """Return what kept the release from being installed, nothing else beside it; "" for nothing."""
    if finished.status:
        return finished.tail()
    installed = [(d.metadata["Name"], d.version) for d in read_installed(environment)]
    wanted = [(canonicalize_name(record.project), Version(record.version))]
    if [(canonicalize_name(name), Version(version)) for name, version in installed] == wanted:
        return ""
    return f"uv reports no error; installed is {installed}, wanted was {record.requirement}"


def _explain_problem(
    ctx: ProjectContext, record: Record, dists: Sequence[Dist], url: str, problem: str
) -> str:
    """Install the same wheels without the index, and return what is known of the problem then.

    uv's own words do not tell a broken wheel from a download that a proxy has damaged. So the
    wheels are downloaded again, compared, and installed from files. Raises PACKAGE_BROKEN, and
    OtherBytesServed.
    """
    wheels = [d for d in dists if _is_wheel(d) and is_installable(d.named.tags)]
    with open_tempdir("releasekit-verify-") as tempdir:
        try:
            download_wheels(ctx, record, wheels, url, tempdir)
            environment = make_environment(tempdir, ctx.network.environ)
        except OtherBytesServed:
            raise
        except ReleasekitError as error:
            what, _, why, _ = error.answers().values()
            return f"{problem}\nthe second attempt, from files, was not possible: {what}: {why}"
        again = install_files(environment, record.requirement, wheels, tempdir)
        if blames_wheel(again):
            tail = again.tail()
            raise ReleasekitError(
                PACKAGE_BROKEN, requirement=record.requirement, url=url, tail=tail
            )
        if again.status:
            return f"{problem}\nthe second attempt, from files, failed too:\n{again.tail()}"
        still = _find_problem(again, environment, record)
        return f"{problem}\n{still or 'without the index, the same files do install'}"
