"""The shared step: what it runs where and with what, and what its sessions' ends come to.

The agents' Python is hollow here; `test_releases` and `test_nexus_releases` have a real one.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from doors import read_parameters
from jenkins.conftest import MakeJob
from jenkins.harness import Built, Jenkins
from support import ProjectDir

PYTHON = f"python: '{Path(__file__).parents[1] / 'hollow-python'}'"
KIT = "/kit/noxfile.py"
"""The noxfile of the kit, as the hollow Python tells it."""
HOLLOW = f"kit: '', {PYTHON}"
SEAL = "RELEASEKIT_PROOF_SHA256=a-digest"
NEXUS = {"kind": "usernamePassword", "username": "bob", "password": "hunter2"}
CA = {"kind": "file", "content": "-----BEGIN CERTIFICATE-----\n"}
SECRET = {"kind": "string", "secret": "s3cret"}
READER = {"kind": "usernamePassword", "username": "alice", "password": "only-reads"}
CREDENTIALS = {"nexus": NEXUS, "ca": CA, "secret": SECRET, "reader": READER}


def sessions(built: Built) -> list[str]:
    """The sessions that ran, each with its agent."""
    return [f"{session} on {agent}" for agent, _, session in read_sessions(built)]


def read_sessions(built: Built) -> list[tuple[str, str, str]]:
    """The agent, the noxfile below the project's directory, and the session with its options."""
    line = r"^ran on (\w+): -I -m nox -f (\S+) -s (\S+) -- -C (\S+) ?(.*)$"
    return [
        (agent, file.removeprefix(f"{root}/"), f"{session} {options}".strip())
        for agent, file, session, root, options in re.findall(line, built.log, re.MULTILINE)
    ]


def variables(built: Built) -> set[str]:
    """The variables of sessions, but for those that all of them have."""
    lines = re.findall(r"^(?:RELEASEKIT_|TWINE_|NOX).*$", built.log, re.MULTILINE)
    same = ("RELEASEKIT_CACHE_DIR=", "RELEASEKIT_TEMPLATE=")
    return {line for line in lines if not line.startswith(same)}


@pytest.fixture
def run(jenkins: Jenkins, project: ProjectDir, make_job: MakeJob) -> Any:
    """Run the step with these parameters for a tag, or for the main branch."""

    def run(parameters: str = "", *, tag: str | None = "v1.2.3", **job_settings: Any) -> Built:
        step = f"releasePython({', '.join(filter(None, (HOLLOW, parameters)))})\n"
        job = make_job(f"{step}echo 'after'", tag=tag, credentials=CREDENTIALS, **job_settings)
        built = jenkins.run(job)
        assert built.mismatches == built.warnings == ()
        return built

    return run


def test_a_tag_is_released(run: Any) -> None:
    built = run()
    assert built.result == "SUCCESS", built.log
    assert built.stages == ["build", "check", "publish", "verify"]
    assert sessions(built) == [f"{stage} on any" for stage in built.stages]
    assert variables(built) == {"RELEASEKIT_TAG=v1.2.3", SEAL}
    assert built.log.endswith("after\nFinished: SUCCESS\n")


def test_a_branch_is_rehearsed_in_the_sandbox_without_credentials(run: Any) -> None:
    built = run("url: 'https://nexus.example.com', credentials: 'nexus'", tag=None)
    assert sessions(built) == ["release on any"]
    assert variables(built) == {"RELEASEKIT_URL=sandbox"}


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        pytest.param(
            "url: 'https://nexus.example.com'", "RELEASEKIT_URL=https://nexus.example.com"
        ),
        pytest.param("hosted: 'a'", "RELEASEKIT_HOSTED=a"),
        pytest.param("group: 'a'", "RELEASEKIT_GROUP=a"),
        pytest.param("snapshots: 'a'", "RELEASEKIT_SNAPSHOTS=a"),
        pytest.param("caBundle: 'ca'", "RELEASEKIT_CA_BUNDLE=/"),
        pytest.param("clientCert: 'ca'", "RELEASEKIT_CLIENT_CERT=/"),
        pytest.param(
            "readerCredentials: 'reader'",
            "RELEASEKIT_READER_USERNAME=alice\nRELEASEKIT_READER_PASSWORD=****",
        ),
        pytest.param("tag: 'v1.2.3rc1'", "RELEASEKIT_TAG=v1.2.3rc1"),
        pytest.param("tag: null", "RELEASEKIT_TAG=v1.2.3"),
    ],
)
def test_parameters_become_variables(run: Any, parameters: str, expected: str) -> None:
    built = run(f"{parameters}, dryRun: true")
    assert built.result == "SUCCESS", built.log
    tag = set() if "RELEASEKIT_TAG" in expected else {"RELEASEKIT_TAG=v1.2.3"}
    found = {re.sub(r"(?<==/).*", "", line) for line in variables(built)}
    assert found == {*expected.splitlines(), *tag}


