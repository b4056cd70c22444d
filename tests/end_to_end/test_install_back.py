"""What goes wrong while a release is verified is no fault of the package."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uv

from front import LOGIN, Front, Reply, Request, pass_on, run_front
from nexus_double import Sandbox
from samples import write_wheel
from support import SDIST, WHEEL, Command, ProjectDir, outcome, published

METADATA = "Metadata-Version: 2.4\nName: plain\nVersion: 1.2.3\n"
EMPTY = b"<html><head><title>Links for plain</title></head></html>"


@pytest.fixture
def front(sandbox: Sandbox, tmp_path: Path) -> Iterator[Front]:
    with run_front(sandbox, tmp_path / "front.pem") as running:
        yield running


class InVerify:
    """Spoil what is read after the uploads: the group's page, or the files."""

    def __init__(self, kind: str, spoil: Callable[[Reply], Reply | None]) -> None:
        self._kind, self._spoil = kind, spoil
        self._sdist_sent = False

    def __call__(self, request: Request, forward: Callable[[], Reply]) -> Reply | None:
        self._sdist_sent |= request.method == "POST" and SDIST.encode() in request.body
        is_file = request.path.endswith((".whl", ".gz"))
        is_meant = is_file if self._kind == "file" else "/pypi-group/simple/" in request.path
        return self._spoil(forward()) if self._sdist_sent and is_meant else forward()


def cut(reply: Reply) -> Reply:
    """Half of it, with the length of all."""
    return Reply(headers=reply.headers, body=reply.body[:-90], length=len(reply.body))


def shorten(reply: Reply) -> Reply:
    """Half of it, as if that were all."""
    return Reply(headers=reply.headers, body=reply.body[:-90])


LOGIN_WANTED = Reply(status=401, reason="Unauthorized", headers=(("WWW-Authenticate", "Basic"),))
FAULTS = {
    "page: 401": (2, "page", lambda reply: LOGIN_WANTED),
    "page: login page": (3, "page", lambda reply: Reply(body=LOGIN)),
    "page: stale": (3, "page", lambda reply: Reply(body=EMPTY)),
    "page: reset": (3, "page", lambda reply: None),
    "page: cut off": (3, "page", cut),
    "file: 401": (2, "file", lambda reply: LOGIN_WANTED),
    "file: 404": (3, "file", lambda reply: Reply(status=404, reason="Not Found")),
    "file: login page": (3, "file", lambda reply: Reply(body=LOGIN)),
    "file: reset": (3, "file", lambda reply: None),
    "file: cut off": (3, "file", cut),
}


@pytest.mark.parametrize(("status", "kind", "spoil"), list(FAULTS.values()), ids=list(FAULTS))
def test_what_comes_wrong_is_no_fault_of_the_package(
    project: ProjectDir,
    front: Front,
    sandbox: Sandbox,
    releasekit: Command,
    status: int,
    kind: str,
    spoil: Callable[[Reply], Reply | None],
) -> None:
    front.spoil = InVerify(kind, spoil)
    settings = {"RELEASEKIT_STALE_LIMIT": "1", "RELEASEKIT_TIMEOUT": "5"}
    ran = releasekit("release", project=project, server=front, **settings)
    assert ran.status == status, ran
    assert front.url in ran.out
    assert outcome(project)["stopped_in"] == "verify"
    assert published(sandbox) == {WHEEL, SDIST}

    front.spoil = pass_on
    assert releasekit("verify", project=project, server=front).status == 0


@pytest.mark.parametrize("spoil", [shorten, lambda reply: Reply(body=reply.body[:-3] + b"xyz")])
def test_other_bytes_are_refused(
    project: ProjectDir, front: Front, releasekit: Command, spoil: Callable[[Reply], Reply]
) -> None:
    front.spoil = InVerify("file", spoil)
    ran = releasekit("release", project=project, server=front)
    assert ran.status == 1, ran
    assert "error E142: the index serves other bytes than were released\n" in ran.out
    assert f"{WHEEL}: published with sha256 " in ran.out


BROKEN = {
    "kind of data": {"plain-1.2.3.data/nonsense/x": ""},
    "entry points": {"plain-1.2.3.dist-info/entry_points.txt": "[console_scripts]\na b c\n"},
}


@pytest.mark.parametrize("files", list(BROKEN.values()), ids=list(BROKEN))
def test_a_wheel_that_no_index_makes_install_is_broken(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command, files: dict[str, str]
) -> None:
    releasekit("build", project=project)
    dist, record = project.root / "dist", project.root / "reports" / "release.json"
    content = write_wheel(dist, filename=WHEEL, metadata=METADATA, files=files).read_bytes()
    document = json.loads(record.read_text())
    (recorded,) = (file for file in document["files"] if file["filename"] == WHEEL)
    recorded |= {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    record.write_text(json.dumps(document))
    for name in (WHEEL, SDIST):
        sandbox.state.store(
            sandbox.hosted,
            project="plain",
            version="1.2.3",
            filename=name,
            content=(dist / name).read_bytes(),
        )
    ran = releasekit("verify", project=project, server=sandbox)
    assert ran.status == 1, ran
    assert "error E143: plain==1.2.3 is published but does not work\n" in ran.out
    assert "The wheel is invalid: " in ran.out


MACHINES = {
    "killed": "kill -9 $$",
    "crashed": "exit 101",
    "full disk": 'echo "The wheel is invalid: No space left on device (os error 28)"; exit 2',
    "installs nothing": "exit 0",
}


@pytest.mark.parametrize("install", list(MACHINES.values()), ids=list(MACHINES))
def test_an_installer_that_does_not_work_is_no_fault_of_the_package(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command, tmp_path: Path, install: str
) -> None:
    releasekit("release", project=project, server=sandbox)
    variables = install_other_uv(
        tmp_path, f'case "$2" in install) {install};; esac\nexec "{uv.find_uv_bin()}" "$@"\n'
    )
    ran = releasekit("verify", project=project, server=sandbox, **variables)
    assert ran.status == 3, ran
    assert re.search(
        r"error (E308: the install could not|E326: uv-program was ended|E324: )", ran.out
    )
    assert "does not install" not in ran.out
    assert releasekit("verify", project=project, server=sandbox).status == 0


def test_an_installer_that_may_not_be_started_is_no_fault_of_the_package(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command, tmp_path: Path
) -> None:
    releasekit("release", project=project, server=sandbox)
    variables = install_other_uv(tmp_path, "exit 0\n")
    (tmp_path / "other" / "uv-program").chmod(0o644)
    ran = releasekit("verify", project=project, server=sandbox, **variables)
    assert ran.status == 3, ran
    assert "error E308: the install could not be tested\n" in ran.out
    assert "Permission denied" in ran.out


def install_other_uv(folder: Path, script: str) -> dict[str, str]:
    """Write a program that is found in place of uv, and return the variable that leads to it."""
    package = folder / "other" / "uv"
    package.mkdir(parents=True)
    program = folder / "other" / "uv-program"
    program.write_text(f"#!/bin/sh\n{script}")
    program.chmod(0o755)
    (package / "__init__.py").write_text(f"def find_uv_bin():\n    return {str(program)!r}\n")
    return {"PYTHONPATH": str(package.parent)}
