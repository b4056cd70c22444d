"""The pipeline that `init` writes, run."""

from __future__ import annotations

import subprocess
import sys

from gitlab.conftest import Clone
from gitlab.runner import Runner
from gitlab.test_pipelines import BRANCH, RELEASE, TAG, index
from nexus_double import Sandbox
from support import ProjectDir, published

__all__ = ["index"]


def init(project: ProjectDir, *options: str) -> str:
    """Run `init` in a clone, and commit what it wrote."""
    command = (sys.executable, "-m", "releasekit", "init", "--apply", *options)
    done = subprocess.run(
        command, cwd=project.root, env=project.environ, capture_output=True, text=True, check=True
    )
    project.commit_all("init")
    return done.stdout


def test_a_project_without_a_pipeline_gets_one_that_releases_it(
    runner: Runner, clone: Clone, index: Sandbox
) -> None:
    project = clone("plain", tag=None)
    assert not (project.root / ".gitlab-ci.yml").exists()
    # The remote is on gitlab.example.com: nobody has to say which CI it is.
    assert "write     pyproject.toml, .gitlab-ci.yml\n" in init(project)
    project.git("tag", "v1.2.3")
    project.git("switch", "-qc", "topic")
    checked = runner.run(project.root, **BRANCH)
    assert (checked.status, checked.jobs) == (0, {"release-check": "PASS"}), checked.log
    released = runner.run(project.root, **TAG)
    assert released.jobs == dict.fromkeys(RELEASE, "PASS"), released.log
    assert published(index) == {"plain-1.2.3-py3-none-any.whl", "plain-1.2.3.tar.gz"}
