"""The component, included with all inputs that matter: what is refused, what comes of each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gitlab.conftest import Clone
from gitlab.runner import Runner

TAG = {"CI_COMMIT_TAG": "v1.2.3"}
PUSH = {"CI_PIPELINE_SOURCE": "push"}
BRANCH = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "topic", "CI_COMMIT_REF_NAME": "topic"}
RELEASE = ["build", "publish", "verify"]
FAN_OUT = ["sdist", "wheel: [python:3.12]", "gather", "publish", "verify"]


@pytest.mark.parametrize(
    ("inputs", "event", "jobs"),
    [
        ((), TAG, RELEASE),
        ((), PUSH, ["check"]),
        ((), BRANCH, []),
        (("tag-pattern=/^release-/",), TAG, []),
        (("tag-pattern=/^v1/",), TAG, RELEASE),
        (("wheels=cp312-*-*",), TAG, FAN_OUT),
        (("wheels=cp312-*-*", "snapshots=pypi-snapshots"), PUSH, FAN_OUT),
        (("snapshots=pypi-snapshots",), PUSH, RELEASE),
        (("snapshots=pypi-snapshots",), BRANCH, []),
        (("snapshots=pypi-snapshots",), TAG, RELEASE),
        (("job-prefix=my ",), TAG, ["my build", "my publish", "my verify"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_jobs_of(
    runner: Runner,
    clone: Clone,
    inputs: tuple[str, ...],
    event: dict[str, str],
    jobs: list[str],
) -> None:
    runner = replace(runner, inputs=(*runner.inputs, *inputs))
    assert runner.list_jobs(clone().root, **event) == jobs


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("url=nexus.example.com", "does not match required regex"),
        ("tag-pattern=v*", "does not match required regex"),
        ("dry-run=sometimes", "provided value is not a boolean"),
        ("tags=docker", "provided value is not a array"),
    ],
)
def test_an_input_of_another_kind_is_refused(
    runner: Runner, clone: Clone, given: str, problem: str
) -> None:
    said = replace(runner, inputs=(given,)).list_jobs(clone(ci=PLAIN).root, **TAG)
    assert isinstance(said, str)
    assert f"`{given.partition('=')[0]}` input" in said
    assert problem in said


PLAIN = """\
include:
  - component: gitlab.example.com/platform/releasekit/python-release@0.1.0
"""
