"""Both servers under one name, and the table of what was seen on which."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from contract.double_admin import start_double
from contract.nexus_admin import NexusAdmin, attach_nexus
from contract.servers import WHEEL, Repositories, Server, Workshop, open_workshop
from contract.table import CONTRACT, read_case
from contract.upstream import Upstream, run_upstream


@pytest.fixture(scope="session", params=["double", "nexus"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """One of the two servers, shared by all tests: make your own repositories in a workshop."""
    if request.param == "double":
        with start_double() as double:
            yield double
    else:
        with attach_nexus(request.getfixturevalue("nexus")) as nexus:
            yield nexus


@pytest.fixture
def workshop(server: Server) -> Iterator[Workshop]:
    """Repositories for one test."""
    with open_workshop(server) as opened:
        yield opened


@pytest.fixture
def hosted(workshop: Workshop) -> str:
    """An empty hosted repository."""
    return workshop.make_hosted()


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """An index for a proxy to ask."""
    with run_upstream() as running:
        yield running


@pytest.fixture(scope="module")
def repositories(server: Server) -> Iterator[Repositories]:
    """Repositories that tests of a module read only."""
    with open_workshop(server) as opened, run_upstream() as far:
        far.fill()
        hosted, proxy = opened.make_hosted(), opened.make_proxy(far.url)
        group = opened.make_group(hosted, proxy)
        server.store(hosted, WHEEL)
        yield Repositories(hosted=hosted, proxy=proxy, group=group)


@pytest.fixture
def closed(server: Server) -> Iterator[Server]:
    """A server where nobody may read without credentials."""
    with ExitStack() as stack:
        if isinstance(server.admin, NexusAdmin):
            stack.enter_context(server.admin.closed())
            yield server
        else:
            yield stack.enter_context(start_double(anonymous=False))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Tell with each report what its test is about: it may come from another process."""
    report: pytest.TestReport = yield  # type: ignore[assignment]
    if isinstance(item, pytest.Function) and "server" in item.fixturenames:
        report.user_properties = [*report.user_properties, (CONTRACT, read_case(item))]
    return report  # type: ignore[return-value]
