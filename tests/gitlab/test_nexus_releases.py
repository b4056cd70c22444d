"""The README's pipeline of three lines, run into the real Nexus, and this repository's own."""

from __future__ import annotations

import subprocess
from pathlib import Path

from gitlab.conftest import REPOSITORY, Clone
from gitlab.runner import Runner, to_variables
from releasekit.servers.local_nexus import Nexus
from support import ProjectDir

TAG = {"CI_COMMIT_TAG": "v1.2.3", "CI_COMMIT_REF_NAME": "v1.2.3"}


def test_three_lines_release_a_tag_and_a_rerun_skips(
    runner: Runner, clone: Clone, nexus: Nexus
) -> None:
    runner.variables.update(to_variables(nexus.environ()))
    project = clone()
    assert len(Path(project.root, ".gitlab-ci.yml").read_text("utf-8").splitlines()) == 3
    ran = runner.run(project.root, **TAG)
    assert ran.jobs == dict.fromkeys(("build", "publish", "verify"), "PASS"), ran.log
    assert "2 uploaded to" in ran.log
    assert "gitlab-example==1.2.3 installed by hash from" in ran.log
    again = runner.run(project.root, **TAG)
    assert set(again.jobs.values()) == {"PASS"}, again.log
    assert "0 to upload, 2 already published" in again.log
    for pipeline in (ran, again):
        assert nexus.password not in pipeline.leftovers()


def test_this_repository_checks_its_own_branch(
    runner: Runner, tmp_path: Path, machine: dict[str, str]
) -> None:
    root = tmp_path / "kit"
    subprocess.run(("git", "clone", "-q", REPOSITORY, root), check=True, env=machine)
    kit = ProjectDir(root=root, environ=machine)
    kit.git("checkout", "-q", "-B", "main")
    kit.git("update-ref", "refs/remotes/origin/main", "HEAD")
    kit.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    kit.git("remote", "set-url", "origin", "https://gitlab.example.com/platform/the-kit.git")
    ran = runner.run(root, CI_PIPELINE_SOURCE="push")
    assert ran.jobs == {"check": "PASS"}, ran.log
    assert "verify    releasekit==" in ran.log
