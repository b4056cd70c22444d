"""One request of a release goes wrong: what is promised then, and that a re-run makes up for it.

`nox -s faults` tries all cells of fault_table.py, those of uploads and pages before a real Nexus
too. A plain run of the tests takes every request and every fault once, before the double.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from black_box import fault_report
from black_box.fault_answers import FAULTS
from black_box.fault_proxy import UNKNOWN, FaultProxy
from black_box.fault_table import CELLS, HELPER, REQUESTS, Cell, Request, select_cells
from black_box.tools import MakeProject, Project, Ran, RunKit, Server

LOG = logging.getLogger(__name__)
"""What pytest shows of a row that fails."""
BOUND = 90.0
"""Seconds; a release without faults takes two, and no wait is longer than `timeout`."""
MEMORY = 500
"""MB; a release without faults takes a fifth of it."""
SETTINGS = {"RELEASEKIT_TIMEOUT": "5", "RELEASEKIT_STALE_LIMIT": "2"}
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
BROKEN = fault_report.read_broken()
CHOICE = os.environ.get("FAULTS", "")
""""all" tries all cells, "record" too, and lets none of them fail; else a few are tried."""


class BrokenPromise(AssertionError):
    """A guarantee does not hold; anything else that fails is a defect of the test."""


def _choose_rows(server: str) -> list[object]:
    """Return the cells to try before a server; one that is broken today has to stay broken."""
    broken = BROKEN[server]
    selected = select_cells(broken) if server == "double" else set()
    rows: list[object] = []
    for cell in fault_report.cells_of(server):
        if not CHOICE and cell.name not in selected:
            continue
        reason = broken.get(cell.name, "")
        xfail = pytest.mark.xfail(strict=True, raises=BrokenPromise, reason=reason)
        marks = [xfail] if reason and CHOICE != "record" else []
        rows.append(pytest.param(server, cell, id=f"{server}-{cell.name}", marks=marks))
    return rows


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """A tagged project, and what releases it through a proxy whose faults a test chooses."""

    server: Server
    proxy: FaultProxy
    project: Project
    release: Callable[[], Ran]


OpenTrial = Callable[[str, Request, Server], Trial]


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """The company's CA."""
    return trustme.CA()


@pytest.fixture
def open_trial(
    authority: trustme.CA, tmp_path: Path, make_project: MakeProject, run_kit: RunKit
) -> Iterator[OpenTrial]:
    """Make a project that sends a request, and put a proxy before a server."""
    proxies: list[FaultProxy] = []
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))

    def run(name: str, request: Request, server: Server) -> Trial:
        trusted = ssl.create_default_context(cafile=server.environ["RELEASEKIT_CA_BUNDLE"])
        name = f"{name}-{secrets.token_hex(3)}"  # a row may be tried again on one server
        proxy = FaultProxy(server.url, trusted, authority, name, FAULTS)
        proxies.append(proxy)
        proxy.helps_build = bool(request.requires)
        needs = {"requires": request.requires, "dependencies": request.dependencies}
        project = make_project(name, payload=200_000, **needs)
        environ = {**server.environ, **SETTINGS, "RELEASEKIT_CA_BUNDLE": str(ca)}
        environ["RELEASEKIT_URL"] = proxy.url
        if request.requires:  # else they come from the cache
            environ["RELEASEKIT_CACHE_DIR"] = str(tmp_path / "cache")
        else:  # one cached environment serves all rows, whatever the port of their proxy
            environ["UV_DEFAULT_INDEX"] = "https://nobody.example.com/simple/"
        if request.dependencies:
            environ["RELEASEKIT_CACHE_DIR"] = str(tmp_path / "cache")

        def release() -> Ran:
            return run_kit("release", cwd=project.root, environ=environ, bound=BOUND)

        return Trial(server=server, proxy=proxy, project=project, release=release)

    yield run
    for proxy in proxies:
        proxy.close()


