"""docs/prerequisites.md: one file for all projects, and the line that updates one."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from doors import REPOSITORY
from gitlab.conftest import PROJECTS, Clone
from gitlab.runner import Runner
from gitlab.test_pipelines import RELEASE, TAG
from support import ProjectDir

PAGE = (REPOSITORY / "docs" / "prerequisites.md").read_text(encoding="utf-8")


def test_projects_include_one_file_of_the_company(
    runner: Runner, clone: Clone, tmp_path: Path
) -> None:
    root = tmp_path / "ci"
    root.mkdir()
    shutil.copy(PROJECTS / "gitlab" / "company.yml", root)
    ours = ProjectDir(root=root, environ=runner.environ)
    ours.git("init", "-q", "-b", "main")
    ours.commit_all()
    settings = Path(runner.environ["GIT_CONFIG_GLOBAL"])
    before = settings.read_text(encoding="utf-8")
    places = ("https://gitlab.example.com", "https://gitlab.example.com:443")
    lines = "".join(f"insteadOf = {place}/platform/ci.git\n" for place in places)
    settings.write_text(f'{before}[url "file://{root}"]\n{lines}', encoding="utf-8")
    try:
        text = (PROJECTS / "gitlab" / "by-company.yml").read_text(encoding="utf-8")
        assert runner.list_jobs(clone(ci=text).root, **TAG) == list(RELEASE)
    finally:
        settings.write_text(before, encoding="utf-8")


@pytest.mark.parametrize("name", [".gitlab-ci.yml", "vault.yml", "wheels.yml", "company.yml"])
def test_the_line_that_updates_a_project_changes_the_version_alone(
    name: str, tmp_path: Path
) -> None:
    (line,) = re.findall(r"<!-- update -->\n```sh\n(.*?)\n```", PAGE, re.DOTALL)
    before = (PROJECTS / "gitlab" / name).read_text(encoding="utf-8")
    path = tmp_path / ".gitlab-ci.yml"
    path.write_text(before, encoding="utf-8")
    subprocess.run(("sh", "-c", line), cwd=tmp_path, check=True)
    after = before.replace("@0.1.0", "@0.2.0")
    assert (path.read_text("utf-8"), after == before) == (after, False)
    assert [file.name for file in tmp_path.iterdir()] == [".gitlab-ci.yml"]
