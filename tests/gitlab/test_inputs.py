"""The component, included with all inputs that matter: what is refused, what comes of each."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import Any

import pytest
import yaml

from doors import COMPONENT, read_inputs
from gitlab.conftest import Clone
from gitlab.runner import Runner
from support import ProjectDir

TAG = {"CI_COMMIT_TAG": "v1.2.3"}
PUSH = {"CI_PIPELINE_SOURCE": "push"}
BRANCH = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "topic", "CI_COMMIT_REF_NAME": "topic"}
MERGE_REQUEST = {"CI_PIPELINE_SOURCE": "merge_request_event"}
RELEASE = ["build", "digest", "publish", "verify"]
FAN_OUT = ["sdist", "wheel: [python:3.12]", "gather", "digest", "publish", "verify"]
INCLUSIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "other tags": {"tag-pattern": "/^release-/"},
    "its tags": {"tag-pattern": "/^v1/"},
    "wheels": {"wheels": "cp312-*-*"},
    "snapshots": {"snapshots": "pypi-snapshots"},
    "wheels and snapshots": {"wheels": "cp312-*-*", "snapshots": "pypi-snapshots"},
    "other changes": {"changes": ["docs/**/*"]},
    "its changes": {"changes": ["*.py"]},
    "in merge requests": {"check-pipelines": "merge-request"},
    "unchecked": {"check-pipelines": "none"},
}
"""Inclusions of the component in one file, by their `job-prefix`."""
NOT_ON_BRANCHES = ("other changes", "in merge requests", "unchecked")


def include(**inputs: Any) -> dict[str, Any]:
    return {"local": "templates/python-release/template.yml", "inputs": inputs}


def make_including(clone: Clone, document: dict[str, Any]) -> ProjectDir:
    """Make a clone whose pipeline includes the component from its own repository."""
    project = clone(tag=None)
    (project.root / "templates" / "python-release").mkdir(parents=True)
    shutil.copy(COMPONENT, project.root / "templates" / "python-release")
    project.write(".gitlab-ci.yml", yaml.safe_dump(document, sort_keys=False))
    project.commit_all()
    project.git("update-ref", "refs/remotes/origin/main", "HEAD")
    return project


@pytest.mark.parametrize(
    ("event", "jobs"),
    [
        pytest.param(
            TAG,
            {
                "plain": RELEASE,
                "its tags": RELEASE,
                "wheels": FAN_OUT,
                "snapshots": RELEASE,
                "wheels and snapshots": FAN_OUT,
                "other changes": RELEASE,
                "its changes": RELEASE,
                "in merge requests": RELEASE,
                "unchecked": RELEASE,
            },
            id="a tag",
        ),
        pytest.param(
            PUSH,
            {
                **{name: ["check"] for name in INCLUSIONS if name != "unchecked"},
                "snapshots": RELEASE,
                "wheels and snapshots": FAN_OUT,
            },
            id="the default branch",
        ),
        pytest.param(
            {"CI_COMMIT_TAG": "pictures-2"}, {}, id="a tag that does not look like a version"
        ),
        pytest.param(
            BRANCH,
            {name: ["check"] for name in INCLUSIONS if name not in NOT_ON_BRANCHES},
            id="another branch",
        ),
        pytest.param(MERGE_REQUEST, {"in merge requests": ["check"]}, id="a merge request"),
    ],
)
def test_jobs_of(
    runner: Runner, clone: Clone, event: dict[str, str], jobs: dict[str, list[str]]
) -> None:
    included = [include(**{"job-prefix": f"{n}/"}, **inputs) for n, inputs in INCLUSIONS.items()]
    project = make_including(clone, {"include": included})
    project.write("gitlab_example.py", '"""Changed."""\n')
    project.commit_all()
    listed = runner.list_jobs(project.root, **event)
    assert isinstance(listed, list), listed
    found: dict[str, list[str]] = {}
    for job in listed:
        name, _, job = job.partition("/")
        found.setdefault(name, []).append(job)
    assert found == jobs


EVERY: dict[str, Any] = {
    "url": "https://nexus.example.com",
    "hosted": "our-hosted",
    "group": "our-group",
    "snapshots": "our-snapshots",
    "tag-pattern": "/^v/",
    "wheels": "cp311-*-* cp312-*-*",
    "builds": [{"IMAGE": "python:3.11", "RUNNER": "linux"}],
    "build-tags": ["$RUNNER"],
    "working-directory": "packages/a",
    "changes": ["packages/a/**/*"],
    "check-pipelines": "merge-request",
    "dry-run": True,
    "fresh": True,
    "verbose": True,
    "lock": "our-lock",
    "image": "registry.example.com/python:3.12",
    "python": "python3.12",
    "tags": ["docker"],
    "environment": "releases",
    "stage": "release",
    "check-stage": "lint",
    "job-prefix": "a ",
    "kit": "1.2.3",
    "kit-index": "https://nexus.example.com/repository/our-group/simple/",
}


PUBLISH: dict[str, Any] = {
    "image": {"name": "registry.example.com/python:3.12"},
    "tags": ["docker"],
    "stage": "release",
    "needs": [
        {"job": "a build", "artifacts": True, "optional": True},
        {"job": "a gather", "artifacts": True, "optional": True},
        {"job": "a digest", "artifacts": True, "optional": False},
    ],
    "environment": {"name": "releases", "action": "access"},
    "inherit": {"default": ["tags", "timeout"]},
    "interruptible": False,
    "resource_group": "our-lock",
    "retry": {
        "max": 2,
        "when": ["runner_system_failure", "scheduler_failure", "data_integrity_failure"],
        "exit_codes": [3],
    },
    "cache": [],
    "variables": {"GIT_DEPTH": "0", "GIT_STRATEGY": "clone", "OURS": "1"},
    "timeout": "2 hours",
    "artifacts": {
        "when": "always",
        "expose_as": "releasekit",
        "paths": [".releasekit/summary.md", "packages/a/reports/", "packages/a/dist/"],
        "reports": {
            "junit": "packages/a/reports/junit.xml",
            "codequality": "packages/a/reports/gl-code-quality-report.json",
        },
    },
    "rules": [
        {"if": "$CI_COMMIT_TAG =~ /^v/"},
        {
            "if": '$CI_PIPELINE_SOURCE != "merge_request_event" && '
            '$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && "our-snapshots" != ""',
            "changes": ["packages/a/**/*"],
        },
    ],
}
CACHE = [
    {
        "key": {"prefix": "releasekit", "files": ["pyproject.toml", "packages/a/pyproject.toml"]},
        "paths": [".releasekit/"],
        "policy": "pull-push",
        "when": "always",
    }
]
JOBS = ("check", "build", "sdist", "wheel", "gather", "digest", "publish", "verify")
TEXTS = ("before_script", "script")


def test_every_input_stands_where_gitlab_reads_it_and_users_override_the_base_job(
    runner: Runner, clone: Clone
) -> None:
    assert EVERY.keys() == read_inputs().keys()
    base = {".a python-release": {"timeout": "2 hours", "variables": {"OURS": "1"}}}
    document = {"stages": ["lint", "release"], "include": [include(**EVERY)], **base}
    jobs = preview(replace(runner, inputs=()), make_including(clone, document))
    assert [name for name in jobs if name.startswith("a ")] == [
        *(f"a {name}" for name in JOBS),
        "a of packages/a",
    ]
    jobs = {name: jobs[f"a {name}"] for name in JOBS}
    assert without(jobs["publish"], *TEXTS) == PUBLISH
    verify, check, wheel = jobs["verify"], jobs["check"], jobs["wheel"]
    assert verify["artifacts"]["reports"]["dotenv"] == "packages/a/reports/release.env"
    assert (verify["interruptible"], "resource_group" in verify) == (False, False)
    assert (check["interruptible"], check["stage"]) == (True, "lint")
    assert check["rules"][1]["changes"] == ["packages/a/**/*"]
    assert wheel["parallel"] == {"matrix": [{"IMAGE": ["python:3.11"], "RUNNER": ["linux"]}]}
    assert (wheel["image"], wheel["tags"]) == ({"name": "$IMAGE"}, ["$RUNNER"])
    for job in jobs.values():
        assert job["timeout"] == "2 hours"
        assert job["variables"]["OURS"] == "1"
        assert job["retry"] == PUBLISH["retry"]
        # A merge request can write what a release job would restore.
        assert job["cache"] == (CACHE if job is check else [])


def without(job: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in job.items() if key not in keys}


def preview(runner: Runner, project: ProjectDir) -> dict[str, Any]:
    """Return the jobs as GitLab sees them: included, extended, checked by the official schema."""
    shown = runner.preview(project.root)
    assert shown.status == 0, shown.log
    document = yaml.safe_load(shown.log[shown.log.index("---\n") :])
    return {
        name: job for name, job in document.items() if isinstance(job, dict) and "script" in job
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("url=nexus.example.com", "does not match required regex"),
        ("kit-index=https://ci:secret@nexus.example.com/simple/", "does not match required regex"),
        ("dry-run=sometimes", "provided value is not a boolean"),
        ("tags=docker", "provided value is not a array"),
    ],
)
def test_an_input_of_another_kind_is_refused(
    runner: Runner, clone: Clone, text: str, problem: str
) -> None:
    said = replace(runner, inputs=(text,)).list_jobs(clone().root, **TAG)
    assert isinstance(said, str)
    assert f"`{text.partition('=')[0]}` input" in said
    assert problem in said
