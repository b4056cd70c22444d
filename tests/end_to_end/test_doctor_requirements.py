"""The doctor tries what a release takes from an index: the build requirements, with uv."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from certificates import make, server_context
from end_to_end.front_server import run_front
from nexus_double import Sandbox
from support import Command, ProjectDir, Ran, public_index, published

MISSING = "Because there are no versions of flit-core"
NOT_HERE = "because flit-core was not found"


def find_row(ran: Ran, title: str) -> str:
    """Return the line of a row, its state first."""
    return next(line.strip() for line in ran.out.splitlines() if f" {title} " in line[:32])


def test_requirements_that_the_group_lacks_are_seen_before_a_release_fails(
    sandbox: Sandbox, releasekit: Command, project: ProjectDir
) -> None:
    ran = releasekit("doctor", project=project, server=sandbox)
    row = find_row(ran, "requires")
    group = sandbox.upload_url(sandbox.group)
    assert ran.status == 1, ran
    assert row.startswith(f"failed   RK517 requires    {group} does not give what the build "), ran
    assert MISSING in row, row
    no_index = {"UV_DEFAULT_INDEX": f"{group}simple/"}
    assert releasekit("build", project=project, server=sandbox, **no_index).status == 3


def test_requirements_that_another_index_has_are_found_there(
    sandbox: Sandbox, releasekit: Command, project: ProjectDir
) -> None:
    ran = releasekit("doctor", project=project, server=sandbox, **public_index())
    row = find_row(ran, "requires")
    assert (
        row == "ok       RK517 requires    the index that uv is configured with has flit-core>=3.12"
    )


@pytest.fixture
def printed(user_environ: dict[str, str], tmp_path: Path) -> Iterator[dict[str, str]]:
    """The settings that the command `sandbox` prints."""
    command = (sys.executable, "-m", "releasekit", "sandbox", "--json")
    with subprocess.Popen(
        command, cwd=tmp_path, env=user_environ, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        yield json.loads(process.stdout.readline())
        process.terminate()


def test_the_settings_that_a_sandbox_prints_are_tried_as_a_release_does(
    printed: dict[str, str], releasekit: Command, project: ProjectDir
) -> None:
    ran = releasekit("doctor", project=project, **printed, PIP_NO_INDEX="1")
    assert find_row(ran, "server").startswith("ok       RK503 server      a sandbox "), ran
    row = find_row(ran, "requires")
    assert row.startswith("failed   RK517 requires    the index that pip is configured with "), ran
    assert NOT_HERE in row.lower(), row
    variables = {"PIP_NO_INDEX": "1", "UV_DEFAULT_INDEX": ""}
    assert releasekit("release", project=project, **printed, **variables).status == 3
    ran = releasekit("doctor", project=project, **printed, **public_index())
    assert find_row(ran, "requires").startswith("ok       RK517"), ran


def test_a_directory_without_a_project_has_no_build(
    sandbox: Sandbox, releasekit: Command, project: ProjectDir
) -> None:
    (project.root / "empty").mkdir()
    ran = releasekit("doctor", "-C", "empty", project=project, server=sandbox)
    assert find_row(ran, "requires").startswith("unknown  RK517"), ran


OBJECTION = "it is the certificate of a CA (CA:TRUE), used as that of a server"


@pytest.fixture
def refused(sandbox: Sandbox, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Settings of a server whose own certificate says that it is a CA: Python accepts that."""
    made = make("here", ca=True, hosts=("127.0.0.1",))
    bundle = tmp_path / "own.pem"
    bundle.write_text(made.pem)
    context = server_context(tmp_path, made)
    with run_front(sandbox.url, sandbox.ca_bundle, context=context) as url:
        changed = {"RELEASEKIT_URL": url, "RELEASEKIT_CA_BUNDLE": str(bundle)}
        yield {**sandbox.environ(), **changed}


def test_the_doctor_says_what_uv_objects_to_in_a_certificate(
    refused: dict[str, str], releasekit: Command, project: ProjectDir
) -> None:
    ran = releasekit("doctor", project=project, **refused)
    row = find_row(ran, "TLS")
    text = f"Python accepts the certificate, and uv does not: {OBJECTION}"
    assert (ran.status, row.startswith(f"failed   RK502 TLS         {text}")) == (1, True), ran


def test_a_certificate_that_uv_refuses_is_named_before_anything_is_uploaded(
    refused: dict[str, str], releasekit: Command, project: ProjectDir, sandbox: Sandbox
) -> None:
    group = f"{refused['RELEASEKIT_URL']}/repository/{sandbox.group}/simple/"
    needed = {"UV_DEFAULT_INDEX": group}
    ran = releasekit("release", project=project, **{**refused, **needed})
    shown = ran.out + ran.err
    assert (ran.status, "error E257: uv does not accept the server's" in shown) == (2, True), ran
    assert f"  why:   uv says: {OBJECTION}" in shown
    assert f"  where: {group}flit-core/\n" in shown
    assert published(sandbox) == set()


def test_a_certificate_that_uv_refuses_is_noted_where_no_call_of_uv_needs_it(
    refused: dict[str, str], releasekit: Command, project: ProjectDir
) -> None:
    ran = releasekit("release", project=project, **refused)
    assert ran.status == 0, ran
    noted = ran.out.partition("note      uv does not accept the certificate of ")[2]
    assert OBJECTION in noted.partition("build     ")[0], ran
