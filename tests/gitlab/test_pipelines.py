"""The component's pipelines, run: what each event starts, and what comes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from gitlab.conftest import Clone
from gitlab.runner import Runner, to_variables
from nexus_double import Sandbox, run_sandbox
from support import published, uploads

TAG = {"CI_COMMIT_TAG": "v1.2.3", "CI_COMMIT_REF_NAME": "v1.2.3"}
BRANCH = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "topic", "CI_COMMIT_REF_NAME": "topic"}
RELEASE = ("release-build", "release-digest", "release-publish", "release-verify")
WHEEL, SDIST = "gitlab_example-1.2.3-py3-none-any.whl", "gitlab_example-1.2.3.tar.gz"
SECRET = "sealed-in-a-protected-variable"


@pytest.fixture
def index(runner: Runner) -> Iterator[Sandbox]:
    """An index that outlives the jobs, as a Nexus does, in the project's variables."""
    with run_sandbox(snapshots="pypi-snapshots") as running:
        runner.variables.update(to_variables(running.environ()))
        yield running


def test_a_branch_rehearses_in_the_sandbox_without_credentials(
    runner: Runner, clone: Clone, index: Sandbox
) -> None:
    runner.variables["TWINE_PASSWORD"] = SECRET
    project = clone(tag=None)
    project.git("switch", "-qc", "topic")
    project.write("gitlab_example.py", '"""Changed."""\n')
    project.commit_all()
    ran = runner.run(project.root, **BRANCH)
    assert (ran.status, ran.jobs) == (0, {"release-check": "PASS"}), ran.log
    assert "2 uploaded to https://127.0.0.1:" in ran.log
    assert index.url not in ran.log
    assert published(index) == set()
    assert SECRET not in ran.leftovers()


def test_a_failing_check_fails_the_pipeline_and_shows_in_the_merge_request(
    runner: Runner, clone: Clone
) -> None:
    project = clone(tag=None)
    project.git("switch", "-qc", "topic")
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    project.write("pyproject.toml", text[: text.index("[project.urls]")])
    project.commit_all()
    ran = runner.run(project.root, **BRANCH)
    assert (ran.status, ran.jobs) == (1, {"release-check": "FAIL"}), ran.log
    reports = ran.artifacts("release-check") / "reports"
    quality = json.loads((reports / "gl-code-quality-report.json").read_text(encoding="utf-8"))
    found = {issue["check_name"]: issue["severity"] for issue in quality}
    assert found["RK101"] == "blocker"
    failed = ElementTree.parse(reports / "junit.xml").findall(".//testcase[failure]")
    assert [case.get("name") for case in failed] == ["RK101 missing url"]
    exposed = ran.artifacts("release-check") / ".releasekit" / "summary.md"
    assert "| error | RK101 |" in exposed.read_text(encoding="utf-8")


def test_a_tag_is_built_once_published_and_verified_and_a_rerun_skips(
    runner: Runner, clone: Clone, index: Sandbox
) -> None:
    project = clone()
    ran = runner.run(project.root, **TAG)
    expected = dict.fromkeys(RELEASE, "PASS")
    assert (ran.status, ran.jobs) == (0, expected), ran.log
    assert published(index) == {WHEEL, SDIST}
    assert f"gitlab-example==1.2.3 installed by hash from {index.url}" in ran.log
    assert index.password not in ran.leftovers()
    again = runner.run(project.root, **TAG)
    assert (again.status, again.jobs) == (0, expected), again.log
    assert "0 to upload, 2 already published" in again.log
    assert uploads(index) == 2


def test_a_tag_that_is_not_protected_has_no_credentials_and_says_why(
    runner: Runner, clone: Clone, index: Sandbox
) -> None:
    del runner.variables["TWINE_USERNAME"], runner.variables["TWINE_PASSWORD"]
    ran = runner.run(clone().root, **TAG, CI_COMMIT_REF_PROTECTED="false", GITLAB_CI="true")
    assert (ran.status, ran.jobs) == (
        *(1, {"release-build": "PASS", "release-digest": "PASS", "release-publish": "FAIL"}),
    ), ran.log
    assert "v1.2.3 is not protected" in ran.log
    assert published(index) == set()


