"""The pipeline in docs/gitlab.md, and this repository's own, run into the real Nexus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from contract.nexus_admin import VIEW, NexusAdmin
from gitlab.conftest import Clone
from gitlab.runner import Runner, to_variables
from gitlab.test_credentials import scope
from gitlab.test_hostile import HOSTILE_PIP, MARK, MODULES
from gitlab.test_inputs import preview
from gitlab.test_pipelines import RELEASE, TAG
from releasekit_nexus import Nexus
from served_kit import clone_kit
from support import ProjectDir

READ = ("pypi-group", "pypi-hosted", "pypi-snapshots")
"""What the role of readers that `provision` makes may read."""


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
            variables = {**nexus.environ(), **HOSTILE_PIP, "NETRC": login}
            runner.variables.update(to_variables(variables))
            ran = runner.run(project.root, **TAG)
    assert ran.jobs == dict.fromkeys(RELEASE, "PASS"), ran.log
    assert "2 uploaded to" in ran.log
    assert "gitlab-example==1.2.3 installed by hash from" in ran.log
    assert not (tmp_path / "imported").exists()
    for password in (nexus.password, reader.password):
        assert password not in ran.leftovers()


@pytest.mark.parametrize(
    ("event", "version", "repository"),
    [
        pytest.param(TAG, "1.2.3", "pypi-group", id="a tag"),
        pytest.param({"CI_PIPELINE_SOURCE": "push"}, "1.2.4.dev1", "pypi-snapshots", id="main"),
    ],
)
def test_a_closed_nexus_is_read_as_the_reader_and_published_to_as_the_publisher(
    runner: Runner,
    clone: Clone,
    nexus: Nexus,
    event: dict[str, str],
    version: str,
    repository: str,
) -> None:
    """Variables as docs/prerequisites.md has them: the reader's are those of all jobs."""
    project = clone()
    text = (project.root / "pyproject.toml").read_text("utf-8")
    named = text.replace('name = "gitlab-example"', 'name = "gitlab-readers"')
    project.write("pyproject.toml", f'{named}\n[tool.flit.module]\nname = "gitlab_example"\n')
    project.commit_all()
    if event is TAG:
        project.git("tag", "-f", "v1.2.3")
    project.git("update-ref", "refs/remotes/origin/main", "HEAD")
    runner = replace(runner, inputs=(*runner.inputs, "snapshots=pypi-snapshots"))
    with requests.Session() as session:
        admin = NexusAdmin(nexus, session)
        rights = [f"{VIEW}-{name}-{do}" for name in READ for do in ("browse", "read")]
        with admin.closed(), admin.user(rights) as reader:
            login = {
                "RELEASEKIT_READER_USERNAME": reader.username,
                "RELEASEKIT_READER_PASSWORD": reader.password,
            }
            runner.variables.update(scope({**nexus.environ(), **login}, "nexus"))
            ran = runner.run(project.root, **event)
    assert ran.jobs == dict.fromkeys(RELEASE, "PASS"), ran.log
    source = f"{nexus.url}/repository/{repository}/"
    assert f"gitlab-readers=={version} installed by hash from {source}" in ran.log
    assert "is visible in this job" not in ran.log


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
