"""The one real Nexus of a run. Imports stand in the fixture: tests/core needs none of them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from releasekit.servers.local_nexus import Nexus


def pytest_configure() -> None:
    """Hear Ctrl-C also below a shell's `&`, which ignores it: what tests start inherits that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def nexus() -> Iterator[Nexus]:
    """A real Nexus, shared by all tests of a run: choose project names that are yours alone."""
    from releasekit.servers.local_nexus import run_nexus

    with run_nexus(environ=os.environ, snapshots="pypi-snapshots") as running:
        yield running