def test_the_default_branch_releases_development_versions_into_snapshots(
    runner: Runner, clone: Clone, index: Sandbox
) -> None:
    project = clone(tag="v1.2.3")
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    project.write("pyproject.toml", text.replace('"1.2.3"', '"1.3"'))
    project.commit_all()
    project.git("update-ref", "refs/remotes/origin/main", "HEAD")
    runner = replace(runner, inputs=(*runner.inputs, "snapshots=pypi-snapshots"))
    ran = runner.run(project.root, CI_PIPELINE_SOURCE="push")
    assert (ran.status, list(ran.jobs)) == (0, list(RELEASE)), ran.log
    found = index.state.find_files("pypi-snapshots")
    assert {file.version for file in found} == {"1.3.dev1"}
    assert published(index) == set()


MONOREPO = """\
include:
  - component: gitlab.example.com/platform/releasekit/python-release@0.1.0
    inputs:
      job-prefix: "a:"
      working-directory: packages/a
      tag-pattern: /^a\\/v/
      changes: ["packages/a/**/*"]
  - project: platform/releasekit
    ref: main
    file: templates/python-release/template.yml
    inputs:
      job-prefix: "b:"
      working-directory: packages/b
      tag-pattern: /^b\\/v/
      changes: ["packages/b/**/*"]
"""


def test_a_tag_of_a_monorepo_releases_its_package_alone(
    runner: Runner, clone: Clone, index: Sandbox
) -> None:
    monorepo = clone(ci=MONOREPO, tag=None)
    text = (monorepo.root / "pyproject.toml").read_text(encoding="utf-8")
    for name in ("a", "b"):
        (monorepo.root / "packages" / name).mkdir(parents=True)
        settings = f'\n[tool.releasekit]\ntag = "{name}/v{{version}}"\n'
        named = text.replace("gitlab-example", f"pkg-{name}") + settings
        monorepo.write(f"packages/{name}/pyproject.toml", named)
        monorepo.write(f"packages/{name}/pkg_{name}.py", f'"""Package {name}."""\n')
        monorepo.write(f"packages/{name}/README.md", f"# pkg-{name}\n")
    monorepo.commit_all()
    monorepo.git("tag", "b/v1.2.3")
    ran = runner.run(monorepo.root, CI_COMMIT_TAG="b/v1.2.3")
    assert ran.jobs == dict.fromkeys(("b:build", "b:digest", "b:publish", "b:verify"), "PASS"), (
        ran.log
    )
    assert published(index) == {"pkg_b-1.2.3-py3-none-any.whl", "pkg_b-1.2.3.tar.gz"}


WHEELS = """\
include:
  - component: gitlab.example.com/platform/releasekit/python-release@0.1.0
    inputs:
      wheels: "cp311-*-* cp312-*-*"
      builds:
        - { IMAGE: "python:3.11", MADE_FOR: cp311 }
        - { IMAGE: "python:3.12", MADE_FOR: cp312 }
"""
SETUPTOOLS = """\
[build-system]
requires = ["setuptools>=80"]
build-backend = "setuptools.build_meta"
"""
SETUP = """\
import os
from setuptools import setup
setup(options={"bdist_wheel": {"python_tag": os.environ.get("MADE_FOR", "py3")}})
"""


def test_a_matrix_builds_wheels_that_are_gathered_and_published_together(
    runner: Runner, clone: Clone, index: Sandbox
) -> None:
    project = clone(ci=WHEELS, tag=None)
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    project.write("pyproject.toml", SETUPTOOLS + text[text.index("\n[project]") :])
    project.write("setup.py", SETUP)
    project.commit_all()
    project.git("tag", "v1.2.3")
    ran = runner.run(project.root, **TAG)
    assert set(ran.jobs.values()) == {"PASS"}, ran.log
    assert published(index) == {
        "gitlab_example-1.2.3-cp311-none-any.whl",
        "gitlab_example-1.2.3-cp312-none-any.whl",
        SDIST,
    }
