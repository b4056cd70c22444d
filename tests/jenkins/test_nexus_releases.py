"""Releases by the shared step into the real Nexus, each from a fresh clone on its agents."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from contract.nexus_admin import VIEW, NexusAdmin
from doors import REPOSITORY
from gitlab.test_hostile import HOSTILE_PIP
from jenkins.conftest import PROJECTS, MakeJob
from jenkins.harness import Jenkins, Job
from releasekit_nexus import Nexus
from served_kit import SETTINGS, VERSION
from support import ProjectDir

STEPS = ["build", "check", "publish", "verify"]
BOTH = "'py3-none-manylinux*': 'linux', 'py3-none-win*': 'other'"

Listing = Callable[[str], set[str]]
READ = ("pypi-group", "pypi-hosted", "pypi-snapshots")
"""What the role of readers that `provision` makes may read."""


@pytest.fixture
def in_jenkins(nexus: Nexus, agent_environ: dict[str, str]) -> Mapping[str, Any]:
    """What the administrator has set for all jobs: where Nexus is, and how to get in."""
    ca = (nexus.ca_bundle or Path()).read_text(encoding="utf-8")
    login = {"username": nexus.username, "password": nexus.password}
    return {
        "environ": {
            "RELEASEKIT_URL": nexus.url,
            "RELEASEKIT_HOSTED": nexus.hosted,
            "RELEASEKIT_GROUP": nexus.group,
        },
        "credentials": {
            "nexus-publisher": {"kind": "usernamePassword", **login},
            "company-ca": {"kind": "file", "content": ca},
        },
        "agents": {
            "linux": {**agent_environ, "WHEEL_PLATFORM": "manylinux_2_17_x86_64"},
            "other": {**agent_environ, "WHEEL_PLATFORM": "win_amd64"},
        },
    }


@pytest.fixture
def published(nexus: Nexus) -> Iterator[Listing]:
    """List what the hosted repository has of a project."""
    with requests.Session() as session:
        session.trust_env = False
        session.auth = (nexus.username, nexus.password)
        session.verify = str(nexus.ca_bundle)

        def find(project: str) -> set[str]:
            page = session.get(f"{nexus.simple_url(nexus.hosted)}{project}/", timeout=60)
            return set(re.findall(r">([^<]+\.(?:whl|gz))<", page.text))

        yield find


@pytest.fixture
def name() -> str:
    """A project name that is this test's alone: the server is shared."""
    return f"by-jenkins-{secrets.token_hex(4)}"


def step(own_kit: str, more: str = "") -> str:
    """The step as in docs/jenkins.md, on an agent that has releasekit."""
    parameters = (own_kit, "credentials: 'nexus-publisher', caBundle: 'company-ca'", more)
    return f"releasePython({', '.join(filter(None, parameters))})\n"


def assert_no_secret(nexus: Nexus, job: Job) -> None:
    """Look through all that the builds of a job have left: logs, workspaces, stashes, caches."""
    own = ("HOME", "RELEASEKIT_CACHE_DIR", "UV_CACHE_DIR")
    folders = {Path(agent[name]) for agent in job.agents.values() for name in own}
    found = (path for folder in (job.home, *folders) for path in folder.rglob("*"))
    files = [path for path in found if path.is_file()]
    assert [path for path in files if nexus.password.encode() in path.read_bytes()] == []
    logs = [path.read_text(encoding="utf-8") for path in files if path.name == "log"]
    assert logs
    assert not any("****" in log for log in logs)  # Jenkins had nothing to hide


def test_three_lines_release_a_project_by_the_kit_that_nexus_serves(
    jenkins: Jenkins,
    nexus: Nexus,
    kit_in_nexus: ProjectDir,
    kit_requirements: Mapping[str, str],
    project: ProjectDir,
    make_job: MakeJob,
    in_jenkins: Mapping[str, Any],
    published: Listing,
    agent_environ: dict[str, str],
) -> None:
    # Agents whose pip knows the group and trusts the company's CA.
    ca = str(nexus.ca_bundle)
    pip = {"PIP_INDEX_URL": nexus.simple_url(), "PIP_CERT": ca, "REQUESTS_CA_BUNDLE": ca}
    builds = {"UV_DEFAULT_INDEX": agent_environ["PIP_INDEX_URL"]}
    agent = {**builds, **agent_environ, **kit_requirements, **pip, **HOSTILE_PIP}
    settings = {**in_jenkins, "agents": {"": agent}}
    three_lines = (PROJECTS / "jenkins" / "Jenkinsfile").read_text(encoding="utf-8")
    job = make_job(three_lines, tag="v1.2.3", **settings)
    built = jenkins.run(job)
    assert built.result == "SUCCESS", built.log
    assert built.stages == STEPS
    assert built.description == (
        "jenkins-example 1.2.3: released, and installed by hash from "
        f"{nexus.upload_url(nexus.group)}"
    )
    both = {"jenkins_example-1.2.3-py3-none-any.whl", "jenkins_example-1.2.3.tar.gz"}
    assert published("jenkins-example") == both
    assert {path.name for path in (built.archive / "dist").glob("[!.]*")} == both
    assert {test["failure"] for test in built.tests} == {""}
    assert_no_secret(nexus, job)


