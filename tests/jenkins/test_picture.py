"""The picture in docs/jenkins.md shows what the step runs."""

from __future__ import annotations

from pathlib import Path

from jenkins.harness import Jenkins
from jenkins.picture import PICTURE, draw


def test_the_picture_is_what_runs(jenkins: Jenkins, tmp_path: Path) -> None:
    drawn = draw(jenkins, tmp_path)
    assert drawn == PICTURE.read_text(encoding="utf-8"), "python tests/jenkins/picture.py"
