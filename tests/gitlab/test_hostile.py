"""Variables of the group, modules and jobs of the project: none of them changes a release."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from doors import read_inputs
from gitlab.conftest import Clone
from gitlab.runner import Runner, to_variables
from gitlab.test_inputs import include, make_including
from gitlab.test_jobs import CREDENTIALS, HOLLOW, KIT, read_variables, sessions, without
from gitlab.test_pipelines import BRANCH, RELEASE, SDIST, TAG, WHEEL
from nexus_double import Sandbox, run_sandbox
from support import ProjectDir, published

# fmt: off
HOSTILE: dict[str, object] = {
    "DRY_RUN": "false", "FRESH": "true", "VERBOSE": "true", "KIT": "evil", "KIT_INDEX": "evil",
    "kit": "evil", "index": "evil", "python": "false", "session": "evil", "caches": "evil",
    "name": "evil", "noxfile": "evil.py", "status": "1", "ca": "evil", "IFS": "e",
    "NOXSESSION": "evil", "NOXPYTHON": "2.7", "NOX_PARALLEL": "2", "NOXFORCEPYTHON": "2.7",
    "NOX_SCRIPT_MODE": "fresh", "NOXEXTRAPYTHON": "2.7",
    "PYTHONPATH": ".", "PYTHONHOME": "evil", "PYTHONSTARTUP": "evil.py", "PIP_USER": "1",
    "PYTHONEXECUTABLE": "evil", "UV_PROJECT": "evil", "UV_WORKING_DIR": "evil",
    "NO_COLOR": "1", "FORCE_COLOR": "1",
    "PIP_TARGET": "evil", "PIP_PREFIX": "evil", "PIP_ROOT": "evil",
    "RELEASEKIT_URL": "https://evil.example.com", "RELEASEKIT_TAG": "v9",
}
# fmt: on
"""Variables that some group has for something else, by names that are near at hand."""
HOSTILE_PIP = {
    "PIP_REQUIRE_HASHES": "1",
    "PIP_DRY_RUN": "1",
    "PIP_NO_DEPS": "1",
    "PIP_PLATFORM": "evil",
    "PIP_CONSTRAINT": "constraints-of-another-project.txt",
    "PIP_REPORT": "evil",
}
ADMIN = {
    "RELEASEKIT_ADMIN_USERNAME": "admin",
    "RELEASEKIT_ADMIN_PASSWORD": "canary-of-the-admin",
    "RELEASEKIT_PUBLISHER_PASSWORD": "canary-of-the-publisher",
    "RELEASEKIT_PROXY_PASSWORD": "canary-of-the-proxy",
    "TWINE_PASSWORD_OF_SOMEBODY": "canary-of-somebody",
}
MODULES = (
    *("build", "requests", "types", "pip", "venv", "nox", "logging", "packaging", "runpy", "re"),
    *("ensurepip", "sitecustomize", "usercustomize", "collections", "encodings", "releasekit"),
)
MARK = "open({folder!r} + '/imported', 'a').write(__name__ + ' ')\n"
NOXFILE = """\
import json, os, sys
import nox
import releasekit.sessions
with open({folder!r} + "/noxfile", "a") as file:
    file.write(json.dumps([sys.argv, dict(os.environ)]) + "\\n")