def test_this_repositorys_own_jenkinsfile_finds_the_kit_released(
    jenkins: Jenkins,
    kit_in_nexus: ProjectDir,
    kit_requirements: Mapping[str, str],
    make_job: MakeJob,
    in_jenkins: Mapping[str, Any],
    agent_environ: dict[str, str],
    nexus: Nexus,
) -> None:
    own = (REPOSITORY / "Jenkinsfile").read_text(encoding="utf-8")
    lowered = {"RELEASEKIT_SEVERITY": SETTINGS["RELEASEKIT_SEVERITY"]}
    settings = {**in_jenkins, "agents": {"": {**agent_environ, **kit_requirements, **lowered}}}
    scm = {"url": str(kit_in_nexus.root), "ref": f"refs/tags/v{VERSION}"}
    job = make_job(own, tag=f"v{VERSION}", **settings, scm=scm)
    built = jenkins.run(job)
    assert built.result == "SUCCESS", built.log
    assert built.log.count("nox > Running session") == len(STEPS)
    # Another checkout, another environment, the same bytes.
    assert "plan      0 to upload, 2 already published" in built.log
    assert_no_secret(nexus, job)


def test_wheels_of_two_agents_are_released_with_their_sdist(
    jenkins: Jenkins,
    nexus: Nexus,
    make_project: Callable[..., ProjectDir],
    make_job: MakeJob,
    in_jenkins: Mapping[str, Any],
    published: Listing,
    own_kit: str,
    name: str,
) -> None:
    make_project("platforms", called=name)
    job = make_job(step(own_kit, f"wheels: [{BOTH}]"), tag="v1.2.3", **in_jenkins)
    # An agent makes another wheel than is expected of it: all or nothing.
    wrong = {**job.agents, "other": {**job.agents["other"], "WHEEL_PLATFORM": "linux_riscv64"}}
    failed = jenkins.run(replace(job, agents=wrong))
    assert failed.result == "FAILURE", failed.log
    assert failed.error == "releasekit gather: refused (exit status 1)"
    assert published(name) == set()

    built = jenkins.run(job)
    assert built.result == "SUCCESS", built.log
    stem = f"{name.replace('-', '_')}-1.2.3"
    assert published(name) == {
        f"{stem}-py3-none-manylinux_2_17_x86_64.whl",
        f"{stem}-py3-none-win_amd64.whl",
        f"{stem}.tar.gz",
    }
    assert_no_secret(nexus, job)


@pytest.mark.parametrize(
    ("tag", "version", "repository"),
    [("v1.2.3", "1.2.3", "pypi-group"), (None, "1.2.3.dev2", "pypi-snapshots")],
    ids=["a tag", "main"],
)
def test_a_closed_nexus_is_read_as_the_reader_and_published_to_as_the_publisher(
    jenkins: Jenkins,
    nexus: Nexus,
    make_project: Callable[..., ProjectDir],
    make_job: MakeJob,
    in_jenkins: Mapping[str, Any],
    own_kit: str,
    name: str,
    tag: str | None,
    version: str,
    repository: str,
) -> None:
    project = make_project("jenkins", called=name)
    project.write("more.txt", "")
    project.commit_all()
    if tag:
        project.git("tag", "-f", tag)
    rights = [f"{VIEW}-{at}-{do}" for at in READ for do in ("browse", "read")]
    with requests.Session() as session:
        admin = NexusAdmin(nexus, session)
        with admin.closed(), admin.user(rights) as reader:
            login = {"username": reader.username, "password": reader.password}
            more = {"nexus-reader": {"kind": "usernamePassword", **login}}
            machine = {
                **in_jenkins,
                "credentials": {**in_jenkins["credentials"], **more},
                "environ": {**in_jenkins["environ"], "BRANCH_IS_PRIMARY": "true"},
            }
            parameters = "readerCredentials: 'nexus-reader', snapshots: 'pypi-snapshots'"
            built = jenkins.run(make_job(step(own_kit, parameters), tag=tag, **machine))
    assert built.result == "SUCCESS", built.log
    source = f"{nexus.url}/repository/{repository}/"
    assert f"{name}=={version} installed by hash from {source}" in built.log


def test_a_finding_fails_the_build_and_stands_in_the_reports(
    jenkins: Jenkins,
    nexus: Nexus,
    make_project: Callable[..., ProjectDir],
    make_job: MakeJob,
    in_jenkins: Mapping[str, Any],
    published: Listing,
    own_kit: str,
    name: str,
) -> None:
    project = make_project("jenkins", called=name)
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    project.write("pyproject.toml", re.sub(r"\[project.urls\]\n.*\n", "", text))
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    job = make_job(step(own_kit), tag="v1.2.3", **in_jenkins)
    built = jenkins.run(job)
    assert built.result == "FAILURE"
    assert built.error == "releasekit check: refused (exit status 1)"
    assert built.description == f"{name} 1.2.3: refused during check"
    assert [test["name"] for test in built.tests if test["failure"]] == ["RK101 missing url"]
    assert "| error | RK101 |" in (built.archive / "reports" / "summary.md").read_text()
    assert published(name) == set()
    assert_no_secret(nexus, job)
