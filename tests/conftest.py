"""The one real Nexus of a run. Imports stand in the fixture: tests/core needs none of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from releasekit.servers.local_nexus import Nexus


@pytest.fixture(scope="session")
def nexus() -> Iterator[Nexus]:
    """A real Nexus, shared by all tests of a run: choose project names that are yours alone."""
    from releasekit.servers.local_nexus import run_nexus

    with run_nexus(environ=os.environ, snapshots="pypi-snapshots") as running:
        yield running
