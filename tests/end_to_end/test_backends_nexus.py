"""One project of each family of build backends is released into the real Nexus."""

from __future__ import annotations

import json

import pytest

from releasekit_nexus import Nexus
from support import Command, MakeProject


@pytest.mark.parametrize(
    ("kind", "requirement", "tag"),
    [
        ("setuptools-pyproject", "setuptools-pyproject==1.2.3", "v1.2.3"),
        ("hatch-vcs", "hatch-vcs-demo==2!1.0rc1", "v2!1.0rc1"),
        ("poetry", "poetry-demo==1.2.3", "v1.2.3"),
        ("pdm-scm", "pdm-scm==1.2.3.post1", "v1.2.3.post1"),
        ("pbr", "pbr-demo==1.2.3", "1.2.3"),
        ("c-extension", "c-extension==1.2.3", "v1.2.3"),
        ("meson", "meson-demo==1.2.3", "v1.2.3"),
    ],
)
def test_project_is_released_into_nexus(
    kind: str,
    requirement: str,
    tag: str,
    make_project: MakeProject,
    nexus: Nexus,
    releasekit: Command,
    compiler: dict[str, str],
) -> None:
    project = make_project(kind, tag=tag)
    ran = releasekit("release", project=project, server=nexus, **compiler)
    assert (ran.status, ran.err) == (0, ""), ran
    assert "plan      2 to upload, 0 already published" in ran.out
    group = nexus.upload_url(nexus.group)
    assert f"verify    {requirement} installed by hash from {group}" in ran.out
    record = json.loads((project.root / "reports" / "release.json").read_text())
    assert {file["filename"] for file in record["files"]} == {
        path.name for path in (project.root / "dist").glob("[!.]*")
    }
