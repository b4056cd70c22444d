"""Each request of a release goes wrong in each way: what is promised then, and the re-run.

`nox -s faults` runs all cells of fault_table.py; a plain run of the tests takes every request and
every fault once. FAULTS=all asks for all of them.
"""

from __future__ import annotations

import json
import logging
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from black_box import fault_report
from black_box.fault_answers import FAULTS
from black_box.fault_proxy import UNKNOWN, FaultProxy
from black_box.fault_table import HELPER, REQUESTS, Cell, select_cells
from black_box.tools import MakeProject, Project, Ran, RunKit, Server

LOG = logging.getLogger(__name__)
"""What pytest shows of a row that fails."""
BOUND = 75.0
"""Seconds; a release without faults takes two, and no wait is longer than `timeout`."""
MEMORY = 500
"""MB; a release without faults takes a fifth."""
SETTINGS = {"RELEASEKIT_TIMEOUT": "3", "RELEASEKIT_STALE_LIMIT": "2"}
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
BROKEN = fault_report.read_broken()


class BrokenPromise(AssertionError):
    """A guarantee does not hold; anything else that fails is a defect of the test."""


def _rows(server: str) -> list[object]:
    broken, asked = BROKEN[server], os.environ.get("FAULTS")
    selected = select_cells(broken)
    rows: list[object] = []
    for cell in fault_report.cells_of(server):
        if not asked and (server != "sandbox" or cell.name not in selected):
            continue
        reason = broken.get(cell.name)
        xfail = pytest.mark.xfail(strict=True, raises=BrokenPromise, reason=str(reason))
        marks = [xfail] if reason and asked != "record" else []
        rows.append(pytest.param(cell, id=f"{server}-{cell.name}", marks=marks))
    return rows


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """The company's CA."""
    return trustme.CA()


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """What a row needs: a server with the helper package, and the ways to use it."""

    server: Server
    authority: trustme.CA
    folder: Path
    make_project: MakeProject
    run_kit: RunKit


@pytest.fixture
def on_sandbox(
    stocked_sandbox: Server,
    authority: trustme.CA,
    tmp_path: Path,
    make_project: MakeProject,
    run_kit: RunKit,
) -> Machine:
    return Machine(
        server=stocked_sandbox,
        authority=authority,
        folder=tmp_path,
        make_project=make_project,
        run_kit=run_kit,
    )


