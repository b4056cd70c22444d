"""The server that all of these tests look after, and who does."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from contract.upstream import Upstream, run_upstream
from end_to_end.bare_nexus.server import (
    REST,
    Administrator,
    Bare,
    SetUp,
    run_bare,
)
from support import Ran


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the test last after which nobody can log in to the server any more."""
    items.sort(key=lambda item: "nobody_gets_in_any_more" in item.name)


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    """The public index: it has a far newer version of a project that is ours."""
    with run_upstream() as running:
        yield running


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bare]:
    with run_bare(tmp_path_factory.mktemp("bare")) as running:
        yield running


@pytest.fixture(scope="session")
def configured(bare: Bare, upstream: Upstream) -> dict[str, str]:
    """The configuration of the company."""
    return {
        **bare.environ(),
        "RELEASEKIT_PROXY_REMOTE": f"{upstream.url}/simple",
        "RELEASEKIT_SNAPSHOTS": "pypi-snapshots",
        "RELEASEKIT_OWN_NAMES": "acme-*, billing",
        "RELEASEKIT_ANONYMOUS": "true",
    }


@pytest.fixture(scope="session")
def set_up(
    bare: Bare,
    configured: dict[str, str],
    user_environ: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> SetUp:
    """The first set-up, by the command that the README names."""

    def run(*options: str) -> Ran:
        done = subprocess.run(
            (sys.executable, "-m", "releasekit", "provision", *options),
            cwd=tmp_path_factory.mktemp("anywhere"),
            env={**user_environ, **configured},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Ran(status=done.returncode, out=done.stdout, err=done.stderr)

    first = ("--first-password", str(bare.first))
    return SetUp(plan=run(*first), apply=run(*first, "--apply"), again=run(*first, "--apply"))


@pytest.fixture
def administrator(set_up: SetUp, configured: dict[str, str], tmp_path: Path) -> Administrator:
    """Somebody who looks after the server that was set up."""
    return Administrator(root=tmp_path, environ={"PATH": os.environ["PATH"], **configured})


@pytest.fixture
def newcomer(
    administrator: Administrator, bare: Bare, upstream: Upstream
) -> Iterator[Administrator]:
    """Another team, with nothing on the server; all of it is gone in the end."""
    prefix = f"t{secrets.token_hex(3)}-"
    mine = {
        **administrator.environ,
        **bare.environ(prefix),
        "RELEASEKIT_OWN_NAMES": "acme-*",
        "RELEASEKIT_SNAPSHOTS": "",
    }
    yield replace(administrator, environ=mine)
    for kind in ("group", "proxy", "hosted"):
        bare.send("DELETE", f"{REST}/repositories/{prefix}pypi-{kind}")
    bare.send("DELETE", f"{REST}/routing-rules/{prefix}pypi-proxy-own-names")
    bare.send("DELETE", f"{REST}/security/users/{prefix}pypi-hosted-publisher")
    for role in ("hosted-publisher", "group-reader"):
        bare.send("DELETE", f"{REST}/security/roles/{prefix}pypi-{role}")
