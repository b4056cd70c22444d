"""The picture in docs/gitlab.md shows the jobs that pipelines have."""

from __future__ import annotations

import os

from gitlab.conftest import PROJECTS, Clone
from gitlab.picture import PICTURE, draw
from gitlab.runner import Runner


def test_the_picture_is_what_runs(runner: Runner, clone: Clone) -> None:
    project = clone()

    def list_jobs(file: str, event: dict[str, str]) -> list[str]:
        text = (PROJECTS / "gitlab" / file).read_text(encoding="utf-8")
        project.write(".gitlab-ci.yml", text)
        jobs = runner.list_jobs(project.root, **event)
        assert isinstance(jobs, list), jobs
        return jobs

    drawn = draw(list_jobs)
    if os.environ.get("WRITE_PICTURES"):
        PICTURE.write_text(drawn, encoding="utf-8")
    assert drawn == PICTURE.read_text(encoding="utf-8"), "WRITE_PICTURES=1 writes it anew"
