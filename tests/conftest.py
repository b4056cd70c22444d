"""The one real Nexus of a run, and the options and groups of tests."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from releasekit_nexus import Nexus
    from support import ProjectDir

NEXUS = "nexus"
BARE = "bare_nexus"
"""In names of tests that start a Nexus of their own."""
ENDS = "test_ends.py"
"""A file whose tests start and end a Nexus each, beside the shared one."""
TOGETHER = "test_gather.py"
"""A file whose tests share what took them long to build."""
GOLDEN = "test_golden.py"
"""A file whose tests share a Nexus that the command line started."""
GROUPS = (BARE, ENDS, GOLDEN, NEXUS, TOGETHER)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of these tests."""
    parser.addoption(
        "--contract-table", type=Path, metavar="PATH", help="write the contract as a table to PATH"
    )
    parser.addoption(
        "--thorough", action="store_true", help="take all variants of the slowest tests, too"
    )


# On a busy machine, making an example takes as long as it takes.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


def pytest_configure(config: pytest.Config) -> None:
    """Hear Ctrl-C also below a shell's `&`, which ignores it: what tests start inherits that."""
    if sys.getfilesystemencoding() != "utf-8":
        raise pytest.UsageError("tests name files with umlauts: set PYTHONUTF8=1, as nox does")
    if path := config.getoption("--contract-table"):
        from contract.table import Table

        config.pluginmanager.register(Table(path))
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_sessionstart() -> None:
    """Be on the same terminal everywhere: CI agents set TERM=dumb, FORCE_COLOR or a narrow width.

    What the kit makes of them is tested where a test sets them.
    """
    for name in ("COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR", "TTY_COMPATIBLE"):
        os.environ.pop(name, None)
    os.environ["TERM"] = "xterm-256color"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the tests of a real Nexus first, as they take longest; they show it in their names.

    Who names a test, or asks for all of them, gets all variants.
    """
    if not (config.option.thorough or any("::" in argument for argument in config.args)):
        from variants import split_variants

        items[:], left_out = split_variants(items)
        config.hook.pytest_deselected(items=left_out)
    hidden = [item.nodeid for item in items if _uses_nexus(item) and NEXUS not in item.nodeid]
    assert not hidden, f"tests of the real Nexus have {NEXUS} in their path or name: {hidden}"
    items.sort(key=lambda item: NEXUS not in item.nodeid and GOLDEN not in item.nodeid)


def _uses_nexus(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function) and NEXUS in item.fixturenames


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Keep all tests of the real Nexus in one process, which thus starts one; so other groups.

    They change what all of its users see, as its read-only mode. (xdist's own groups are lost with
    pytest 9.2, whose node ids cannot be set: xdist 3.8 writes the group there.)
    """
    from xdist.scheduler import LoadScopeScheduling

    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = lambda nodeid: next((g for g in GROUPS if g in nodeid), nodeid)
    return scheduler


@pytest.fixture(scope="session")
def nexus() -> Iterator[Nexus]:
    """A real Nexus, shared by all tests of a run: choose project names that are yours alone."""
    from releasekit_nexus import run_nexus

    with run_nexus(environ=os.environ, snapshots="pypi-snapshots") as running:
        yield running


@pytest.fixture(scope="session")
def kit_in_nexus(nexus: Nexus, tmp_path_factory: pytest.TempPathFactory) -> ProjectDir:
    """The clone from which the kit was released into the Nexus; its group serves it since."""
    from served_kit import clone_kit, release_kit

    kit = clone_kit(tmp_path_factory.mktemp("kit") / "clone")
    release_kit(kit, nexus)
    return kit


@pytest.fixture(scope="session")
def kit_requirements(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What tells pip where all is that the kit requires; all processes of a run share it."""
    from filelock import FileLock

    from served_kit import fetch_requirements

    folder = tmp_path_factory.getbasetemp()
    shared = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    with FileLock(shared / "requirements.lock"):
        return {"PIP_FIND_LINKS": str(fetch_requirements(shared / "requirements"))}