@pytest.mark.parametrize(
    ("parameters", "user"),
    [
        pytest.param("credentials: 'nexus'", "bob"),
        pytest.param("token: 'secret'", "__token__"),
        pytest.param("token: 'secret', username: 'ci'", "ci"),
    ],
)
def test_publish_alone_may_upload_and_all_others_may_read(
    run: Any, parameters: str, user: str
) -> None:
    built = run(f"{parameters}, readerCredentials: 'reader'")
    assert built.result == "SUCCESS", built.log
    reads = {"RELEASEKIT_READER_USERNAME=alice", "RELEASEKIT_READER_PASSWORD=****"}
    assert credentials_of(built) == {
        **dict.fromkeys(("build", "check", "verify"), reads),
        "publish": {f"TWINE_USERNAME={user}", "TWINE_PASSWORD=****"},
    }


def credentials_of(built: Built) -> dict[str, set[str]]:
    """The credentials in the environment of each session."""
    runs = re.findall(r"ran on \w+: .* -s (\w+) .*\n((?:\w+=.*\n)*)", built.log)
    login = re.compile(r"^(?:TWINE|RELEASEKIT_READER)_.*$", re.MULTILINE)
    return {session: set(login.findall(lines)) for session, lines in runs}


@pytest.mark.parametrize(
    ("parameters", "first", "count"),
    [
        pytest.param("dryRun: true", "build on any", 3, id="dryRun"),
        pytest.param("fresh: true", "build --fresh on any", 4, id="fresh"),
        pytest.param("verbose: true", "build -v on any", 4, id="verbose"),
        pytest.param("label: 'linux'", "build on linux", 4, id="label"),
    ],
)
def test_parameters_become_options(run: Any, parameters: str, first: str, count: int) -> None:
    ran = sessions(run(parameters))
    assert (ran[0], len(ran)) == (first, count)


def test_a_development_version_of_the_default_branch_goes_to_snapshots(run: Any) -> None:
    primary = {"BRANCH_IS_PRIMARY": "true"}
    parameters = "snapshots: 'pypi-snapshots'"
    assert len(sessions(run(parameters, tag=None, environ=primary))) == 4
    assert sessions(run(parameters, tag=None)) == ["release on any"]
    assert sessions(run("", tag=None, environ=primary)) == ["release on any"]


def test_the_project_may_lie_below_the_repositorys_top(run: Any, project: ProjectDir) -> None:
    (project.root / "packages" / "a").mkdir(parents=True)
    project.write("packages/a/noxfile.py", "import releasekit.sessions\n")
    project.commit_all()
    built = run("workingDirectory: 'packages/a', dryRun: true", tag=None)
    assert read_sessions(built) == [("any", "noxfile.py", "release")]
    assert "/packages/a\n" in built.log


MONOREPO = f"""\
for (name in ['pkg-a', 'pkg-b']) {{
    if (!env.TAG_NAME || env.TAG_NAME.startsWith(name + '/')) {{
        releasePython {HOLLOW}, workingDirectory: name
    }}
}}
"""


@pytest.mark.parametrize(
    ("tag", "released"),
    [
        pytest.param("pkg-b/v1.2.3", ["pkg-b"], id="a tag"),
        pytest.param(None, ["pkg-a", "pkg-b"], id="a branch"),
    ],
)
def test_a_monorepo_releases_the_package_of_the_tag(
    jenkins: Jenkins,
    project: ProjectDir,
    make_job: MakeJob,
    tag: str | None,
    released: list[str],
) -> None:
    project.git("tag", "pkg-b/v1.2.3")
    built = jenkins.run(make_job(MONOREPO, tag=tag))
    assert built.result == "SUCCESS", built.log
    assert [name for name in ("pkg-a", "pkg-b") if f"/{name}\n" in built.log] == released
    assert {line for line in variables(built) if "TAG" in line} == (
        {f"RELEASEKIT_TAG={tag}"} if tag else set()
    )


