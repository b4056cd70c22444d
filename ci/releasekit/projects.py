"""The projects of one command: one alone, several side by side, or one after the other."""

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from releasekit.config.sources import read_name, read_needs
from releasekit.destination import choose_destinations
from releasekit.errors import ReleasekitError, Status
from releasekit.errors.failed import INTERRUPTED, PROCESS_KILLED, SIBLING_FAILED
from releasekit.errors.refused import SIBLING_REFUSED
from releasekit.errors.usage import CIRCULAR_NEEDS
from releasekit.outcome import START
from releasekit.pool import Done, Pool
from releasekit.request import Request, render_path
from releasekit.run import Run
from releasekit.signals import handled_by
from releasekit.terminal import Terminal


def carry_out_all(requests: Sequence[Request], terminal: Terminal, *, jobs: int | None) -> int:
    """Do a command for each project, and return the worst of the statuses.

    A project that is refused keeps from their release only those that need it; these come after
    it. So many `jobs` are done at once; by default as many as there are cores.
    """
    if len(requests) == 1:
        return Run(requests[0], terminal).do()
    try:
        requests = _order(requests)
    except ReleasekitError as error:
        terminal.fail(error)
        return error.status
    cores = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # those that this process may use; not on macOS
        cores = len(os.sched_getaffinity(0))
    jobs = min(jobs or cores, len(requests))
    statuses: dict[Path, int] = {}
    worst: int = Status.DONE
    try:
        if jobs == 1:
            _carry_out_one_by_one(requests, terminal, statuses)
        else:
            _carry_out_side_by_side(requests, terminal, statuses, jobs)
    except KeyboardInterrupt:
        worst = Status.INTERRUPTED
        if worst not in statuses.values():  # no project tells it: none was under way
            terminal.fail(ReleasekitError(INTERRUPTED, step=START))
    failed = {root: status for root, status in statuses.items() if status}
    words = [f"{len(statuses) - len(failed)} of {len(requests)} done"]
    words += [f"{render_path(root, Path.cwd())} {Status(failed[root]).word}" for root in failed]
    if len(requests) > len(statuses):
        words.append(f"{len(requests) - len(statuses)} not begun")
    sent = "; nothing was sent: this was a dry run" if requests[0].is_dry_run else ""
    terminal.rest()
    terminal.say("projects", ", ".join(words) + sent)
    return max([worst, *statuses.values()])


def _order(requests: Sequence[Request]) -> list[Request]:
    """Return the requests with what each needs of the others, which come before it.

    Raises CIRCULAR_NEEDS.
    """
    if not requests[0].command.keeps_order:
        return list(requests)
    roots = {name: request.root for request in requests if (name := read_name(request.root))}
    needs: dict[Path, dict[str, Path]] = {}
    for request in requests:
        wanted = sorted(read_needs(request.root) & roots.keys())
        needs[request.root] = {n: roots[n] for n in wanted if roots[n] != request.root}
    try:
        graph = {root: found.values() for root, found in needs.items()}
        sorted_roots = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        names = " needs ".join(root.name for root in reversed(error.args[1]))
        raise ReleasekitError(CIRCULAR_NEEDS, root=str(Path.cwd()), names=names) from error
    for root in sorted_roots:  # what these need is known by then
        for needed in list(needs[root].values()):
            needs[root] |= needs[needed]
    by_root = {request.root: request for request in requests}
    return [replace(by_root[root], siblings=needs[root]) for root in sorted_roots]


def _find_failed(request: Request, statuses: Mapping[Path, int]) -> ReleasekitError | None:
    """Return why a project is not begun: one that it needs was refused, or failed."""
    for name, root in request.siblings.items():
        if status := statuses.get(root, Status.DONE):
            entry = SIBLING_REFUSED if status == Status.REFUSED else SIBLING_FAILED
            return ReleasekitError(entry, root=str(request.root), needs=name)
    return None


def _carry_out_one_by_one(
    requests: Sequence[Request], terminal: Terminal, statuses: dict[Path, int]
) -> None:
    for request in choose_destinations(requests, terminal.say):
        _say_project(request, terminal)
        run, error = Run(request, terminal), _find_failed(request, statuses)
        statuses[request.root] = run.conclude(error) if error else run.do()
        if statuses[request.root] == Status.INTERRUPTED:
            return


def _carry_out_side_by_side(
    requests: Sequence[Request], terminal: Terminal, statuses: dict[Path, int], jobs: int
) -> None:
    """Add the status of each request, as soon as it and those before it have ended.

    After an interrupt those under way are stopped, and none is begun: raises KeyboardInterrupt
    when all of them have ended.
    """
    with contextlib.closing(Pool(jobs, terminal)) as pool:
        chosen = choose_destinations(requests, terminal.say)
        begun: set[Path] = set()
        with handled_by(pool.interrupt):
            for request in chosen:
                while request.root not in statuses:
                    _begin_ready(chosen, begun, pool)
                    is_begun = request.root in begun
                    if done := pool.ended.get(request.root):
                        _say_project(request, terminal)
                        statuses[request.root] = _pass_on(request, done, terminal)
                    elif not is_begun and (error := _find_failed(request, statuses)):
                        _say_project(request, terminal)
                        statuses[request.root] = Run(request, terminal).conclude(error)
                    elif not is_begun and pool.is_interrupted:
                        raise KeyboardInterrupt
                    elif not is_begun and not pool.workers:  # all processes were killed
                        return
                    else:
                        running = begun - pool.ended.keys()
                        names = ", ".join(one.root.name for one in chosen if one.root in running)
                        terminal.work(f"{names} ({len(pool.ended)} of {len(chosen)} ended)")
                        pool.wait()


def _begin_ready(requests: Sequence[Request], begun: set[Path], pool: Pool) -> None:
    """Begin, as long as there is a free process, what needs nothing that is not done."""
    for request in requests:
        needed = (pool.ended.get(root) for root in request.siblings.values())
        is_ready = all(done and done.status == Status.DONE for done in needed)
        if request.root not in begun and is_ready and pool.begin(request):
            begun.add(request.root)


def _pass_on(request: Request, done: Done, terminal: Terminal) -> int:
    if done.killed:
        error = ReleasekitError(PROCESS_KILLED, root=str(request.root), reason=done.killed)
        return Run(request, terminal).conclude(error)
    terminal.pass_on(done.lines, done.document)
    return done.status


def _say_project(request: Request, terminal: Terminal) -> None:
    terminal.rest()
    terminal.say("project", render_path(request.root, Path.cwd()))
