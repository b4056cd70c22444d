"""Each step is a session of its own; `dist/` and the record travel between them."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from nexus_double import Sandbox
from support import SDIST, WHEEL, Command, ProjectDir, outcome, published, uploads


def test_the_steps_one_by_one_make_a_release(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    for step in ("version", "build", "check", "plan", "publish", "verify"):
        ran = releasekit(step, project=project, server=sandbox)
        assert ran.status == 0, ran
        assert f"\n{step:<9} " in f"\n{ran.out}"
    assert published(sandbox) == {WHEEL, SDIST}


def test_a_build_travels_to_another_clone(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command, tmp_path: Path
) -> None:
    releasekit("check", project=project, server=sandbox)
    clone = ProjectDir(root=tmp_path / "clone", environ=project.environ)
    project.git("clone", "-q", str(project.root), str(clone.root))
    for folder in ("dist", "reports"):
        (project.root / folder).rename(clone.root / folder)
    assert releasekit("publish", project=clone, server=sandbox).status == 0
    assert releasekit("verify", project=clone, server=sandbox).status == 0


def test_publish_without_a_build(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    ran = releasekit("publish", project=project, server=sandbox)
    assert ran.status == 2
    assert ran.out.endswith(
        "error E207: nothing has been built yet\n"
        f"  where: {project.root}/reports/release.json\n"
        "  why:   there is no such file\n"
        "  next:  releasekit build (in CI: pass dist/ and reports/release.json from the build job "
        "to this one)\n"
    )


def test_verify_alone_in_a_sandbox_of_its_own_is_refused_at_once(
    project: ProjectDir, releasekit: Command
) -> None:
    assert releasekit("build", project=project).status == 0
    ran = releasekit("verify", project=project, RELEASEKIT_STALE_LIMIT="100")  # of 120 s
    assert ran.status == 2
    said = ran.out[ran.out.index("error E") :].splitlines()
    assert said[1].startswith("  where: https://127.0.0.1:")
    assert [said[0], *said[2:]] == [
        "error E213: nothing was published to this sandbox, which is new",
        f"  why:   {WHEEL} is not served",
        f"         {SDIST} is not served",
        "         there is no url in [tool.releasekit], in releasekit.toml or in RELEASEKIT_URL,",
        "         so that each run has a sandbox of its own, which is gone at its end",
        "  next:  releasekit release;",
        '         or set url = "https://nexus.example.com" (or RELEASEKIT_URL); '
        "releasekit sandbox keeps one",
    ]
    assert "waiting for" not in ran.out + ran.err


def test_changed_bytes_are_refused_by_every_later_step(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    releasekit("check", project=project, server=sandbox)
    with (project.root / "dist" / WHEEL).open("ab") as file:
        file.write(b"more")
    for step in ("plan", "publish", "verify"):
        ran = releasekit(step, project=project, server=sandbox)
        assert ran.status == 1
        assert "error E122: dist/ does not hold what was built\n" in ran.out
        assert f"  why:   {WHEEL} has SHA-256 " in ran.out
    assert uploads(sandbox) == 0


def test_a_missing_file_is_refused(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    releasekit("check", project=project, server=sandbox)
    (project.root / "dist" / SDIST).unlink()
    ran = releasekit("publish", project=project, server=sandbox)
    assert ran.status == 1
    assert f"  why:   {SDIST} is missing\n" in ran.out


def test_a_build_of_another_commit_is_refused(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    releasekit("check", project=project, server=sandbox)
    before = project.commit
    project.write("plain.py", '"""Later."""\n')
    project.commit_all()
    project.git("tag", "v1.2.4")
    ran = releasekit("publish", project=project, server=sandbox)
    assert ran.status == 1
    assert ran.out.endswith(
        "error E123: the build is of another commit\n"
        f"  where: {project.root}/reports/release.json\n"
        f"  why:   it was built from {before} (v1.2.3), and HEAD is {project.commit} (v1.2.4)\n"
        "  next:  releasekit build, then run this again\n"
    )


def test_a_record_with_a_path_in_a_file_name_is_refused(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    releasekit("check", project=project, server=sandbox)
    path = project.root / "reports" / "release.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["files"][0]["filename"] = "../outside-1.0.tar.gz"
    path.write_text(json.dumps(record), encoding="utf-8")
    ran = releasekit("publish", project=project, server=sandbox)
    assert ran.status == 2
    assert (
        "  why:   it cannot be read: files.0.filename: Value error, a file name has no path in it\n"
    ) in ran.out


def test_a_record_of_a_newer_releasekit_is_refused_until_it_is_made_again(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    releasekit("check", project=project, server=sandbox)
    path = project.root / "reports" / "release.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**record, "schema_version": 3, "more": 1}), encoding="utf-8")
    for step in ("check", "publish"):
        ran = releasekit(step, project=project, server=sandbox)
        assert ran.status == 2
        assert ran.out.endswith(
            "error E220: this was written by a newer releasekit\n"
            f"  where: {path}\n"
            f"  why:   it has schema version 3, and releasekit {version('releasekit')} reads 2\n"
            "  next:  install the version of releasekit that wrote it, in every job: pip install "
            "-U releasekit;\n"
            "         or make the file again with this one: releasekit build\n"
        )
    assert published(sandbox) == set()
    assert releasekit("build", project=project, server=sandbox).status == 0
    assert releasekit("check", project=project, server=sandbox).status == 0
    assert releasekit("publish", project=project, server=sandbox).status == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(
            {"builds": []}, "every file is made by one of the builds", id="files of no build"
        ),
        pytest.param(
            {"project": "other"}, "plain-1.2.3.tar.gz is no file of other==1.2.3", id="project"
        ),
        pytest.param(
            {"version": "1.2.4"}, "plain-1.2.3.tar.gz is no file of plain==1.2.4", id="version"
        ),
    ],
)
def test_a_record_that_describes_no_release_is_refused(
    project: ProjectDir,
    sandbox: Sandbox,
    releasekit: Command,
    change: dict[str, object],
    reason: str,
) -> None:
    releasekit("check", project=project, server=sandbox)
    path = project.root / "reports" / "release.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**record, **change}), encoding="utf-8")
    ran = releasekit("publish", project=project, server=sandbox)
    assert ran.status == 2
    assert f"  why:   it cannot be read: JSON: Value error, {reason}\n" in ran.out
    assert uploads(sandbox) == 0


def test_other_files_in_dist_are_left_alone_with_one_line(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    (project.root / "dist").mkdir()
    project.write("dist/plain-1.0.0.tar.gz", "an older release")
    project.write("dist/notes.txt", "another tool's")
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 0
    assert (
        "note      dist/ also holds notes.txt, plain-1.0.0.tar.gz: left alone, not part of this "
        "release\n"
    ) in ran.out
    assert published(sandbox) == {WHEEL, SDIST}


def test_check_builds_first_where_nothing_is_built(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    first = releasekit("check", project=project, server=sandbox)
    again = releasekit("check", project=project, server=sandbox)
    assert "build     plain-1.2.3.tar.gz" in first.out
    assert "build     " not in again.out
    assert (first.status, again.status) == (0, 0)


def test_a_session_in_one_nox_run_shares_the_embedded_sandbox(project: ProjectDir) -> None:
    project.write("noxfile.py", "import releasekit.sessions\n")
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    done = subprocess.run(
        (sys.executable, "-m", "nox", "-s", "check", "publish", "verify"),
        cwd=project.root,
        env=project.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done
    assert "verify    plain==1.2.3 installed by hash from https://127.0.0.1:" in done.stdout


def test_a_refused_session_stops_the_sessions_after_it(project: ProjectDir) -> None:
    project.write("noxfile.py", "import releasekit.sessions\n")
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    project.write("pyproject.toml", text.partition("[project.urls]")[0])
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    done = subprocess.run(
        (sys.executable, "-m", "nox", "-s", "check", "publish", "--", "--json"),
        cwd=project.root,
        env=project.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["command"] == "check"
    assert outcome(project)["stopped_in"] == "check"
    assert "Running session publish" not in done.stderr


def test_pypirc_section_beats_url_and_hosted(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command, tmp_path: Path
) -> None:
    (tmp_path / ".pypirc").write_text(
        "[distutils]\nindex-servers = oracle-dba\n\n[oracle-dba]\n"
        # Without the slash at the end, as people write it; Nexus wants one.
        f"repository = {sandbox.upload_url().rstrip('/')}\n"
        f"username = {sandbox.username}\npassword = {sandbox.password}\n"
        f"ca_cert = {sandbox.ca_bundle}\n",
        encoding="utf-8",
    )
    ran = releasekit(
        "release",
        "-r",
        "oracle-dba",
        project=project,
        HOME=str(tmp_path),
        RELEASEKIT_URL="https://nexus.invalid",
        RELEASEKIT_GROUP=sandbox.group,
    )
    assert ran.status == 0, ran
    assert published(sandbox) == {WHEEL, SDIST}
    assert f"installed by hash from {sandbox.upload_url(sandbox.group)}" in ran.out


def test_a_section_that_pypirc_does_not_have(
    project: ProjectDir, releasekit: Command, tmp_path: Path
) -> None:
    ran = releasekit("release", "-r", "oracle-dba", project=project, HOME=str(tmp_path))
    assert ran.status == 2
    assert ran.out.endswith(
        "error E215: -r oracle-dba: no such repository in .pypirc\n"
        "  where: ~/.pypirc\n"
        "  why:   no such file or directory\n"
        "  next:  add [oracle-dba] with `repository = https://…` (of Nexus: https://…/repository/NAME/)\n"
        "         and its name to index-servers under [distutils]\n"
    )


def test_fresh_uses_no_cache(project: ProjectDir, releasekit: Command, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    ran = releasekit("build", "--fresh", project=project, RELEASEKIT_CACHE_DIR=str(cache))
    assert ran.status == 0
    assert not cache.exists()


def test_a_run_that_did_not_get_to_its_checks_leaves_no_old_findings(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    releasekit("check", project=project, server=sandbox)
    findings = project.root / "reports" / "findings.json"
    assert findings.exists()
    ran = releasekit("release", "--tag", "v9", project=project, server=sandbox)
    assert ran.status == 1
    assert not findings.exists()


def test_a_failed_run_leaves_no_dotenv_that_says_done(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    releasekit("release", project=project, server=sandbox)
    dotenv = project.root / "reports" / "release.env"
    assert "RELEASEKIT_RELEASE_STATUS=done\n" in dotenv.read_text(encoding="utf-8")
    releasekit("release", "--tag", "v9", project=project, server=sandbox)
    assert not dotenv.exists()


def test_options_of_one_step_do_not_stop_the_steps_beside_it(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    dotenv = project.root / "reports" / "release.env"
    says = {
        "build": ("note      --dry-run changes nothing here: build sends no file", False, "done"),
        "check": ("note      --dry-run changes nothing here: check sends no file", False, "done"),
        "publish": ("dry run   nothing was sent: this was a dry run of publish", True, "dry-run"),
    }
    for step, (line, dry, word) in says.items():
        ran = releasekit(step, "--dry-run", project=project, server=sandbox)
        assert ran.status == 0
        assert f"\n{line}" in f"\n{ran.out}"
        assert outcome(project)["dry_run"] is dry
        assert (
            f"RELEASEKIT_RELEASE_STATUS={word}\nRELEASEKIT_RELEASE_COMMAND={step}\n"
            in dotenv.read_text()
        )
    assert uploads(sandbox) == 0


def test_verify_with_dry_run_verifies_and_says_that_it_sends_no_file(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    releasekit("release", project=project, server=sandbox)
    sent = uploads(sandbox)
    ran = releasekit("verify", "--dry-run", project=project, server=sandbox)
    assert ran.status == 0
    assert "note      --dry-run changes nothing here: verify sends no file" in ran.out
    assert " installed by hash from " in ran.out
    assert uploads(sandbox) == sent > 0
    assert outcome(project)["dry_run"] is False


def test_verify_of_what_a_dry_run_did_not_send_says_that_it_is_not_published(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    releasekit("release", "--dry-run", project=project, server=sandbox)
    ran = releasekit("verify", project=project, server=sandbox, RELEASEKIT_STALE_LIMIT="0.1")
    assert ran.status == 3
    hosted = sandbox.upload_url()
    assert f"(waited 0.1 s; {hosted} does not list them either)\n" in ran.out
    assert "  next:  releasekit publish, then releasekit verify\n" in ran.out


def test_version_as_json_holds_the_version(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    document = json.loads(releasekit("version", "--json", project=project, server=sandbox).out)
    assert (document["version"], document["tag"]) == ("1.2.3", "v1.2.3")


def test_colours_in_a_pipe_bring_no_cursor_movements(
    project: ProjectDir, releasekit: Command
) -> None:
    ran = releasekit("build", project=project, FORCE_COLOR="1")
    assert "\x1b[1m" in ran.out
    assert "\x1b[?25" not in ran.out