@pytest.fixture(scope="session")
def stocked_sandbox(sandbox_index: Server, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """The sandbox, with a package that others need for their build or at run time."""
    folder = tmp_path_factory.mktemp("helper")
    text = f'name = "{HELPER}"\nversion = "1.0"\ndependencies = []\n'
    (folder / "pyproject.toml").write_text(text)
    (folder / "README.md").write_text("A helper.\n")
    (folder / f"{HELPER.replace('-', '_')}.py").write_text("HELP = True\n")
    backend = Path(__file__).with_name("plain_backend.py")
    program = f"import runpy; runpy.run_path({str(backend)!r})['build_wheel']('.')"
    subprocess.run((sys.executable, "-c", program), cwd=folder, check=True)
    sandbox_index.upload(next(folder.glob("*.whl")), HELPER, "1.0")
    return sandbox_index


@pytest.fixture
def on_nexus(
    authority: trustme.CA,
    tmp_path: Path,
    make_project: MakeProject,
    run_kit: RunKit,
    request: pytest.FixtureRequest,
) -> Machine:
    """The Nexus that FAULTS_NEXUS describes, which all processes share, or one of this process."""
    told = os.environ.get("FAULTS_NEXUS")
    server = Server(environ=json.loads(told)) if told else request.getfixturevalue("nexus_index")
    return Machine(
        server=server,
        authority=authority,
        folder=tmp_path,
        make_project=make_project,
        run_kit=run_kit,
    )


@pytest.mark.parametrize("cell", _rows("sandbox"))
def test_a_fault_of_the_sandbox(cell: Cell, on_sandbox: Machine) -> None:
    _try("sandbox", cell, on_sandbox)


@pytest.mark.parametrize("cell", _rows("real"))
def test_a_fault_before_the_real_one(cell: Cell, on_nexus: Machine) -> None:
    _try("real", cell, on_nexus)


def test_the_table_shows_what_is_broken() -> None:
    text = fault_report.TABLE.read_text(encoding="utf-8")
    assert text == fault_report.render(BROKEN), "write it: nox -s faults -- --write"


def _try(server: str, cell: Cell, machine: Machine) -> None:
    trusted = ssl.create_default_context(cafile=machine.server.environ["RELEASEKIT_CA_BUNDLE"])
    proxy = FaultProxy(machine.server.url, trusted, machine.authority, cell.name, FAULTS)
    try:
        problems = list(_find_problems(cell, machine, proxy))
    finally:
        proxy.close()
    if folder := os.environ.get("FAULTS_RESULTS"):
        result = {"server": server, "cell": cell.name, "problems": problems}
        Path(folder, f"{server}-{cell.name}.json").write_text(json.dumps(result))
    if problems and os.environ.get("FAULTS") != "record":
        raise BrokenPromise("; ".join(problems))


def _find_problems(cell: Cell, machine: Machine, proxy: FaultProxy) -> Iterator[str]:
    """Yield the guarantees that do not hold, by name."""
    request = REQUESTS[cell.request]
    project = machine.make_project(
        cell.name, requires=request.requires, dependencies=request.dependencies, payload=200_000
    )
    release = _prepare(machine, proxy, project, request.requires)
    if request.published:
        assert release().status == 0
    proxy.restart()
    kind = cell.request.removesuffix("-again")
    proxy.rules = {**request.also, kind: cell.fault}
    ran = release()
    files = machine.server.files(cell.name)
    unknown = [str(seen) for seen in proxy.seen if seen.kind == UNKNOWN]
    assert not unknown, f"requests that the matrix does not have: {unknown}"
    if not any(seen.kind == kind and seen.fault == cell.fault for seen in proxy.seen):
        yield "Safe to re-run: the request was not sent"
    yield from _judge(cell, ran, proxy, project)
    yield from _judge_index(cell, ran, files, project)
    proxy.restart()
    again = release()
    after = machine.server.files(cell.name)
    LOG.warning("re-run:\n%s", again.text)
    if again.status != 0:
        yield f"Safe to re-run: the re-run ended with {again.status}"
    elif after != project.built():
        yield f"Safe to re-run: after it, the index holds {sorted(after)}"
    if any(after.get(name) != digest for name, digest in files.items()):
        yield "Never overwrites: a published file was replaced"


def _prepare(
    machine: Machine, proxy: FaultProxy, project: Project, requires: tuple[str, ...]
) -> Callable[[], Ran]:
    """Return what releases a project through a proxy."""
    ca = machine.folder / "ca.pem"
    machine.authority.cert_pem.write_to_path(str(ca))
    environ = {**machine.server.environ, **SETTINGS}
    environ |= {"RELEASEKIT_URL": proxy.url, "RELEASEKIT_CA_BUNDLE": str(ca)}
    if requires:  # else it comes from the cache
        environ["RELEASEKIT_CACHE_DIR"] = str(machine.folder / "cache")
    else:  # one cached environment serves all rows, whatever the port of their proxy
        environ["UV_DEFAULT_INDEX"] = "https://nobody.example.com/simple/"
    return lambda: machine.run_kit("release", cwd=project.root, environ=environ, bound=BOUND)


def _judge(cell: Cell, ran: Ran, proxy: FaultProxy, project: Project) -> Iterator[str]:
    """Yield what is wrong with how a run ended."""
    LOG.warning("%s%s MB\n%s", ran.text, ran.memory, "\n".join(map(str, proxy.seen)))
    if ran.memory > MEMORY:
        yield "Bounded: too much memory"
    if any("authorization" in seen.head.headers for seen in proxy.seen if seen.place != "proxy"):
        yield "Upload credentials never meet foreign code: they were sent to another host"
    if CONTROLS.search(ran.text):
        yield "Blame only what was checked: control characters reach the terminal"
    if "Traceback" in ran.text:
        yield "Blame only what was checked: a traceback"
    if ran.status is None:
        yield "Bounded: it did not end in time"
        return
    if ran.status not in cell.statuses:
        wanted = " or ".join(map(str, cell.statuses))
        yield f"Blame only what was checked: status {ran.status}, not {wanted}"
    named = (project.wheel, project.sdist) if cell.promise == "R" else (proxy.host,)
    if ran.status != 0 and not any(name in ran.text for name in named):
        yield "Blame only what was checked: what failed is not named"


def _judge_index(cell: Cell, ran: Ran, files: dict[str, str], project: Project) -> Iterator[str]:
    """Yield what is wrong with what is published after the run."""
    contents = {"none": set(), "wheel": {project.wheel}, "both": {project.wheel, project.sdist}}
    names = {project.wheel, project.sdist} & files.keys()
    if names == {project.sdist}:
        yield "Complete: an sdist without its wheel"
    if files.keys() - names:
        yield f"Complete: other files: {sorted(files.keys() - names)}"
    if ran.status == 0 and files != project.built():
        yield f"Done means it works: done, but published is {sorted(names)}"
    expected = contents[REQUESTS[cell.request].index]
    if ran.status and cell.promise != "X" and names not in (expected, {project.sdist}):
        yield f"Safe to re-run: published is {sorted(names)}"