@pytest.mark.parametrize(
    ("noxfile", "file"),
    [
        pytest.param("import releasekit.sessions\n", "noxfile.py", id="with sessions"),
        pytest.param("import nox\n", KIT, id="without them"),
    ],
)
def test_what_has_no_login_runs_the_noxfile_of_a_project_that_has_the_sessions(
    run: Any, project: ProjectDir, noxfile: str, file: str
) -> None:
    project.write("noxfile.py", noxfile)
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    assert read_sessions(run()) == [
        *(("any", file, session) for session in ("build", "check")),
        *(("any", KIT, session) for session in ("publish", "verify")),
    ]


def test_wheels_are_built_on_their_agents_and_gathered_before_anything_is_published(
    run: Any,
) -> None:
    hollow = HOLLOW.partition("python: ")[2]
    wheels = f"'cp311-*-linux*': 'linux', 'cp312-*-win*': [label: 'other', python: {hollow}]"
    built = run(f"wheels: [{wheels}]")
    assert built.result == "SUCCESS", built.log
    ran = sessions(built)
    assert ran[0] == "build --sdist on any"
    assert sorted(ran[1:3]) == [
        "build --wheel-from reports/release.json on linux",
        "build --wheel-from reports/release.json on other",
    ]
    assert ran[3:] == [f"{s} on any" for s in ("gather", "check", "publish", "verify")]
    assert "RELEASEKIT_WHEELS=cp311-*-linux* cp312-*-win*" in variables(built)
    # What each agent left has come to the last one, and is kept.
    left = {path.name for path in (built.archive / "dist").glob("[!.]*")}
    assert left == {"any-1.tar.gz", "linux-1.tar.gz", "other-1.tar.gz"}


def test_one_wheel_that_cannot_be_built_keeps_all_from_being_published(run: Any) -> None:
    wheels = "wheels: ['cp311-*-linux*': 'linux', 'cp312-*-win*': 'other']"
    built = run(wheels, environ={"FAILING": "--wheel-from", "STATUS": "1"})
    assert built.result == "FAILURE"
    assert built.error == (
        "releasekit build --wheel-from reports/release.json: refused (exit status 1)"
    )
    assert [s for s in sessions(built) if not s.startswith("build")] == []


def test_a_rehearsal_of_several_wheels_stops_after_the_plan(run: Any) -> None:
    built = run("wheels: ['cp311-*-linux*': 'linux']", tag=None)
    assert [s.split()[0] for s in sessions(built)] == ["build", "build", "gather", "check", "plan"]


@pytest.mark.parametrize("parameters", ["lock: 'pypi'", "", "publishLabel: 'other'"])
def test_a_lock_is_held_from_publish_to_verify(run: Any, parameters: str) -> None:
    built = run(parameters)
    assert built.result == "SUCCESS", built.log
    names = [s["arguments"].get("name") or s["step"] for s in built.steps]
    inside = names[names.index("lock") :]
    assert [n for n in inside if n in built.stages] == ["publish", "verify"]


