"""The picture of the jobs that pipelines have, docs/gitlab.svg."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from pathlib import Path

from stages_picture import Column, render_picture

PICTURE = Path(__file__).parents[2] / "docs" / "gitlab.svg"
ROWS = (
    ("a branch", ".gitlab-ci.yml", {"CI_PIPELINE_SOURCE": "push"}),
    ("a tag", ".gitlab-ci.yml", {"CI_COMMIT_TAG": "v1.2.3"}),
    ("a tag, with wheels of several runners", "wheels.yml", {"CI_COMMIT_TAG": "v1.2.3"}),
)


def draw(list_jobs: Callable[[str, dict[str, str]], list[str]]) -> str:
    """Draw the jobs that GitLab would run for each row."""
    return render_picture(
        [(title, find_columns(list_jobs(file, event))) for title, file, event in ROWS]
    )


def find_columns(jobs: list[str]) -> list[Column]:
    """Return the jobs in order; those of a matrix stand in one column."""
    named = [job.partition(":") for job in jobs]
    columns = groupby(named, key=lambda job: job[0])
    return [[(name, more.strip(" []")) for name, _, more in column] for _, column in columns]
