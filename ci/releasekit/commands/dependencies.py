"""Dependencies that are not to be had from the group, asked once and side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from releasekit.checks.facts import DistFacts
from releasekit.commands.plan import install_url, upload_url
from releasekit.context import ProjectContext
from releasekit.errors import ReleasekitError
from releasekit.index.layouts import open_index
from releasekit.index.protocol import Index
from releasekit.model.addresses import is_loopback
from releasekit.model.credentials import NO_CREDENTIALS
from releasekit.model.record import Record
from releasekit.plural import list_some
from releasekit.threads import run_in_threads


@dataclass(frozen=True, kw_only=True, slots=True)
class Absent:
    """The index that was asked, an empty address for none, and what it does not have."""

    index: str = ""
    names: tuple[str, ...] = ()


def find_absent_dependencies(
    ctx: ProjectContext, record: Record, facts: Sequence[DistFacts]
) -> Absent:
    """Ask the group for every dependency of a release; one that does not answer is asked no more.

    Only a group can be expected to have them all: for a sandbox it is that of the project's files.
    What the same command releases beside this is not expected there: it may come a moment later.
    """
    names = sorted(set(_find_names(facts)) - {record.normalized_name} - ctx.siblings)
    url = install_url(ctx, record)
    if ctx.into_sandbox and url:
        return _ask_for_sandbox(ctx, names)
    if not url or url == upload_url(ctx, record) or ctx.target.reader == NO_CREDENTIALS:
        return Absent()
    absent = _ask(open_index(url, client=ctx.network.client, reader=ctx.target.reader), names)
    if absent is None:
        return Absent()  # what was not answered is not passed; the plan asks the same index
    if is_loopback(url) and len(absent) == len(names):
        return Absent()  # a server for trying out, of which the proxy has no remote
    return Absent(index=url, names=absent)


def _ask_for_sandbox(ctx: ProjectContext, names: Sequence[str]) -> Absent:
    """Ask the group of the project's files; without it, nothing can be said of a dependency."""
    if ctx.group:
        url, reader = ctx.group.url, ctx.group.credentials
        index = open_index(url, client=ctx.network.client, reader=reader)
        absent = _ask(index, names)
        if absent is not None:
            return Absent(index=url, names=absent)
    if names:
        shown = list_some(names)
        ctx.progress.note(f"not verified: whether {shown} can be installed (no group was asked)")
    return Absent()


def _ask(index: Index, names: Sequence[str]) -> tuple[str, ...] | None:
    absent: set[str] = set()
    failed: list[ReleasekitError] = []

    def ask(name: str) -> None:
        if failed:
            return
        try:
            if not index.read_page(name).files:
                absent.add(name)
        except ReleasekitError as error:
            failed.append(error)

    run_in_threads(ask, names)
    return None if failed else tuple(sorted(absent))


def _find_names(facts: Sequence[DistFacts]) -> Iterator[str]:
    for dist in facts:
        for need in (dist.metadata or {}).get("requires_dist", []):
            try:
                requirement = Requirement(need)
            except InvalidRequirement:
                continue  # RK103
            if requirement.url is None:
                yield canonicalize_name(requirement.name)