@pytest.fixture(scope="session")
def stocked_double(double_index: Server, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """The double, with a package that others need for their build or at run time."""
    folder = tmp_path_factory.mktemp("helper")
    text = f'name = "{HELPER}"\nversion = "1.0"\ndependencies = []\n'
    (folder / "pyproject.toml").write_text(text)
    (folder / "README.md").write_text("A helper.\n")
    (folder / f"{HELPER.replace('-', '_')}.py").write_text("HELP = True\n")
    backend = Path(__file__).with_name("plain_backend.py")
    program = f"import runpy; runpy.run_path({str(backend)!r})['build_wheel']('.')"
    subprocess.run((sys.executable, "-c", program), cwd=folder, check=True)
    double_index.upload(next(folder.glob("*.whl")), HELPER, "1.0")
    return double_index


@pytest.fixture
def real_nexus(request: pytest.FixtureRequest) -> Server:
    """The Nexus that FAULTS_NEXUS describes, which all processes share; else one of our own."""
    if description := os.environ.get("FAULTS_NEXUS"):
        return Server(environ=json.loads(description))
    assert "PYTEST_XDIST_WORKER" not in os.environ, "each process would start one: nox -s faults"
    server: Server = request.getfixturevalue("nexus_index")
    return server


@pytest.mark.parametrize(("server", "cell"), [*_choose_rows("double"), *_choose_rows("real")])
def test_a_request_goes_wrong_and_the_promise_is_kept(
    server: str, cell: Cell, open_trial: OpenTrial, request: pytest.FixtureRequest
) -> None:
    fixture = "stocked_double" if server == "double" else "real_nexus"
    trial = open_trial(cell.name, REQUESTS[cell.request], request.getfixturevalue(fixture))
    problems = list(_find_problems(cell, trial))
    if folder := os.environ.get("FAULTS_RESULTS"):
        result = {"server": server, "cell": cell.name, "problems": problems}
        Path(folder, f"{server}-{cell.name}.json").write_text(json.dumps(result))
    if problems and CHOICE != "record":
        raise BrokenPromise("; ".join(problems))


SENT = {
    cell.kind: sorted({other.fault for other in CELLS if other.kind == cell.kind})
    for cell in CELLS
    if not REQUESTS[cell.request].requires and not REQUESTS[cell.request].dependencies
}
"""What can happen to each request of a project without requirements."""
WAITS = ("stall", "drip", "endless", "stored-stall")
"""How faults begin that take as long as a timeout: a few sequences do without them."""
FAULTY_RUN = st.dictionaries(st.sampled_from(sorted(SENT)), st.integers(0, 99), max_size=3)


@settings(
    max_examples=60 if CHOICE else 4,
    derandomize=not CHOICE,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(runs=st.lists(FAULTY_RUN, min_size=1, max_size=3))
def test_whatever_goes_wrong_in_a_row_of_runs_the_next_ends_with_the_release(
    runs: list[dict[str, int]], open_trial: OpenTrial, stocked_double: Server
) -> None:
    trial = open_trial("sequence", REQUESTS["access"], stocked_double)
    project, published = trial.project, dict[str, str]()
    for run in runs:
        trial.proxy.restart()
        for kind, number in run.items():
            faults = [fault for fault in SENT[kind] if CHOICE or not fault.startswith(WAITS)]
            trial.proxy.rules[kind] = faults[number % len(faults)]
        ran = trial.release()
        LOG.warning("%s\n%s", trial.proxy.rules, ran.text)
        files = trial.server.files(project.name)
        assert ran.status in (0, 1, 2, 3)
        assert files.items() >= published.items(), "a published file was replaced"
        assert files.items() <= project.built().items(), "something else was published"
        assert project.sdist not in files or project.wheel in files, "an sdist without its wheel"
        assert ran.status or files == project.built(), "done, and not published"
        published = files
    trial.proxy.restart()
    ran = trial.release()
    assert (ran.status, trial.server.files(project.name)) == (0, project.built()), ran.text


def test_the_table_shows_what_is_broken() -> None:
    text = fault_report.TABLE.read_text(encoding="utf-8")
    assert text == fault_report.render(BROKEN), "write it: nox -s faults -- --write"


def _find_problems(cell: Cell, trial: Trial) -> Iterator[str]:
    """Yield the guarantees that do not hold, by name: with the fault, then in a plain re-run."""
    proxy, request = trial.proxy, REQUESTS[cell.request]
    if request.published:
        assert trial.release().status == 0
        proxy.restart()
    proxy.rules = {**request.also, cell.kind: cell.fault}
    ran = trial.release()
    LOG.warning("%s%s MB\n%s", ran.text, ran.memory, "\n".join(map(str, proxy.seen)))
    files = trial.server.files(trial.project.name)
    unknown = [str(seen) for seen in proxy.seen if seen.kind == UNKNOWN]
    assert not unknown, f"requests that the matrix does not have: {unknown}"
    yield from _judge_run(cell, trial, ran)
    yield from _judge_index(cell, trial, ran, files)
    proxy.restart()
    again = trial.release()
    LOG.warning("the re-run:\n%s", again.text)
    after = trial.server.files(trial.project.name)
    if again.status != 0:
        yield f"Safe to re-run: the re-run ended with {again.status}"
    elif after != trial.project.built():
        yield f"Safe to re-run: after it, published is {_describe(trial, after)}"
    if any(after.get(name) != digest for name, digest in files.items()):
        yield "Never overwrites: a published file was replaced"


def _judge_run(cell: Cell, trial: Trial, ran: Ran) -> Iterator[str]:
    """Yield what is wrong with how a run ended."""
    proxy, project = trial.proxy, trial.project
    if not any((seen.kind, seen.fault) == (cell.kind, cell.fault) for seen in proxy.seen):
        yield "Safe to re-run: this request is not sent"
    if ran.memory > MEMORY:
        yield "Bounded: too much memory"
    if any("authorization" in seen.head.headers for seen in proxy.seen if seen.place != "proxy"):
        yield "Upload credentials never meet foreign code: they were sent to another place"
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


def _judge_index(cell: Cell, trial: Trial, ran: Ran, files: dict[str, str]) -> Iterator[str]:
    """Yield what is wrong with what is published after the run."""
    published, built = _describe(trial, files), trial.project.built()
    stays = cell.promise != "X"
    if published == "the sdist":
        yield "Complete: an sdist without its wheel"
    elif ran.status == 0 and files != built:
        yield f"Done means it works: done, but published is {published}"
    elif ran.status and stays and published != REQUESTS[cell.request].index:
        yield f"Safe to re-run: published is {published}"
    if any(digest != built.get(name) for name, digest in files.items()):
        yield "Only checked bytes are uploaded: published is something else"


def _describe(trial: Trial, files: dict[str, str]) -> str:
    """Say in words what is published."""
    known = {trial.project.wheel: "the wheel", trial.project.sdist: "the sdist"}
    names = sorted(known.get(name, name) for name in files)
    return {"": "nothing", "the sdist, the wheel": "both"}.get(", ".join(names), ", ".join(names))
