"""A tagged commit becomes a proven release, through the real command."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nexus_double import Sandbox, run_sandbox
from releasekit.checks.catalog import CODES
from support import (
    PYTHON,
    Command,
    MakeProject,
    ProjectDir,
    Ran,
    outcome,
    published,
    uploads,
    without_times,
)

WHEEL, SDIST = "ordinary-1.2.3-py3-none-any.whl", "ordinary-1.2.3.tar.gz"


@pytest.fixture
def project(make_project: MakeProject) -> ProjectDir:
    """setuptools with setuptools-scm, pure Python."""
    return make_project("ordinary")


def test_release_says_about_a_line_a_step(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.err == ""
    assert without_times(ran.out) == (
        f"version   1.2.3 from tag v1.2.3 on commit {project.commit}\n"
        f"build     {SDIST} (SIZE), {WHEEL} (SIZE)\n"
        f"check     {len(CODES)} checks: no findings; imports ordinary ({PYTHON})\n"
        "plan      2 to upload, 0 already published\n"
        f"publish   2 uploaded to {sandbox.upload_url()}\n"
        f"verify    ordinary==1.2.3 installed by hash from {sandbox.upload_url(sandbox.group)}, "
        f"imports ordinary ({PYTHON})\n"
        "report    reports/summary.md\n"
        "done      release in\n"
    )
    assert ran.status == 0
    assert published(sandbox) == {WHEEL, SDIST}


def test_release_uploads_the_wheel_first_and_the_sdist_last(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    releasekit("release", project=project, server=sandbox)
    files = sandbox.state.find_files(sandbox.hosted)
    assert [f.filename for f in sorted(files, key=lambda f: f.modified)] == [WHEEL, SDIST]


def test_release_reports_what_it_did(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    # Requests are counted below: the build environment is cached, whichever test comes first.
    releasekit("build", project=project, server=sandbox)
    for results in ("dist", "reports"):
        shutil.rmtree(project.root / results)
    releasekit("release", project=project, server=sandbox)
    assert sorted(path.name for path in (project.root / "reports").iterdir()) == [
        ".gitignore",
        "build.log",
        "findings.json",
        "gl-code-quality-report.json",
        "junit.xml",
        "outcome.json",
        "parts",
        "proof.json",
        "release.env",
        "release.json",
        "releasekit.sarif",
        "smoke.log",
        "summary.md",
    ]
    document = outcome(project)
    seconds = document.pop("seconds")
    assert isinstance(seconds, dict)
    assert list(seconds) == ["start", "version", "build", "check", "plan", "publish", "verify"]
    assert document == {
        "schema_version": 1,
        "command": "release",
        "status": "done",
        "exit_status": 0,
        "sandbox": False,
        "dry_run": False,
        "stopped_in": None,
        "error": None,
        "project": "ordinary",
        "version": "1.2.3",
        "tag": "v1.2.3",
        "commit": project.git("rev-parse", "HEAD"),
        "repository": sandbox.upload_url(),
        "installed_from": sandbox.upload_url(sandbox.group),
        "files": [
            {"filename": SDIST, "action": "upload", "why": "not published yet"},
            {"filename": WHEEL, "action": "upload", "why": "not published yet"},
        ],
        "uploaded": [WHEEL, SDIST],
        "findings": {"error": 0, "warning": 0, "note": 0, "waived": 0},
        "notes": [],
        "requests": {"sent": 13, "failed": 3},
    }


def test_without_a_url_a_release_stays_on_this_machine_and_says_so(
    project: ProjectDir, releasekit: Command
) -> None:
    ran = releasekit("release", project=project)
    assert ran.status == 0
    assert ran.out.startswith(
        "note      no url is configured: this goes to a sandbox on this machine only\n"
    )
    assert outcome(project)["sandbox"] is True
    assert re.search(
        r"^done      release in [\d.]+ s, into a sandbox on this machine \(nothing left it\)$",
        ran.out,
        re.M,
    )
    reports = project.root / "reports"
    assert (
        "from a sandbox on this machine (nothing left it)\n" in (reports / "summary.md").read_text()
    )
    assert "RELEASEKIT_RELEASE_SANDBOX=true\n" in (reports / "release.env").read_text()


def test_sandbox_takes_a_commit_without_a_tag_and_says_so(
    make_project: MakeProject, releasekit: Command
) -> None:
    project = make_project("ordinary", tag=None)
    ran = releasekit("release", project=project)
    assert ran.status == 0
    assert (
        f"version   commit {project.commit} has no release tag: the build backend names the version"
    ) in ran.out
    assert (
        "note      a configured index would refuse this: it takes unchanged, tagged commits only"
    ) in ran.out


def test_sandbox_takes_a_changed_tree_as_it_is_and_says_so(
    project: ProjectDir, releasekit: Command
) -> None:
    project.write("src/ordinary/__init__.py", '"""Changed."""\n')
    ran = releasekit("release", project=project)
    assert ran.status == 0
    assert (
        f"version   1 file differs from commit {project.commit}: "
        "the build backend names the version"
    ) in ran.out


def test_untracked_files_never_get_into_a_dist(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    project.write("src/ordinary/notes.py", "SECRET = 1\n")
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 0
    listing = subprocess.run(
        (sys.executable, "-m", "zipfile", "-l", str(project.root / "dist" / WHEEL)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "ordinary/__init__.py" in listing.stdout
    assert "notes.py" not in listing.stdout


def test_two_clones_build_the_same_bytes(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command, tmp_path: Path
) -> None:
    clone = ProjectDir(root=tmp_path / "elsewhere" / "clone", environ=project.environ)
    project.git("clone", "-q", str(project.root), str(clone.root))
    first = releasekit("release", project=project, server=sandbox)
    second = releasekit("release", project=clone, server=sandbox)
    assert (first.status, second.status) == (0, 0)
    assert "plan      0 to upload, 2 already published" in second.out
    assert f"publish   nothing to upload: {sandbox.upload_url()} has it all" in second.out


def test_dry_run_stops_after_the_plan(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    ran = releasekit("release", "--dry-run", project=project, server=sandbox)
    assert ran.status == 0
    assert "plan      2 to upload, 0 already published" in ran.out
    assert "publish  " not in ran.out
    assert uploads(sandbox) == 0
    assert "\ndone " not in ran.out
    assert re.search(
        r"^dry run   nothing was sent: this was a dry run of release in [\d.]+ s$", ran.out, re.M
    )
    assert (outcome(project)["status"], outcome(project)["dry_run"]) == ("done", True)
    reports = project.root / "reports"
    title = "# ordinary 1.2.3: dry run of release, nothing was sent\n"
    assert (reports / "summary.md").read_text().startswith(title)
    assert f"| {WHEEL} |" in (reports / "summary.md").read_text()
    assert (reports / "summary.md").read_text().count(" | not sent |\n") == 2
    assert "RELEASEKIT_RELEASE_STATUS=dry-run\n" in (reports / "release.env").read_text()


def test_a_dry_run_of_publish_says_that_nothing_was_sent(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    releasekit("check", project=project)
    ran = releasekit("publish", "--dry-run", project=project, server=sandbox)
    assert "dry run   nothing was sent: this was a dry run of publish in " in ran.out
    assert outcome(project)["dry_run"] is True
    environ = (project.root / "reports" / "release.env").read_text("utf-8")
    assert "RELEASEKIT_RELEASE_STATUS=dry-run\nRELEASEKIT_RELEASE_COMMAND=publish\n" in environ


def test_a_step_that_sends_nothing_is_no_dry_run(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    releasekit("build", "--dry-run", project=project)
    assert outcome(project)["dry_run"] is False
    releasekit("release", project=project, server=sandbox)
    assert outcome(project)["dry_run"] is False


def test_a_dry_run_that_is_refused_says_why(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    project.write("README.md", "changed\n")
    ran = releasekit("release", "--dry-run", project=project, server=sandbox)
    assert (ran.status, outcome(project)["status"]) == (1, "refused")
    assert "nothing was sent" not in ran.out


def test_json_is_all_that_stands_on_standard_output(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    ran = releasekit("release", "--json", project=project, server=sandbox)
    assert json.loads(ran.out) == outcome(project)
    assert "done      release" in ran.err


def test_quiet_says_nothing_of_a_good_release(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    assert releasekit("release", "-q", project=project, server=sandbox) == Ran(
        status=0, out="", err=""
    )


def test_verbose_shows_the_backends_output_and_where_the_time_went(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    ran = releasekit("build", "-v", project=project, server=sandbox)
    assert "running egg_info" in ran.out
    assert re.search(r"^times     start [\d.]+ s, version [\d.]+ s, build [\d.]+ s$", ran.out, re.M)


def test_development_versions_go_to_snapshots_where_that_is_configured(
    make_project: MakeProject, releasekit: Command
) -> None:
    project = make_project("ordinary")
    project.git("commit", "-q", "--allow-empty", "-m", "later")
    with run_sandbox(snapshots="pypi-snapshots") as sandbox:
        ran = releasekit("release", project=project, server=sandbox)
        assert ran.status == 0, ran
        assert published(sandbox) == set()
        assert len(sandbox.state.find_files("pypi-snapshots")) == 2
        assert f"installed by hash from {sandbox.upload_url('pypi-snapshots')}" in ran.out


def test_the_readmes_example_is_released(
    make_project: MakeProject, sandbox: Sandbox, releasekit: Command
) -> None:
    # Its url and CA are examples; the environment beats them.
    ran = releasekit("release", project=make_project("readme"), server=sandbox)
    assert ran.status == 0, ran
    assert len(published(sandbox)) == 2
