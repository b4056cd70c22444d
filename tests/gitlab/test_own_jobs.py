"""The component beside what a project has: its own jobs stay as they are, and release nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from doors import read_inputs
from gitlab.conftest import Clone
from gitlab.runner import Pipeline, Runner, to_variables
from gitlab.test_hostile import HOSTILE
from gitlab.test_inputs import BRANCH, MERGE_REQUEST, PUSH, include, make_including
from gitlab.test_pipelines import RELEASE, SDIST, TAG, WHEEL
from nexus_double import run_sandbox
from support import published

OWN: dict[str, Any] = {
    "stages": ["build", "test", "deploy"],
    "default": {
        "tags": ["docker"],
        "before_script": ["echo theirs before"],
        "after_script": ["echo theirs after"],
        "artifacts": {"paths": ["dist/"]},
        "cache": {"paths": ["theirs/"]},
        "interruptible": False,
    },
    "variables": {"GIT_DEPTH": "1", "OURS": "1"},
    "build": {
        "stage": "build",
        "script": [
            "mkdir -p dist reports/parts",
            "for name in dist/other-9.tar.gz dist/other-9-py3-none-any.whl reports/release.json "
            "reports/parts/other.json; do echo other > $name; done",
        ],
        "artifacts": {"paths": ["dist/", "reports/"], "reports": {"dotenv": "build.env"}},
        "after_script": ["echo RELEASEKIT_URL=https://evil.example.com > build.env"],
    },
    "test": {"script": ["echo the test"]},
    "check": {"stage": "test", "script": ["echo a check"], "rules": [{"if": "$CI_COMMIT_BRANCH"}]},
    "publish": {
        "stage": "deploy",
        "script": ["echo a publication"],
        "rules": [{"if": "$CI_COMMIT_TAG"}, {"if": "$CI_PIPELINE_SOURCE == 'push'"}],
    },
}
NAMES = ("build", "test", "check", "publish")


def read_configuration(shown: Pipeline) -> dict[str, Any]:
    """Return what GitLab makes of a configuration, as the preview shows it."""
    assert shown.status == 0, shown.log
    document: dict[str, Any] = yaml.safe_load(shown.log[shown.log.index("---\n") :])
    return document


@pytest.mark.parametrize("inputs", [{}, {"check-pipelines": "merge-request"}], ids=str)
def test_the_project_is_the_same_with_and_without_the_component(
    runner: Runner, clone: Clone, inputs: dict[str, str]
) -> None:
    runner = replace(runner, inputs=())
    project = make_including(clone, {**OWN, "include": [include(**inputs)]})
    events: tuple[dict[str, str], ...] = (TAG, PUSH, BRANCH, MERGE_REQUEST)
    found = []
    for text in (
        (project.root / ".gitlab-ci.yml").read_text("utf-8"),
        yaml.safe_dump(OWN, sort_keys=False),
    ):
        project.write(".gitlab-ci.yml", text)
        project.write("changed.txt", "")
        project.commit_all()
        document = read_configuration(runner.preview(project.root))
        jobs = [runner.list_jobs(project.root, **event) for event in events]
        ours = [[name for name in listed if name in NAMES] for listed in jobs]
        keys = [*(key for key in OWN if key != "include"), "workflow"]
        found.append(({key: document.get(key) for key in keys}, ours))
    assert found[0] == found[1]


def test_nothing_of_the_component_makes_a_merge_request_pipeline(
    runner: Runner, clone: Clone
) -> None:
    """GitLab would take it as the head pipeline, which alone blocks a merge."""
    project = make_including(clone, {**OWN, "include": [include()]})
    project.write("gitlab_example.py", '"""Changed."""\n')
    project.commit_all()
    listed = replace(runner, inputs=()).list_jobs(project.root, **MERGE_REQUEST)
    assert not set(listed) - set(NAMES)
    assert "release-check" in replace(runner, inputs=()).list_jobs(project.root, **BRANCH)


def test_three_lines_release_beside_jobs_artifacts_and_variables_of_the_project(
    runner: Runner, clone: Clone
) -> None:
    project = clone(tag=None)
    three_lines = (project.root / ".gitlab-ci.yml").read_text("utf-8")
    project.write(".gitlab-ci.yml", three_lines + yaml.safe_dump(OWN, sort_keys=False))
    project.commit_all()
    project.git("tag", "v1.2.3")
    with run_sandbox() as index:
        runner.variables.update({**HOSTILE, **to_variables(index.environ())})
        ran = runner.run(project.root, **TAG)
        assert ran.jobs == dict.fromkeys((*RELEASE, "build", "test", "publish"), "PASS"), ran.log
        assert published(index) == {WHEEL, SDIST}
    for job in ("release-build", "release-publish"):
        files = {path.name for path in (ran.artifacts(job) / "dist").iterdir()}
        assert files == {".gitignore", WHEEL, SDIST}, job
    for line in ran.log.splitlines():  # their scripts run in their jobs only
        assert "theirs" not in line or not line.startswith("release-"), line


@pytest.mark.parametrize(
    ("inputs", "tags"),
    [
        pytest.param({}, (["docker"], ["docker"]), id="the project's default"),
        pytest.param({"tags": ["a", "b"]}, (["a", "b"], ["a", "b"]), id="all jobs"),
        pytest.param({"build-tags": ["$RUNNER"]}, (["docker"], ["$RUNNER"]), id="of wheels"),
        pytest.param(
            {"tags": ["a"], "build-tags": ["$RUNNER"]}, (["a"], ["$RUNNER"]), id="of both"
        ),
    ],
)
def test_jobs_have_the_runner_tags_of_the_input_or_of_the_projects_default(
    runner: Runner, clone: Clone, inputs: dict[str, Any], tags: tuple[Any, Any]
) -> None:
    project = make_including(clone, {**OWN, "include": [include(**inputs)]})
    jobs = read_configuration(replace(runner, inputs=()).preview(project.root))
    assert (jobs["release-publish"].get("tags"), jobs["release-wheel"].get("tags")) == tags
    ours = [jobs[f"release-{name}"] for name in ("check", "build", "sdist", "gather", "digest")]
    assert [job.get("tags") for job in ours] == [tags[0]] * len(ours)


def find_undefined_needs(jobs: dict[str, Any]) -> list[str]:
    """Return the needs that GitLab refuses: it looks for jobs of a matrix by their full names.

    `Normalizer#expand_parallelized_needs` and `YamlProcessor#validate_job_needs!` of GitLab do
    so; gitlab-ci-local does not, for jobs that no pipeline has.
    """
    names, undefined = set(), []
    for name, job in jobs.items():
        matrix = job.get("parallel", {}).get("matrix") or [{}]
        names |= {name, *(f"{name}: {list_values(entry)}" for entry in matrix)}
    for name, job in jobs.items():
        for need in job.get("needs", []):
            matrix = need.get("parallel", {}).get("matrix") or [{}]
            wanted = {f"{need['job']}: {list_values(e)}" if e else need["job"] for e in matrix}
            undefined += [f"{name} job: undefined need: {one}" for one in sorted(wanted - names)]
    return undefined


def list_values(entry: dict[str, Any]) -> str:
    values = (value if isinstance(value, str) else ", ".join(value) for value in entry.values())
    return f"[{', '.join(values)}]"


@pytest.mark.parametrize(
    ("prefixes", "refusals"),
    [
        pytest.param(({"job-prefix": "a-"}, {"job-prefix": "b-"}), [], id="prefixes"),
        pytest.param(({"job-prefix": "a-"}, {}), [], id="one prefix"),
        pytest.param(
            ({}, {}),
            [
                "release-of packages/a job: undefined need: "
                "one job-prefix per package: release-: [packages/a]"
            ],
            id="no prefix",
        ),
    ],
)
def test_two_packages_of_one_prefix_are_refused(
    runner: Runner, clone: Clone, prefixes: tuple[dict[str, str], ...], refusals: list[str]
) -> None:
    included = [
        include(**{"working-directory": f"packages/{name}", **inputs})
        for name, inputs in zip("ab", prefixes, strict=True)
    ]
    project = make_including(clone, {"include": included})
    document = read_configuration(replace(runner, inputs=()).preview(project.root))
    jobs = {name: job for name, job in document.items() if "script" in job}
    assert find_undefined_needs(jobs) == refusals


TAGS = re.compile(read_inputs()["tag-pattern"]["default"][1:-2], re.IGNORECASE)


@pytest.mark.parametrize(
    "tag",
    [
        *("1.2.3", "v1.2.3", "V1", "2026.11", "v0.1.0", "1.0a1", "1.0.0-rc.1", "1.0RC1", "2!1.0"),
        *("1.0.post1", "1.0-1", "1.0.dev3", "v1.0b2.post3.dev4", "1.0_alpha"),
    ],
)
def test_a_tag_that_looks_like_a_version_releases(tag: str) -> None:
    assert TAGS.search(tag)


@pytest.mark.parametrize(
    "tag",
    [
        *("pkg-a/v1.2.3", "nightly", "release", "v", "deploy-2026-01-01", "1.2.3-SNAPSHOT"),
        *("v1.2.3/docs", "before-1.0", "2026-01-01", "1st-prototype", "backup-v1.0", "1.0+local"),
    ],
)
def test_another_tag_releases_nothing(tag: str) -> None:
    assert not TAGS.search(tag)


@pytest.mark.parametrize(
    "directory",
    ["./packages/a", "packages/a/", "../a", "/a", "a//b", "a/./b", "a/../b", "./", ".."],
)
def test_a_directory_by_another_spelling_is_refused(directory: str) -> None:
    regex = re.compile(read_inputs()["working-directory"]["regex"])
    assert not regex.search(directory)


@pytest.mark.parametrize("directory", [".", "packages/a", ".hidden/a", "a.b/c-d", "a/-b", "ä b/c"])
def test_a_directory_is_taken(directory: str) -> None:
    assert re.search(read_inputs()["working-directory"]["regex"], directory)


def test_the_cache_has_a_key_that_newer_gitlab_finds(runner: Runner, clone: Clone) -> None:
    """GitLab 18.5 and newer find no ./pyproject.toml, and older ones do."""
    document = {"include": [include(), include(**{"job-prefix": "a-", "working-directory": "a"})]}
    project = make_including(clone, document)
    jobs = read_configuration(replace(runner, inputs=()).preview(project.root))
    keys = {
        name: [Path(file) for file in jobs[f"{name}check"]["cache"][0]["key"]["files"]]
        for name in ("release-", "a-")
    }
    assert {name: files[-1] for name, files in keys.items()} == {
        "release-": Path("pyproject.toml"),
        "a-": Path("a/pyproject.toml"),
    }
    for job in ("release-check", "a-check"):
        assert not jobs[job]["cache"][0]["key"]["files"][0].startswith("./")