"""
OWN_JOBS = """\
stages: [build, test, deploy]
default: {cache: {paths: [theirs/]}}
build: {stage: build, script: [echo the build of the project]}
test: {script: [echo the test of the project]}
check: {script: [echo the check of the project]}
publish: {stage: deploy, script: [echo the publication of the project], rules: [{when: always}]}
.python-release: {script: [echo not ours]}
"""


@pytest.fixture
def index(runner: Runner) -> Iterator[Sandbox]:
    """An index whose settings are inputs or variables of the group, as a test likes."""
    with run_sandbox() as running:
        yield running


@pytest.fixture
def hostile(clone: Clone, tmp_path: Path) -> ProjectDir:
    """A project full of modules and with a noxfile that tell when they are run."""
    project = clone()
    for name in MODULES:
        project.write(f"{name}.py", MARK.format(folder=str(tmp_path)))
    project.write("noxfile.py", NOXFILE.format(folder=str(tmp_path)))
    project.git("rm", "-q", "--cached", "-r", ".")
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    return project


def test_variables_of_the_group_beat_no_input(runner: Runner, clone: Clone) -> None:
    inputs = {"dry-run": True, "url": "https://nexus.example.com", "kit": "1.2.3"}
    runner = replace(runner, inputs=(f"python={HOLLOW}",))
    runner.variables.update({**HOSTILE, **CREDENTIALS, **ADMIN})
    ran = runner.run(make_including(clone, {"include": [include(**inputs)]}).root, **TAG)
    assert ran.jobs == dict.fromkeys(RELEASE, "PASS"), ran.log
    assert sessions(ran) == [
        f"release-build: {KIT} build --dry-run",
        f"release-build: {KIT} check --dry-run",
        f"release-publish: {KIT} publish --dry-run",
    ]
    found = read_variables(ran, "release-publish", "-s publish")
    assert without(found, *runner.environ) == {
        **CREDENTIALS,
        "TWINE_PASSWORD_OF_SOMEBODY": "canary-of-somebody",
        "RELEASEKIT_URL": "https://nexus.example.com",
        "RELEASEKIT_TAG": "v1.2.3",
        "RELEASEKIT_PROOF_SHA256": "a-digest",
    }
    installs = set(re.findall(r"-I -m pip install .* -- (.*)", ran.log))
    assert installs == {"releasekit==1.2.3"}


def test_upload_credentials_are_for_the_sessions_that_need_them(
    runner: Runner, clone: Clone
) -> None:
    runner = replace(runner, inputs=(f"python={HOLLOW}", "kit="))
    runner.variables.update({**CREDENTIALS, **ADMIN})
    project = make_including(clone, {"include": [include()]})
    project.write("noxfile.py", "import releasekit.sessions\n")
    project.commit_all()
    ran = runner.run(project.root, **TAG)
    assert sessions(ran) == [
        "release-build: noxfile.py build",
        "release-build: noxfile.py check",
        f"release-publish: {KIT} publish",
        f"release-verify: {KIT} verify",
    ]
    assert with_password(ran.log) == ["publish"]
    assert "canary-of-the" not in ran.log


def with_password(log: str) -> list[str]:
    """Return the sessions that got the password of who uploads."""
    runs = re.findall(r"ran on [\w-]+: -I -m nox .*? -s (\w+).*\n((?:.*> \w+=.*\n)*)", log)
    return [session for session, variables in runs if "TWINE_" in variables]


def test_the_project_runs_no_code_beside_the_password(
    runner: Runner, hostile: ProjectDir, index: Sandbox, tmp_path: Path
) -> None:
    runner.variables.update({**HOSTILE, **ADMIN, **to_variables(index.environ())})
    ran = runner.run(hostile.root, **TAG)
    assert ran.jobs == dict.fromkeys(RELEASE, "PASS"), ran.log
    assert published(index) == {WHEEL, SDIST}
    assert not (tmp_path / "imported").exists()
    noxfile = (tmp_path / "noxfile").read_text("utf-8")
    assert re.findall(r'"-s", "(\w+)"', noxfile) == ["build", "check"]
    for secret in (index.password, *(text for text in ADMIN.values() if "canary" in text)):
        assert secret not in noxfile
        assert secret not in ran.leftovers()


def test_a_rehearsal_that_a_group_wants_to_be_a_release_publishes_nothing(
    runner: Runner, clone: Clone, index: Sandbox
) -> None:
    runner.variables.update({"DRY_RUN": "false", **to_variables(index.environ())})
    runner = replace(runner, inputs=(*runner.inputs, "dry-run=true"))
    ran = runner.run(clone().root, **TAG)
    assert ran.jobs == dict.fromkeys(RELEASE, "PASS"), ran.log
    assert published(index) == set()


def test_jobs_of_the_project_stay_as_they_are_beside_the_three_lines(
    runner: Runner, clone: Clone
) -> None:
    project = clone()
    three_lines = (project.root / ".gitlab-ci.yml").read_text("utf-8")
    project.write(".gitlab-ci.yml", three_lines + OWN_JOBS)
    own = ["build", "test", "check", "publish"]
    assert sorted(runner.list_jobs(project.root, **TAG)) == sorted([*own, *RELEASE])
    shown = runner.preview(project.root)
    document = yaml.safe_load(shown.log[shown.log.index("---\n") :])
    for name in own:
        assert [line.split()[:2] for line in document[name]["script"]] == [["echo", "the"]]
    # A cache that all jobs have is not restored in a release either.
    assert document["release-publish"]["cache"] == []


def test_every_text_that_is_put_into_the_template_is_limited() -> None:
    texts = {
        name: spec for name, spec in read_inputs().items() if spec.get("type", "string") == "string"
    }
    assert [name for name, spec in texts.items() if not spec.keys() & {"regex", "options"}] == []


BREAKING = {"quote": "a'b", "double": 'a"b', "escape": "a\\b", "line": "a\nb", "control": "a\x07b"}
EXPANDING = {"variable": "a$b", "command": "a`b"}
NAMES = {"image", "lock", "stage", "check-stage"}
"""Inputs that GitLab reads, where variables are usual."""
PREFIX = {"url": "https://", "kit-index": "https://", "tag-pattern": "/"}


@pytest.mark.parametrize("name", [name for name, spec in read_inputs().items() if "regex" in spec])
def test_an_input_that_would_end_its_quotes_is_refused(name: str) -> None:
    spec = read_inputs()[name]
    # Python's $ also stands before a last line end; RE2's, which GitLab has, does not.
    regex = re.compile(spec["regex"].replace("$|", r"\Z|").removesuffix("$") + r"\Z")
    assert regex.search(spec["default"])
    before, after = PREFIX.get(name, ""), "/" * (name == "tag-pattern")
    values = {**BREAKING, **({} if name in NAMES | {"tag-pattern"} else EXPANDING)}
    if name == "tag-pattern":  # a rule has it without quotes, and YAML in single ones
        values = {"quote": "a'b", "end": 'a/ || "a" == "a', "line": "a\nb"}
    assert [k for k, v in values.items() if regex.search(f"{before}{v}{after}")] == []
    assert not regex.search(f"{before}a{after}\n")


@pytest.mark.parametrize("text", [*BREAKING.values(), *EXPANDING.values()], ids=repr)
def test_gitlab_refuses_a_text_that_would_end_its_quotes(
    runner: Runner, clone: Clone, text: str
) -> None:
    document = {"include": [include(hosted=text)]}
    said = replace(runner, inputs=()).list_jobs(make_including(clone, document).root, **TAG)
    assert isinstance(said, str)
    assert "`hosted` input" in said
    assert "does not match required regex" in said


def test_an_odd_text_arrives_as_it_was_written(runner: Runner, clone: Clone) -> None:
    odd = "a b; echo (c) & d | e > f # g: {h} [i] * ? ! ~ %s"
    runner = replace(runner, inputs=(f"python={HOLLOW}",))
    inputs: dict[str, Any] = {"hosted": odd, "kit": "releasekit[nexus]>=1,<2", "wheels": "cp3*-*-*"}
    ran = runner.run(make_including(clone, {"include": [include(**inputs)]}).root, **TAG)
    assert set(ran.jobs.values()) == {"PASS"}, ran.log
    assert read_variables(ran, "release-publish", "-s publish")["RELEASEKIT_HOSTED"] == odd
    assert set(re.findall(r"-I -m pip install .* -- (.*)", ran.log)) == {inputs["kit"]}


def test_a_branch_alone_has_a_cache_and_finds_it_again(
    runner: Runner, clone: Clone, index: Sandbox
) -> None:
    runner.variables.update(to_variables(index.environ()))
    project = clone(tag=None)
    project.git("switch", "-qc", "topic")
    project.write("gitlab_example.py", '"""Changed."""\n')
    project.commit_all()
    first = runner.run(project.root, **BRANCH)
    assert first.jobs == {"release-check": "PASS"}, first.log
    cached = [path for path in find_environments(project.root) if path.is_dir()]
    assert cached
    # What a branch leaves there, no release reads.
    for path in cached:
        (path / "planted").write_text("by a branch", "utf-8")
    project.git("switch", "-q", "main")
    project.git("tag", "v1.2.3")
    ran = runner.run(project.root, **TAG)
    assert ran.jobs == dict.fromkeys(RELEASE, "PASS"), ran.log
    assert not list((project.root / ".gitlab-ci-local" / "builds").rglob("planted"))


def find_environments(root: Path) -> list[Path]:
    return list((root / ".gitlab-ci-local" / "cache").glob("**/.releasekit/environments"))
