"""What each job runs with what, and what stops a release; their Python is hollow here."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gitlab.conftest import Clone
from gitlab.runner import STATE, Pipeline, Runner
from gitlab.test_inputs import BRANCH, EVERY, TAG, include, make_including

HOLLOW = str(Path(__file__).parents[1] / "hollow-python")
INSTALL = "--no-input --disable-pip-version-check --only-binary :all: --"
KIT = "/kit/noxfile.py"
"""The noxfile of the kit, as the hollow Python tells it."""
CREDENTIALS = {"TWINE_USERNAME": "publisher", "TWINE_PASSWORD": "hunter2"}
FILES: dict[str, object] = {
    "RELEASEKIT_CA_BUNDLE": {"type": "file", "values": {"*": "-----BEGIN CERTIFICATE-----\n"}},
    "NETRC": {"type": "file", "values": {"*": "machine nexus.example.com login a password b\n"}},
}


def sessions(ran: Pipeline) -> list[str]:
    """Return what nox ran: the job, the noxfile below the project's directory, the session."""
    found = re.findall(r"> ran on ([\w-]+): -I -m nox -f (\S+) -s (.+) -- -C (\S+) ?(.*)", ran.log)
    return [
        " ".join((f"{job}:", file.removeprefix(f"{root}/"), name, *options.split()))
        for job, file, name, root, options in found
    ]


def read_variables(ran: Pipeline, job: str, arguments: str) -> dict[str, str]:
    """Return the environment in which a job's Python got these arguments; files by their names."""
    lines = re.split(rf"> ran on {job}: .*{re.escape(arguments)}.*\n", ran.log, maxsplit=1)[1]
    found = dict(re.findall(r"> (\w+)=(.*)", lines.partition("> ran on")[0]))
    return {
        name: f"a file {Path(value).name}" if Path(value).is_absolute() else value
        for name, value in found.items()
        if name not in ("RELEASEKIT_CACHE_DIR", "RELEASEKIT_TEMPLATE")
    }


def without(environ: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name not in names}


@pytest.fixture
def hollow(runner: Runner) -> Runner:
    """A runner whose machine says nothing to pip."""
    said = ("NETRC", "PIP_CERT", "PIP_INDEX_URL", "REQUESTS_CA_BUNDLE")
    environ = {name: value for name, value in runner.environ.items() if name not in said}
    return replace(runner, inputs=(f"python={HOLLOW}",), environ=environ)


def test_every_input_reaches_what_runs(hollow: Runner, clone: Clone) -> None:
    hollow.variables.update({**CREDENTIALS, **FILES})
    project = make_including(clone, {"stages": ["lint", "release"], "include": [include(**EVERY)]})
    (project.root / "packages" / "a").mkdir(parents=True)
    project.write("packages/a/noxfile.py", "import releasekit.sessions\n")
    project.commit_all()
    ran = hollow.run(project.root, **TAG)
    assert set(ran.jobs.values()) == {"PASS"}, ran.log
    options = "--fresh --dry-run -v"
    wheel = "a-wheel-python-3-11-linux"
    assert sessions(ran) == [
        f"a-sdist: noxfile.py build --sdist {options}",
        f"{wheel}: noxfile.py build --wheel-from reports/release.json {options}",
        f"a-gather: noxfile.py gather {options}",
        f"a-gather: noxfile.py check {options}",
        f"a-publish: {KIT} publish {options}",
    ]
    environ = {
        **CREDENTIALS,
        "NETRC": "a file NETRC",
        "RELEASEKIT_CA_BUNDLE": "a file RELEASEKIT_CA_BUNDLE",
        "RELEASEKIT_GROUP": "our-group",
        "RELEASEKIT_HOSTED": "our-hosted",
        "RELEASEKIT_SNAPSHOTS": "our-snapshots",
        "RELEASEKIT_TAG": "v1.2.3",
        "RELEASEKIT_URL": "https://nexus.example.com",
        "RELEASEKIT_WHEELS": "cp311-*-* cp312-*-*",
    }
    assert re.findall(r"-s publish -- -C \S+/packages/a --fresh", ran.log)
    assert read_variables(ran, "a-publish", "-s publish") == environ | {
        "RELEASEKIT_PROOF_SHA256": "a-digest"
    }
    for job, session in (("a-sdist", "build"), (wheel, "build"), ("a-gather", "check")):
        assert read_variables(ran, job, f"-s {session}") == without(environ, *CREDENTIALS)
    # Caches stand in the job's directory, from which GitLab takes them.
    assert f"RELEASEKIT_CACHE_DIR={project.root}/{STATE}/builds/" in ran.log
    assert read_variables(ran, "a-publish", f"{INSTALL} releasekit==1.2.3") == {
        "NETRC": "a file NETRC",
        "PIP_CERT": "a file RELEASEKIT_CA_BUNDLE",
        "PIP_INDEX_URL": EVERY["kit-index"],
        "REQUESTS_CA_BUNDLE": "a file RELEASEKIT_CA_BUNDLE",
    }


@pytest.mark.parametrize(
    "variables",
    [pytest.param({}, id="of a fork"), pytest.param(CREDENTIALS, id="of the project")],
)
def test_a_branch_rehearses_without_credentials(
    hollow: Runner, clone: Clone, variables: dict[str, object]
) -> None:
    hollow.variables.update(variables)
    project = make_including(clone, {"include": [include(kit="")]})
    project.write("gitlab_example.py", '"""Changed."""\n')
    project.commit_all()
    ran = hollow.run(project.root, **BRANCH)
    assert sessions(ran) == [f"release-check: {KIT} release"], ran.log
    assert read_variables(ran, "release-check", "-s release") == {"RELEASEKIT_URL": "sandbox"}


FAILING = {"FAILING": "--wheel-from", "STATUS": "1"}


@pytest.mark.parametrize(
    ("builds", "variables", "jobs"),
    [
        pytest.param(
            [{"IMAGE": "a"}, {"IMAGE": "b", **FAILING}],
            {},
            {
                "release-sdist": "PASS",
                "release-wheel: [a]": "PASS",
                "release-wheel: [b,--wheel-from,1]": "FAIL",
            },
            id="one of two wheels",
        ),
        pytest.param(
            [{"IMAGE": "a"}, {"IMAGE": "b"}],
            {"FAILING": "gather", "STATUS": "1"},
            {
                "release-sdist": "PASS",
                "release-wheel: [a]": "PASS",
                "release-wheel: [b]": "PASS",
                "release-gather": "FAIL",
            },
            id="gather",
        ),
    ],
)
def test_what_fails_in_a_matrix_keeps_all_from_being_published(
    hollow: Runner,
    clone: Clone,
    builds: list[dict[str, Any]],
    variables: dict[str, object],
    jobs: dict[str, str],
) -> None:
    hollow.variables.update(variables)
    document = {"include": [include(kit="", wheels="cp311-*-* cp312-*-*", builds=builds)]}
    ran = hollow.run(make_including(clone, document).root, **TAG)
    assert (ran.status, ran.jobs) == (1, jobs), ran.log
