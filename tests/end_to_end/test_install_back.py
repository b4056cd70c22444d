"""Only what is certainly the package is called broken; all else can be verified again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uv

from front import LOGIN, Asked, Front, Reply, Spoil, pass_on, run_front
from nexus_double import Sandbox
from samples import write_wheel
from support import SDIST, WHEEL, Command, ProjectDir, outcome, published

METADATA = "Metadata-Version: 2.4\nName: plain\nVersion: 1.2.3\n"
EMPTY = b"<html><head><title>Links for plain</title></head></html>"


@pytest.fixture
def front(sandbox: Sandbox, tmp_path: Path) -> Iterator[Front]:
    with run_front(sandbox, tmp_path / "front.pem") as running:
        yield running


def of_uv(kind: str, spoil: Callable[[Reply], Reply | None]) -> Spoil:
    """Spoil what the installer gets, its page or its file; releasekit itself gets all as it is."""

    def answer(asked: Asked, forward: Callable[[], Reply]) -> Reply | None:
        mine = asked.is_of_uv and asked.is_wheel == (kind == "file")
        return spoil(forward()) if mine else forward()

    return answer


def cut(reply: Reply) -> Reply:
    """Half of it, with the length of all."""
    return Reply(headers=reply.headers, body=reply.body[:-90], length=len(reply.body))


def shorten(reply: Reply) -> Reply:
    """Half of it, as if that were all."""
    return Reply(headers=reply.headers, body=reply.body[:-90])


LOGIN_WANTED = Reply(status=401, reason="Unauthorized", headers=(("WWW-Authenticate", "Basic"),))
FAULTS = {
    "page: 401": of_uv("page", lambda reply: LOGIN_WANTED),
    "page: 404": of_uv("page", lambda reply: Reply(status=404, reason="Not Found")),
    "page: login page": of_uv("page", lambda reply: Reply(body=LOGIN)),
    "page: stale": of_uv("page", lambda reply: Reply(body=EMPTY)),
    "page: reset": of_uv("page", lambda reply: None),
    "page: cut off": of_uv("page", cut),
    "file: 401": of_uv("file", lambda reply: LOGIN_WANTED),
    "file: 404": of_uv("file", lambda reply: Reply(status=404, reason="Not Found")),
    "file: login page": of_uv("file", lambda reply: Reply(body=LOGIN)),
    "file: reset": of_uv("file", lambda reply: None),
    "file: cut off": of_uv("file", cut),
    "file: shorter": of_uv("file", shorten),
    "file: other bytes": of_uv("file", lambda reply: Reply(body=reply.body[:-3] + b"xyz")),
}


@pytest.mark.parametrize("spoil", list(FAULTS.values()), ids=list(FAULTS))
def test_what_only_the_installer_gets_wrong_is_no_fault_of_the_package(
    project: ProjectDir, front: Front, sandbox: Sandbox, releasekit: Command, spoil: Spoil
) -> None:
    front.spoil = spoil
    ran = releasekit("release", project=project, server=front)
    assert ran.status == 3, ran
    assert "error E308: the install could not be tested\n" in ran.out
    assert "without the index, the same files do install\n" in ran.out
    assert (
        "  next:  releasekit verify again; releasekit verify -v shows the installer's output\n"
        in ran.out
    )
    assert (outcome(project)["status"], outcome(project)["stopped_in"]) == ("failed", "verify")
    assert published(sandbox) == {WHEEL, SDIST}

    front.spoil = pass_on
    assert releasekit("verify", project=project, server=front).status == 0


def test_other_bytes_that_come_for_the_installer_and_for_us_are_refused(
    project: ProjectDir, front: Front, releasekit: Command
) -> None:
    downloads: list[str] = []

    def spoil(asked: Asked, forward: Callable[[], Reply]) -> Reply:
        reply = forward()
        if not asked.is_wheel:
            return reply
        downloads.append(asked.path)
        return reply if len(downloads) == 1 else Reply(body=reply.body[:-3] + b"xyz")

    front.spoil = spoil
    ran = releasekit("release", project=project, server=front)
    assert ran.status == 1, ran
    assert "error E142: the index serves other bytes than were released\n" in ran.out
    assert f"  why:   {WHEEL}: other bytes were downloaded\n" in ran.out


def test_an_index_that_nobody_reads_any_more_is_no_fault_of_the_package(
    project: ProjectDir, front: Front, releasekit: Command
) -> None:
    asked_by_uv: list[str] = []

    def spoil(asked: Asked, forward: Callable[[], Reply]) -> Reply:
        asked_by_uv.extend([asked.path] if asked.is_of_uv else [])
        return LOGIN_WANTED if asked_by_uv else forward()

    front.spoil = spoil
    ran = releasekit("release", project=project, server=front)
    assert ran.status == 3, ran
    assert "error E308: the install could not be tested\n" in ran.out
    assert "the second attempt, from files, was not possible: " in ran.out


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
    assert "error E143: plain==1.2.3 is published but does not install\n" in ran.out
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
    was_killed = "error E326: uv-program was ended by a signal\n"
    assert ("error E308: the install could not be tested\n" in ran.out) or was_killed in ran.out
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
