"""RK117: dependencies that are not to be had from the group, each asked once, side by side."""

from __future__ import annotations

import json
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from contract.upstream import MISSING, Told, run_upstream
from nexus_double import Faults, run_sandbox
from samples import METADATA, write_wheel
from support import Command, MakeProject, ProjectDir, requests

DEPENDENCIES = """\
dependencies = [
  "acme-core>=1",
  "Acme.Tools",
  "acme-mising",
  "acme-windows; sys_platform == 'win32'",
]
[project.optional-dependencies]
cli = ["acme-extra"]

[project.urls]
"""
TOGETHER = 4
"""Of the five pages, the fifth is let pass alone."""
ASKED = ("acme-core", "acme-extra", "acme-mising", "acme-tools", "acme-windows")
FIX = (
    "correct the name, or see that the group has a member that has it: a proxy of a public index, "
    "or the hosted repository that it is published to"
)


@pytest.fixture
def project(make_project: MakeProject) -> ProjectDir:
    made = make_project(tag=None)
    text = (made.root / "pyproject.toml").read_text(encoding="utf-8")
    made.write("pyproject.toml", text.replace("[project.urls]\n", DEPENDENCIES))
    made.commit_all()
    made.git("tag", "v1.2.3")
    return made


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that the proxy serves: three of the five dependencies."""
    folder = tmp_path_factory.mktemp("served")
    for name in ("acme_core", "acme_tools", "acme_windows"):
        metadata = METADATA.replace("Name: demo", f"Name: {name}")
        write_wheel(folder, filename=f"{name}-1.0-py3-none-any.whl", metadata=metadata)
    return folder


def findings(project: ProjectDir) -> dict[str, Any]:
    text = (project.root / "reports" / "findings.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def told(project: ProjectDir) -> list[tuple[str, str, str, int, str]]:
    """What was found, but for what names it for machines."""
    keys = ("code", "severity", "file", "line", "message")
    return [tuple(found[key] for key in keys) for found in findings(project)["findings"]]


def is_asked(project: ProjectDir) -> bool:
    return "RK117" in {check["code"] for check in findings(project)["checks"]}


def lacking(index: str) -> list[tuple[str, str, str, int, str]]:
    """What is told of an index that serves the directory."""
    return [
        ("RK117", "warning", "pyproject.toml", line, f"{index} does not have the dependency {name}")
        for name, line in (("acme-mising", 17), ("acme-extra", 21))
    ]


def test_what_the_group_lacks_is_told_with_its_line(
    project: ProjectDir, served: Path, releasekit: Command
) -> None:
    with run_sandbox(remote=served) as sandbox:
        ran = releasekit("release", "--dry-run", project=project, server=sandbox)
        group = sandbox.upload_url(sandbox.group)
        paths = (request.path for request in requests(sandbox))
        pages = Counter(path for path in paths if "/simple/acme-" in path)
    assert ran.status == 0, ran
    assert told(project) == lacking(group)
    assert {found["fix"] for found in findings(project)["findings"]} == {FIX}
    assert pages == {f"/repository/{sandbox.group}/simple/{name}/": 1 for name in ASKED}


def test_a_server_for_trying_out_that_serves_nothing_else_is_no_witness(
    project: ProjectDir, releasekit: Command
) -> None:
    with run_sandbox() as sandbox:
        ran = releasekit("release", "--dry-run", project=project, server=sandbox)
    assert ran.status == 0, ran
    assert told(project) == []
    assert not is_asked(project)


class Together(dict[str, Told]):
    """Answers that wait for each other: alone, none is given."""

    def __init__(self) -> None:
        self.barrier = threading.Barrier(TOGETHER)
        self.met = False

    def get(self, path: str, default: Told = MISSING) -> Told:  # type: ignore[override]
        if "/simple/acme-" in path and not self.met:
            self.barrier.wait(timeout=20)
            self.met = True
        return super().get(path, default)


def test_pages_are_asked_for_side_by_side(project: ProjectDir, releasekit: Command) -> None:
    with run_upstream() as upstream:
        upstream.answers = Together()
        for name in ASKED:
            upstream.page(name, f'href="/{name}-1.0.tar.gz#sha256=00">{name}-1.0.tar.gz')
        with run_sandbox(remote=upstream.url) as sandbox:
            ran = releasekit("release", "--dry-run", project=project, server=sandbox)
        pages = Counter(path for path in upstream.paths() if "/simple/acme-" in path)
    assert ran.status == 0, ran
    assert is_asked(project)
    assert told(project) == []
    assert pages == {f"/simple/{name}/": 1 for name in ASKED}


def test_an_index_that_does_not_answer_passes_nothing(
    project: ProjectDir, served: Path, releasekit: Command
) -> None:
    with run_sandbox(remote=served) as sandbox:
        sandbox.state.faults = Faults(offline=(sandbox.group,))
        ran = releasekit("release", "--dry-run", project=project, server=sandbox)
    assert ran.status != 0
    assert told(project) == []
    assert not is_asked(project)
