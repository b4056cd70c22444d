"""The pipeline in docs/gitlab.md, and this repository's own, run into the real Nexus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from contract.nexus_admin import NexusAdmin
from gitlab.conftest import Clone
from gitlab.runner import Runner, to_variables
from gitlab.test_hostile import MARK, MODULES
from gitlab.test_inputs import preview
from gitlab.test_pipelines import RELEASE, TAG
from releasekit_nexus import Nexus
from served_kit import clone_kit
from support import ProjectDir


def test_three_lines_release_a_tag_by_the_kit_that_a_closed_group_serves(
    runner: Runner,
    clone: Clone,
    nexus: Nexus,
    kit_in_nexus: ProjectDir,
    kit_requirements: Mapping[str, str],
    tmp_path: Path,
) -> None:
    machine = {**runner.environ, **kit_requirements}
    runner = replace(runner, environ=machine, inputs=(f"kit-index={nexus.simple_url()}",))
    project = clone()
    # None of these is the pip, venv or types of the job's Python, or the build of the kit.
    for name in MODULES:
        project.write(f"{name}.py", MARK.format(folder=str(tmp_path)))
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    assert len(Path(project.root, ".gitlab-ci.yml").read_text("utf-8").splitlines()) == 3
    with requests.Session() as session:
        admin = NexusAdmin(nexus, session)
        with admin.closed(), admin.limited(nexus.group, "read") as reader:
            login = f"machine 127.0.0.1 login {reader.username} password {reader.password}\n"
            runner.variables.update(to_variables({**nexus.environ(), "NETRC": login}))
            ran = runner.run(project.root, **TAG)
    assert ran.jobs == dict.fromkeys(RELEASE, "PASS"), ran.log
    assert "2 uploaded to" in ran.log
    assert "gitlab-example==1.2.3 installed by hash from" in ran.log
    assert not (tmp_path / "imported").exists()
    for password in (nexus.password, reader.password):
        assert password not in ran.leftovers()


def test_this_repository_checks_its_own_branch(
    runner: Runner, tmp_path: Path, kit_requirements: Mapping[str, str]
) -> None:
    kit = clone_kit(tmp_path / "kit")
    kit.git("checkout", "-q", "-B", "main")
    kit.git("update-ref", "refs/remotes/origin/main", "HEAD")
    kit.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    kit.git("remote", "set-url", "origin", "https://gitlab.example.com/platform/the-kit.git")
    machine = {**runner.environ, **kit_requirements}
    ran = replace(runner, environ=machine, inputs=()).run(kit.root, CI_PIPELINE_SOURCE="push")
    assert ran.jobs == {"release-check": "PASS"}, ran.log
    assert "verify    releasekit==" in ran.log


@pytest.mark.parametrize(
    ("tag", "is_version"),
    [("0.1.0", True), ("10.2.33", True), ("v0.1.0", False), ("1.0rc1", False)],
)
def test_a_tag_of_this_repository_makes_a_version_of_the_component(
    runner: Runner, tmp_path: Path, tag: str, is_version: bool
) -> None:
    """GitLab makes it of the keyword `release`; gitlab-ci-local does not run that."""
    kit = clone_kit(tmp_path / "kit")
    kit.git("remote", "set-url", "origin", "https://gitlab.example.com/platform/the-kit.git")
    listed = replace(runner, inputs=()).list_jobs(kit.root, CI_COMMIT_TAG=tag)
    assert listed == ["release-build", *RELEASE[1:], *(["create-release"] if is_version else [])]
    job = preview(replace(runner, inputs=()), kit)["create-release"]
    assert job["release"]["tag_name"] == "$CI_COMMIT_TAG"
    assert [need["job"] for need in job["needs"]] == ["release-verify"]
