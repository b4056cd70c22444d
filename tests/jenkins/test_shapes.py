"""The step as companies use it: plugins are missing, a node is around it, two calls in a build."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from jenkins.conftest import MakeJob
from jenkins.harness import Built, Jenkins
from jenkins.test_step import CREDENTIALS, HOLLOW, PYTHON, read_sessions, sessions
from support import ProjectDir

RELEASE = ["build", "check", "publish", "verify"]


def agents(built: Built) -> list[str]:
    """The sessions that ran, each with its agent, in short."""
    return [f"{session.split()[0]} on {agent}" for agent, _, session in read_sessions(built)]


@pytest.mark.parametrize(
    ("missing", "warning"),
    [
        pytest.param(
            "junit",
            "warning: the test report (plugin JUnit) is left out, because Jenkins lacks the plugin "
            "for it",
            id="JUnit",
        ),
        pytest.param(
            "lock",
            "warning: two builds may publish at once, because Jenkins lacks the plugin Lockable "
            "Resources; install it, or write lock: ''",
            id="Lockable Resources",
        ),
    ],
)
def test_a_release_does_without_a_plugin_that_only_helps(
    jenkins: Jenkins, project: ProjectDir, make_job: MakeJob, missing: str, warning: str
) -> None:
    job = make_job(f"releasePython({HOLLOW})", tag="v1.2.3", missing=(missing,))
    built = jenkins.run(job)
    assert (built.result, built.error) == ("SUCCESS", None), built.log
    assert built.stages == RELEASE
    assert built.log.count(f"{warning}\n") == 1
    assert (built.archive / "dist" / "any-1.tar.gz").is_file()


@pytest.mark.parametrize(
    ("status", "result", "reason"),
    [
        pytest.param(1, "FAILURE", "ERROR: releasekit check: refused (exit status 1)\n"),
        pytest.param(3, "UNSTABLE", "WARNING: releasekit check: failed (exit status 3): a re-run"),
    ],
)
def test_without_the_junit_plugin_the_reason_of_a_failure_stays(
    jenkins: Jenkins,
    project: ProjectDir,
    make_job: MakeJob,
    status: int,
    result: str,
    reason: str,
) -> None:
    failing = {"FAILING": "check", "STATUS": str(status)}
    job = make_job(f"releasePython({HOLLOW})", tag="v1.2.3", missing=("junit",), environ=failing)
    built = jenkins.run(job)
    assert built.result == result
    assert reason in built.log


def test_reports_that_cannot_be_kept_do_not_fail_a_release(
    jenkins: Jenkins, project: ProjectDir, make_job: MakeJob
) -> None:
    # JUnit cannot read this one, and the description has no first line.
    write(project, "reports/junit.xml", "no XML")
    write(project, "reports/summary.md", "")
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    built = jenkins.run(make_job(f"releasePython({HOLLOW})", tag="v1.2.3"))
    assert built.result == "UNSTABLE", built.log
    assert built.stages == RELEASE
    assert "WARNING: releasekit: the test report (plugin JUnit) could not be kept: " in built.log
    assert (built.archive / "dist" / "any-1.tar.gz").is_file()


def test_without_the_plugin_for_credentials_nothing_is_built(
    jenkins: Jenkins, project: ProjectDir, make_job: MakeJob
) -> None:
    step = f"releasePython({HOLLOW}, caBundle: 'ca')"
    job = make_job(step, tag="v1.2.3", missing=("withCredentials",), credentials=CREDENTIALS)
    built = jenkins.run(job)
    assert built.error == (
        "E280: Jenkins lacks the plugin Credentials Binding, which credentials, files and tokens "
        "need; install it"
    )
    assert sessions(built) == []
    # Who names no credentials does not need it.
    job = make_job(f"releasePython({HOLLOW})", tag="v1.2.3", missing=("withCredentials",))
    assert jenkins.run(job).result == "SUCCESS"


def write(project: ProjectDir, name: str, text: str) -> None:
    (project.root / name).parent.mkdir(parents=True, exist_ok=True)
    project.write(name, text)


def list_files(folder: Path) -> list[str]:
    files = (path for path in folder.rglob("[!.]*") if path.is_file())
    return sorted(str(path.relative_to(folder)) for path in files)


@pytest.mark.parametrize(
    ("jenkinsfile", "places"),
    [
        pytest.param(
            "releasePython(STEP)\nreleasePython(STEP)", ["", "call-2/"], id="the same project"
        ),
        pytest.param(
            "releasePython(STEP, workingDirectory: 'a')\nreleasePython(STEP)\n"
            "releasePython(STEP, workingDirectory: 'a')",
            ["", "a/", "call-3/a/"],
            id="three calls",
        ),
        pytest.param(
            "parallel(x: { releasePython(STEP, workingDirectory: 'a') }, "
            "y: { releasePython(STEP, workingDirectory: 'b') })",
            ["a/", "b/"],
            id="at the same time",
        ),
    ],
)
@pytest.mark.parametrize("restart", ["same", "fresh"])
def test_each_call_of_a_build_keeps_its_own_files(
    jenkins: Jenkins,
    project: ProjectDir,
    make_job: MakeJob,
    jenkinsfile: str,
    places: list[str],
    restart: str,
) -> None:
    for name in ("a", "b"):
        write(project, f"{name}/pyproject.toml", "")
    project.commit_all()
    text = jenkinsfile.replace("STEP", f"{HOLLOW}, lock: ''")
    built = jenkins.run(make_job(text, restart=restart))
    assert built.result == "SUCCESS", built.log
    names = ("dist/any-1.tar.gz", "reports/parts/any.json")
    assert list_files(built.archive) == sorted(place + name for place in places for name in names)


def test_wheels_of_two_calls_at_the_same_time_are_not_mixed(
    jenkins: Jenkins, project: ProjectDir, make_job: MakeJob
) -> None:
    for name in ("a", "b"):
        write(project, f"{name}/pyproject.toml", "")
    project.commit_all()
    calls = {
        name: f"releasePython({HOLLOW}, workingDirectory: '{name}', "
        f"wheels: ['cp311-*-*': '{agent}'])"
        for name, agent in (("a", "linux"), ("b", "other"))
    }
    both = ", ".join(f"{name}: {{ {call} }}" for name, call in calls.items())
    built = jenkins.run(make_job(f"parallel({both})"))
    assert built.result == "SUCCESS", built.log
    assert [name for name in list_files(built.archive) if "/dist/" in name] == [
        *("a/dist/any-1.tar.gz", "a/dist/linux-1.tar.gz"),
        *("b/dist/any-1.tar.gz", "b/dist/other-1.tar.gz"),
    ]


def test_two_calls_both_describe_the_build(
    jenkins: Jenkins, project: ProjectDir, make_job: MakeJob
) -> None:
    for name in ("a", "b"):
        write(project, f"{name}/reports/summary.md", f"# {name} 1.0: released\n")
    project.commit_all()
    step = f"releasePython({HOLLOW}, workingDirectory: 'NAME')\n"
    both = step.replace("NAME", "a") + step.replace("NAME", "b")
    built = jenkins.run(make_job(f"currentBuild.description = 'nightly'\n{both}"))
    assert built.description == "nightly; a 1.0: released; b 1.0: released"


INSIDE = {
    "a node": "node('linux') {\ncheckout scm\nSTEP\n}",
    "a node without a checkout": "node('linux') {\nSTEP\n}",
    "a directory of it": "node('linux') {\ndir('repository') {\ncheckout scm\nSTEP\n}\n}",
    "a declarative agent": "pipeline { agent { label 'linux' }\n"
    "stages { stage('a') { steps { STEP } } } }",
}


@pytest.mark.parametrize("jenkinsfile", INSIDE.values(), ids=INSIDE)
def test_the_step_runs_in_the_node_around_it(
    jenkins: Jenkins, project: ProjectDir, make_job: MakeJob, jenkinsfile: str
) -> None:
    step = f"releasePython({HOLLOW}, credentials: 'nexus', caBundle: 'ca')"
    text = jenkinsfile.replace("STEP", step)
    built = jenkins.run(make_job(text, tag="v1.2.3", credentials=CREDENTIALS))
    assert built.result == "SUCCESS", built.log
    assert agents(built) == [f"{session} on linux" for session in RELEASE]
    assert [s["step"] for s in built.steps].count("node") == 1
    # The workspace is checked out once, whoever does it.
    assert [s["step"] for s in built.steps].count("checkout") == 1
    assert "dist/linux-1.tar.gz" in list_files(built.archive)


def test_a_repository_that_the_caller_checked_out_is_the_one_that_is_released(
    jenkins: Jenkins, project: ProjectDir, make_job: MakeJob, tmp_path: Path
) -> None:
    """A Jenkinsfile may stand in another repository than the project."""
    other = ProjectDir(root=tmp_path / "other", environ=project.environ)
    other.root.mkdir()
    other.git("init", "-q", "-b", "main")
    other.write("other.txt", "a")
    other.commit_all("first")
    clone = f"sh 'git clone -q {other.root} . && git rev-parse HEAD'"
    job = make_job(f"node {{\n{clone}\nreleasePython({HOLLOW}, tag: 'v1')\n}}")
    built = jenkins.run(job)
    assert built.result == "SUCCESS", built.log
    assert agents(built) == [f"{session} on any" for session in RELEASE]
    assert "checkout" not in [s["step"] for s in built.steps]
    # On another agent there is only the source of the job, which has not got that commit.
    elsewhere = replace(
        job,
        home=tmp_path / "again",
        jenkinsfile=job.jenkinsfile.replace("tag:", "publishLabel: 'other', tag:"),
    )
    built = jenkins.run(elsewhere)
    assert built.error == "releasekit check out: usage (exit status 2)", built.log
    assert (
        len(re.findall(r"^error E283: the commit \w{40}, which was built, ", built.log, re.M)) == 1
    )
    assert [line for line in agents(built) if "other" in line] == []


def test_a_label_is_another_agent_than_the_one_around_the_step(
    jenkins: Jenkins, project: ProjectDir, make_job: MakeJob
) -> None:
    job = make_job(f"node('linux') {{ releasePython({HOLLOW}, label: 'other') }}")
    assert agents(jenkins.run(job)) == ["release on other"]


def test_publish_runs_on_the_agent_for_that(
    jenkins: Jenkins, project: ProjectDir, make_job: MakeJob
) -> None:
    step = f"releasePython({HOLLOW}, label: 'linux', publishLabel: 'other', credentials: 'nexus')"
    built = jenkins.run(make_job(step, tag="v1.2.3", credentials=CREDENTIALS))
    assert built.result == "SUCCESS", built.log
    assert agents(built) == [
        *("build on linux", "check on linux", "publish on other", "verify on linux"),
    ]
    # The first agent is free while the second one works.
    nodes = [s["agent"] for s in built.steps if s["step"] == "node"]
    assert nodes == [None, None, None]
    publish = built.log.partition(" -s publish ")[2].partition("ran on ")[0]
    assert "RELEASEKIT_PROOF_SHA256=a-digest\n" in publish
    # What publish left beside what the others left.
    assert [name for name in list_files(built.archive) if name.startswith("dist/")] == [
        *("dist/linux-1.tar.gz", "dist/other-1.tar.gz")
    ]


def test_a_failure_on_the_agent_that_publishes_leaves_its_reports(
    jenkins: Jenkins, project: ProjectDir, make_job: MakeJob
) -> None:
    step = f"releasePython({HOLLOW}, label: 'linux', publishLabel: 'other')"
    failing = {"FAILING": "publish", "STATUS": "1"}
    built = jenkins.run(make_job(step, tag="v1.2.3", environ=failing))
    assert built.error == "releasekit publish: refused (exit status 1)"
    assert "verify on linux" not in agents(built)
    assert "reports/parts/other.json" in list_files(built.archive)


def test_by_default_each_job_has_a_lock_of_its_own(
    jenkins: Jenkins, project: ProjectDir, make_job: MakeJob
) -> None:
    def locks(more: str, **environ: str) -> list[str]:
        job = make_job(f"releasePython({HOLLOW}{more})", tag="v1.2.3", environ=environ)
        steps = jenkins.run(job).steps
        return [s["arguments"]["resource"] for s in steps if s["step"] == "lock"]

    assert locks("", JOB_NAME="team/pkg/v1.2.3") == ["releasekit team/pkg"]
    assert locks(", lock: 'pypi'", JOB_NAME="team/pkg/v1.2.3") == ["pypi"]
    assert locks(", lock: ''") == []


TOOLS = ("cp", "env", "grep", "mkdir", "rm", "sed", "sh", "sort", "tail", "touch", "tr", "cat")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A directory for PATH that has only what every system has."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        (folder / name).symlink_to(shutil.which(name, path="/usr/bin:/bin") or "")
    return folder


OLD = "#!/bin/sh\ncase $* in *version_info*) exit 1 ;; esac\n"
NO_VENV = "#!/bin/sh\ncase $* in *'import venv'*) exit 1 ;; esac\n"


@pytest.mark.parametrize(
    ("python", "parameters", "error"),
    [
        pytest.param(None, "", "there is no python3 on the agent or in its container", id="none"),
        pytest.param(OLD, "", "python3 is older than 3.10, which releasekit needs", id="old"),
        pytest.param(NO_VENV, "", "python3 has no venv or no ensurepip", id="no venv"),
        pytest.param(
            "#!/bin/sh\ncase $* in *releasekit*) exit 1 ;; esac\n",
            "kit: ''",
            "python3 has no releasekit, and kit is empty",
            id="no kit",
        ),
    ],
)
def test_a_program_that_is_missing_is_named_first(
    jenkins: Jenkins,
    project: ProjectDir,
    make_job: MakeJob,
    bare: Path,
    python: str | None,
    parameters: str,
    error: str,
) -> None:
    (bare / "git").symlink_to(shutil.which("git") or "")
    if python:
        (bare / "python3").write_text(python, encoding="utf-8")
        (bare / "python3").chmod(0o755)
    built = jenkins.run(make_job(f"releasePython({parameters})", agents={"": {"PATH": str(bare)}}))
    assert (built.result, built.error) == (
        "FAILURE",
        "releasekit git and Python: usage (exit status 2)",
    )
    lines = re.findall(r"^error .*", built.log, re.MULTILINE)
    assert len(lines) == 1
    assert lines[0].startswith(f"error E267: a program is missing: {error}; ")
    assert "checkout" not in [s["step"] for s in built.steps]


def test_a_missing_git_is_named_before_the_checkout_needs_it(
    jenkins: Jenkins, project: ProjectDir, make_job: MakeJob, bare: Path
) -> None:
    built = jenkins.run(make_job("releasePython()", agents={"": {"PATH": str(bare)}}))
    assert re.findall(r"^error .*", built.log, re.MULTILINE) == [
        "error E267: a program is missing: there is no git on the agent or in its container; "
        "install it there, or choose another agent (label)"
    ]


def test_an_agent_with_windows_is_refused(
    jenkins: Jenkins, project: ProjectDir, make_job: MakeJob
) -> None:
    job = make_job("releasePython(label: 'windows')", agents={"windows": {"PATH": "/bin"}})
    assert jenkins.run(job).error == (
        "E281: releasePython needs agents with Linux or macOS, and this one (windows) has Windows; "
        "name others (label)"
    )


NOTES = {
    "no tags": ("note: this clone has no tags, without which Jenkins clones a branch; ", []),
    "a tag on HEAD": ("note: HEAD has the tag v1.2.3 : another build releases it, ", ["--tags"]),
    "shallow": ("note: this clone is shallow; ", ["--tags", "--depth=1"]),
}


@pytest.mark.parametrize(("note", "options"), NOTES.values(), ids=NOTES)
def test_a_clone_that_jenkins_makes_by_default_is_explained(
    jenkins: Jenkins, project: ProjectDir, make_job: MakeJob, note: str, options: list[str]
) -> None:
    fetch = f"git init -q && git fetch -q {' '.join(options)} file://{project.root} main"
    text = f"node {{\nsh '{fetch} && git checkout -q FETCH_HEAD'\nreleasePython({HOLLOW})\n}}"
    built = jenkins.run(make_job(text))
    assert built.result == "SUCCESS", built.log
    assert note in built.log
    # A tag that is built needs none of this.
    tagged = make_job(f"releasePython({HOLLOW}, label: 'linux')", tag="v1.2.3")
    built = jenkins.run(tagged)
    assert "note: this clone" not in built.log
    assert "note: HEAD" not in built.log


def test_installing_the_kit_says_what_it_installs_and_from_where(
    jenkins: Jenkins, project: ProjectDir, make_job: MakeJob
) -> None:
    job = make_job(f"releasePython({PYTHON}, kit: '1.2.3')")
    assert "installing releasekit==1.2.3 from the index that pip knows\n" in jenkins.run(job).log