@pytest.mark.parametrize(
    ("status", "result", "error"),
    [
        pytest.param(1, "FAILURE", "releasekit check: refused (exit status 1)", id="refused"),
        pytest.param(2, "FAILURE", "releasekit check: usage (exit status 2)", id="usage"),
        pytest.param(3, "UNSTABLE", None, id="failed"),
        pytest.param(130, "ABORTED", "releasekit check: interrupted (exit status 130)", id="130"),
        pytest.param(77, "FAILURE", "releasekit check: ended (exit status 77)", id="unknown"),
    ],
)
def test_an_exit_status_becomes_a_result_and_nothing_follows(
    run: Any, status: int, result: str, error: str | None
) -> None:
    built = run(environ={"FAILING": "check", "STATUS": str(status)})
    assert built.result == result
    assert sessions(built) == ["build on any", "check on any"]
    assert "\nafter\n" not in built.log
    # Reports are kept on failure too.
    assert (built.archive / "dist" / "any-1.tar.gz").is_file()
    if error:
        assert built.error == error
    else:
        said = "releasekit check: failed (exit status 3): a re-run is safe and may help"
        assert f"WARNING: {said}\n" in built.log


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        pytest.param(
            "repository: 'a'",
            f"there is no parameter repository; there are {', '.join(read_parameters())}",
            id="unknown",
        ),
        pytest.param(
            "credential: 'a'",
            "there is no parameter credential; did you mean credentials?",
            id="misspelt",
        ),
        pytest.param(
            "kitIndex: 'https://ci:secret@nexus.example.com/simple'",
            "kitIndex holds a login; netrc names the secret file for that",
            id="a login",
        ),
        pytest.param("url: 8081", "url is 8081, and has to be text", id="no text"),
        pytest.param("fresh: 'no'", "fresh is no, and has to be true or false", id="no truth"),
        pytest.param("wheels: ['linux']", "wheels is [linux], and has to be a map", id="no map"),
        pytest.param(
            "wheels: ['cp311-*-*': [labell: 'linux']]",
            "wheels has no labell for cp311-*-*; did you mean label?",
            id="misspelt in wheels",
        ),
        pytest.param(
            "wheels: ['cp311-*-*': [image: 'a']]",
            "wheels has no image for cp311-*-*; there are label, python",
            id="unknown in wheels",
        ),
        pytest.param(
            "wheels: ['cp311-*-*': [python: 3.11]]",
            "wheels has the python 3.11 for cp311-*-*, and it has to be text",
            id="no text in wheels",
        ),
        pytest.param(
            "wheels: ['cp311-*-*': ['linux']]",
            "wheels has [linux] for cp311-*-*, and has to have a label, or a map with label and "
            "python",
            id="a list in wheels",
        ),
        pytest.param(
            "credentials: 'nexus', token: 'secret'",
            "credentials and token are both there, and only one can upload; leave one out",
            id="two logins",
        ),
        pytest.param(
            "credentials: 'nexus', username: 'ci'",
            "username goes with token, which is not there; credentials have a user name of their "
            "own",
            id="a user name without its token",
        ),
        pytest.param(
            "credentials: 'nexus', readerCredentials: 'nexus'",
            "readerCredentials are those that may upload, and stages with foreign code would get "
            "them; name those of a user who may only read",
            id="an uploader that reads",
        ),
        pytest.param(
            "workingDirectory: '../other'",
            "workingDirectory is ../other, and has to be a directory of the repository, without "
            "commas and wildcards",
            id="a directory elsewhere",
        ),
    ],
)
def test_wrong_parameters_are_refused_before_an_agent_is_allocated(
    run: Any, parameters: str, problem: str
) -> None:
    built = run(parameters)
    assert (built.error, built.result) == (f"E282: releasePython: {problem}", "FAILURE")
    assert [step["step"] for step in built.steps] == ["error"]


def test_nothing_is_left_in_the_workspace_of_the_build_before(
    jenkins: Jenkins, project: ProjectDir, make_job: MakeJob
) -> None:
    job = make_job(f"releasePython {HOLLOW}", tag="v1.2.3")
    jenkins.run(job)
    (job.home / "any" / "workspace" / "job" / "dist" / "old.whl").touch()
    built = jenkins.run(job)
    assert [path.name for path in (built.archive / "dist").glob("[!.]*")] == ["any-1.tar.gz"]


def test_declarative_and_scripted_pipelines_run_the_same(
    run: Any, jenkins: Jenkins, make_job: MakeJob
) -> None:
    declarative = f"""\
@Library('releasekit') _

pipeline {{
    agent none
    stages {{
        stage('Release') {{
            steps {{
                releasePython {HOLLOW}
            }}
        }}
    }}
    post {{
        success {{ echo 'well done' }}
        failure {{ echo 'not reached' }}
    }}
}}
"""
    built = jenkins.run(make_job(declarative, tag="v1.2.3", restart="fresh"))
    assert built.result == "SUCCESS", built.log
    assert sessions(built) == sessions(run())
    assert built.stages[0] == "Release / build"
    assert built.log.endswith("well done\nFinished: SUCCESS\n")


def test_a_declarative_pipeline_sees_an_unstable_release(
    jenkins: Jenkins, project: ProjectDir, make_job: MakeJob
) -> None:
    stage = f"stage('Release') {{ steps {{ releasePython {HOLLOW} }} }}"
    after = "stage('Deploy') { steps { echo 'not reached' } }"
    post = "post { unstable { echo 'run it again' } }"
    failing = {"FAILING": "publish", "STATUS": "3"}
    jenkinsfile = f"pipeline {{ agent none\nstages {{\n{stage}\n{after}\n}}\n{post}\n}}"
    built = jenkins.run(make_job(jenkinsfile, tag="v1.2.3", environ=failing))
    assert built.log.endswith("run it again\n" + built.log.partition("run it again\n")[2])
    assert built.result == "UNSTABLE"
    assert "not reached" not in built.log
