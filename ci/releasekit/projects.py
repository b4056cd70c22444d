"""The projects of one command: one alone, several side by side, or one after the other."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from releasekit.config.sources import read_name
from releasekit.destination import choose_destinations
from releasekit.errors import ReleasekitError, Status
from releasekit.errors.failed import INTERRUPTED
from releasekit.outcome import START
from releasekit.request import Request
from releasekit.run import Run, render_path
from releasekit.terminal import Terminal


def carry_out_all(requests: Sequence[Request], terminal: Terminal, *, jobs: int | None) -> int:
    """Do a command for each project, and return the worst of the statuses.

    The projects are independent of each other: one that is refused keeps no other from its release.
    So many `jobs` are done at once; by default as many as there are cores.
    """
    if len(requests) == 1:
        return Run(requests[0], terminal).do()
    siblings = frozenset(name for request in requests if (name := read_name(request.root)))
    requests = [replace(request, siblings=siblings) for request in requests]
    jobs = min(jobs or count_cores(), len(requests))
    carry_out = _one_after_the_other if jobs == 1 else _side_by_side
    statuses: dict[Path, int] = {}
    worst: int = Status.DONE
    try:
        for request, status in carry_out(requests, terminal, jobs):
            statuses[request.root] = status
    except KeyboardInterrupt:
        worst = Status.INTERRUPTED
        if worst not in statuses.values():  # no project tells it: none was under way
            terminal.fail(ReleasekitError(INTERRUPTED, step=START))
    terminal.rest()
    dry = requests[0].is_dry_run
    nothing_sent = "; nothing was sent: this was a dry run" if dry else ""
    terminal.say("projects", _sum_up(statuses, len(requests)) + nothing_sent)
    return max([worst, *statuses.values()])


def count_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _one_after_the_other(
    requests: Sequence[Request], terminal: Terminal, _: int
) -> Iterator[tuple[Request, int]]:
    for request in choose_destinations(requests, terminal.say):
        _say_project(request, terminal)
        status = Run(request, terminal).do()
        yield request, status
        if status == Status.INTERRUPTED:
            return


def _side_by_side(
    requests: Sequence[Request], terminal: Terminal, jobs: int
) -> Iterator[tuple[Request, int]]:
    from releasekit.pool import Done, SideBySide, open_workers

    with open_workers(jobs, requests[0].command, terminal) as workers:
        chosen = choose_destinations(requests, terminal.say)
        for request, ended in SideBySide(chosen, workers, terminal).carry_out():
            _say_project(request, terminal)
            if isinstance(ended, Done):
                terminal.pass_on(ended.lines, ended.document)
                yield request, ended.status
            else:
                yield request, Run(request, terminal).conclude(ended)


def _say_project(request: Request, terminal: Terminal) -> None:
    terminal.rest()
    terminal.say("project", render_path(request.root, Path.cwd()))


def _sum_up(statuses: Mapping[Path, int], count: int) -> str:
    """Return how many projects ended well, and which did not."""
    failed = {root: status for root, status in statuses.items() if status}
    words = [f"{len(statuses) - len(failed)} of {count} done"]
    for root, status in failed.items():
        words.append(f"{render_path(root, Path.cwd())} {Status(status).word}")
    if count > len(statuses):
        words.append(f"{count - len(statuses)} not begun")
    return ", ".join(words)
