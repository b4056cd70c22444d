"""`init` shows what a project lacks, and writes it once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from releasekit.scaffold import OWN_FILE, render_table
from support import Command, MakeProject, ProjectDir, Ran, content_of

URL = "https://nexus.example.com"
PLAN = """\
plan      2 files to write
          {root}/pyproject.toml  change
            + [tool.releasekit]
            + url = "https://nexus.example.com"
{comments}          {root}/.gitlab-ci.yml  create
            + include:
            +   - component: $CI_SERVER_FQDN/platform/releasekit/python-release@0.1.0
"""
LEFT = """\
docs/prerequisites.md of releasekit says what a server needs, and releasekit doctor what is missing
"""
COMMENTS = "\n".join(render_table(Path(OWN_FILE), {"url": URL})[1:])
GITLAB = ("--ci", "gitlab")
AS_READER = (
    *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
    # The kit that is tested may stand where this user alone may look.
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
)


def render_plan(root: Path) -> str:
    """Return the plan as it is shown."""
    comments = "".join(f"            + {line}\n" for line in COMMENTS.splitlines())
    return PLAN.format(root=root, comments=comments)


def without_times(ran: Ran) -> tuple[int, str]:
    """Return the status and what was shown."""
    return ran.status, re.sub(r" in \d+\.\d s$|  \d+\.\d s$", "", ran.out, flags=re.MULTILINE)


def test_the_plan_changes_nothing_and_names_the_command_that_does(
    project: ProjectDir, releasekit: Command
) -> None:
    before = content_of(project.root)
    ran = releasekit("init", "--url", URL, *GITLAB, project=project)
    assert without_times(ran) == (
        0,
        render_plan(project.root)
        + f"next      releasekit init --apply --url {URL} --ci gitlab writes this\n"
        "done      init\n",
    )
    assert content_of(project.root) == before


def test_apply_writes_it_once(project: ProjectDir, releasekit: Command) -> None:
    project.write("plain.py", '"""Plain, and changed since the commit."""\n')
    text = (project.root / "pyproject.toml").read_text("utf-8")
    ran = releasekit("init", "--url", URL, *GITLAB, "--apply", project=project)
    assert without_times(ran) == (
        0,
        render_plan(project.root)
        + "write     pyproject.toml, .gitlab-ci.yml\n"
        + f"next      commit pyproject.toml .gitlab-ci.yml; {LEFT}done      init\n",
    )
    assert (project.root / "pyproject.toml").read_text("utf-8").startswith(f"{text}\n[tool.rel")
    assert set(project.git("status", "--short").splitlines()) == {
        *("M plain.py", " M pyproject.toml", "?? .gitlab-ci.yml"),  # of all, spaces are stripped
    }
    before = content_of(project.root)
    times = {path: path.stat().st_mtime_ns for path in project.root.iterdir()}
    again = releasekit("init", "--url", URL, *GITLAB, "--apply", project=project)
    assert without_times(again) == (
        0,
        "plan      nothing to change\n"
        f"          {project.root}/pyproject.toml  keep\n"
        f"          {project.root}/.gitlab-ci.yml  keep\n"
        f"write     nothing was left to write\nnext      {LEFT}done      init\n",
    )
    assert content_of(project.root) == before
    assert {path: path.stat().st_mtime_ns for path in project.root.iterdir()} == times


def test_what_it_writes_is_released_without_a_finding(
    project: ProjectDir, releasekit: Command
) -> None:
    releasekit("init", *GITLAB, "--apply", project=project)
    releasekit("init", "--ci", "jenkins", "--apply", project=project)
    project.commit_all()
    project.git("tag", "-f", "v1.2.3")
    ran = releasekit("release", project=project)
    assert ran.status == 0, ran
    assert "checks: no findings; imports plain" in ran.out


@pytest.mark.parametrize("kind", ["setup-py", "setup-cfg"])
def test_a_project_without_a_pyproject_toml_stays_one(
    make_project: MakeProject, releasekit: Command, kind: str
) -> None:
    project = make_project(kind, tag=None)
    before = releasekit("release", project=project)
    ran = releasekit("init", "--tag", "r{version}", "--ci", "jenkins", "--apply", project=project)
    assert "write     releasekit.toml, Jenkinsfile\n" in ran.out
    assert not (project.root / "pyproject.toml").exists()
    project.commit_all()
    assert find_codes(releasekit("release", project=project)) == find_codes(before)


def find_codes(ran: Ran) -> set[str]:
    return set(re.findall(r"RK\d+", ran.out))


def test_a_package_of_a_monorepo_gets_an_entry_of_its_own(
    project: ProjectDir, releasekit: Command
) -> None:
    for name in ("a", "b"):
        folder = project.root / "packages" / name
        folder.mkdir(parents=True)
        (folder / "pyproject.toml").write_text(f'[project]\nname = "{name}"\n', encoding="utf-8")
    first = releasekit("init", "-C", "packages/a", *GITLAB, "--apply", project=project)
    assert "write     packages/a/pyproject.toml, .gitlab-ci.yml\n" in first.out
    settings = (project.root / "packages/a/pyproject.toml").read_text()
    assert 'tag = "packages-a/v{version}"\n' in settings
    ci = (project.root / ".gitlab-ci.yml").read_bytes()
    second = releasekit("init", "-C", "packages/b", "--apply", project=project)
    assert "plan      1 file to write, lines to add to .gitlab-ci.yml by hand\n" in second.out
    assert '            +       working-directory: "packages/b"\n' in second.out
    assert "commit packages/b/pyproject.toml; add the lines above to .gitlab-ci.yml; " in second.out
    assert (project.root / ".gitlab-ci.yml").read_bytes() == ci
    again = releasekit("init", "-C", "packages/a", project=project)
    assert "plan      nothing to change\n" in again.out
    both = releasekit("init", "-C", "packages/*", project=project)
    assert both.status == 2
    assert "  next:  name one of them: releasekit init -C packages/a\n" in both.out


@pytest.mark.parametrize(
    ("remote", "folder", "files"),
    [
        pytest.param("git@gitlab.example.com:a/b.git", "", [".gitlab-ci.yml"], id="ssh"),
        pytest.param("https://me:se@cret@gitlab.corp:8443/a", "", [".gitlab-ci.yml"], id="https"),
        pytest.param("https://gitlab-ci:s@git.example.com/gitlab/b", "", [], id="elsewhere"),
        pytest.param("https://git.example.com/b", ".gitlab", [".gitlab-ci.yml"], id="folder"),
        pytest.param("https://git.example.com/b", "", [], id="unknown"),
    ],
)
def test_the_repository_shows_its_ci(
    project: ProjectDir, releasekit: Command, remote: str, folder: str, files: list[str]
) -> None:
    project.git("remote", "add", "upstream", remote)
    if folder:
        (project.root / folder).mkdir()
    ran = releasekit("init", "--apply", project=project)
    assert f"write     {', '.join(['pyproject.toml', *files])}\n" in ran.out
    hint = "releasekit init --ci gitlab or releasekit init --ci jenkins adds its pipeline"
    assert (hint in ran.out) is not bool(files)


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("Jenkinsfile", b"node { sh 'make gr\xf6\xdfer' }\n", "@Library('releasekit') _"),
        (".gitlab-ci.yml", b"\xef\xbb\xbfbuild: {script: make}\r\n", "include:"),
    ],
)
def test_a_pipeline_that_exists_is_its_owners(
    project: ProjectDir, releasekit: Command, name: str, text: bytes, line: str
) -> None:
    (project.root / name).write_bytes(text)
    ran = releasekit("init", "--apply", project=project)
    assert f"\n          {project.root}/{name}  add by hand\n            + {line}\n" in ran.out
    assert (project.root / name).read_bytes() == text


def test_windows_line_ends_stay(project: ProjectDir, releasekit: Command) -> None:
    path = project.root / "pyproject.toml"
    before = path.read_bytes().replace(b"\n", b"\r\n")
    path.write_bytes(before)
    assert releasekit("init", "--url", URL, "--apply", project=project).status == 0
    after = path.read_bytes()
    assert after.startswith(before)
    assert after.count(b"\r\n") == after.count(b"\n") > before.count(b"\n")


@pytest.mark.parametrize(
    ("target", "reason"),
    [("../new.toml", "is not there"), ("../there.toml", "is not below {}")],
)
def test_it_writes_through_no_link_out_of_the_repository(
    project: ProjectDir, releasekit: Command, target: str, reason: str
) -> None:
    outside = project.root.parent
    (outside / "there.toml").touch()
    (project.root / "setup.py").touch()
    (project.root / "pyproject.toml").unlink()
    (project.root / OWN_FILE).symlink_to(target)
    ran = releasekit("init", "--url", URL, *GITLAB, "--apply", project=project)
    said = f"  why:   it is a link to {target}, which {reason.format(project.root)}\n"
    assert (ran.status, "error E285: " in ran.out, said in ran.out) == (2, True, True), ran.out
    assert (outside / "there.toml").read_bytes() == b""
    assert not (outside / "new.toml").exists()
    assert not (project.root / ".gitlab-ci.yml").exists()


def test_it_writes_through_a_link_within_the_repository(
    project: ProjectDir, releasekit: Command
) -> None:
    project.write("shared.toml", "")
    (project.root / OWN_FILE).symlink_to("shared.toml")
    assert releasekit("init", "--url", URL, "--apply", project=project).status == 0
    assert (project.root / OWN_FILE).is_symlink()
    assert f'url = "{URL}"\n' in (project.root / "shared.toml").read_text()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"\xef\xbb\xbf[project]\n", "E263", id="byte order mark"),
        pytest.param("[project]\n".encode("utf-16"), "E263", id="UTF-16"),
        pytest.param(b"[project\n", "E201", id="no TOML"),
        pytest.param(b"# gr\xf6\xdfer\n", "E201", id="not UTF-8"),
        pytest.param(b"[tool.releasekit]\nurll = 'x'\n", "E201", id="a key that there is not"),
        pytest.param(b"tool = {a = {b = 1}}\n", "E285", id="a table in one line"),
    ],
)
def test_a_file_that_cannot_be_changed_is_left_and_no_other_is_written(
    project: ProjectDir, releasekit: Command, content: bytes, code: str
) -> None:
    (project.root / "pyproject.toml").write_bytes(content)
    ran = releasekit("init", "--url", URL, *GITLAB, "--apply", project=project)
    assert (ran.status, f"error {code}: " in ran.out) == (2, True), ran.out
    assert (project.root / "pyproject.toml").read_bytes() == content
    assert not (project.root / ".gitlab-ci.yml").exists()


def test_a_wrong_option_is_named_and_no_secret_is_shown(
    project: ProjectDir, releasekit: Command
) -> None:
    url = "https://me:se-cret@nexus.example.com"
    ran = releasekit("init", "--url", url, "--tag", "v1", "--apply", project=project)
    assert (ran.status, "se-cret" in ran.out) == (2, False)
    assert "  where: the options\n" in ran.out
    assert "--url: credentials do not belong here" in ran.out
    assert "--tag: a tag pattern holds {version} exactly once" in ran.out
    assert project.git("status", "--porcelain") == ""


def test_no_git_is_no_hindrance(tmp_path: Path, user_environ: dict[str, str]) -> None:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "bin").mkdir()
    done = subprocess.run(
        (sys.executable, "-m", "releasekit", "init", *GITLAB, "--apply"),
        cwd=tmp_path,
        env={**user_environ, "PATH": str(tmp_path / "bin")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "note      no git repository is here: a release needs one" in done.stdout
    assert (tmp_path / ".gitlab-ci.yml").exists()


def test_where_there_is_no_project_it_says_so(releasekit: Command, project: ProjectDir) -> None:
    (project.root / "docs").mkdir()
    ran = releasekit("init", "-C", "docs", project=project)
    assert (ran.status, "error E202: no Python project here\n" in ran.out) == (2, True)
    assert "note" not in ran.out


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A directory that another user gets to; pytest's is closed to others."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder).resolve()


def test_a_directory_that_cannot_be_written_is_named(
    elsewhere: Path, user_environ: dict[str, str]
) -> None:
    (elsewhere / "pyproject.toml").touch()
    elsewhere.chmod(0o555)
    command = (sys.executable, "-m", "releasekit", "init", *GITLAB)
    ran = [
        subprocess.run(
            (*(AS_READER if os.geteuid() == 0 else ()), *command, *more),
            cwd=elsewhere,
            env={**user_environ, "HOME": str(elsewhere)},
            capture_output=True,
            text=True,
            check=False,
        )
        for more in ((), ("--apply",))
    ]
    elsewhere.chmod(0o755)
    assert [done.returncode for done in ran] == [0, 3], ran
    assert f"  where: {elsewhere}/pyproject.toml\n  why:   Permission denied" in ran[1].stdout
    assert [path.name for path in elsewhere.iterdir()] == ["pyproject.toml"]


WATCH = """\
import os, sys
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen"):
        with open(os.environ["WATCHED"], "a") as file:
            file.write(f"{event} {arguments[0]!r} {arguments[1]!r}\\n")
sys.addaudithook(watch)
"""


def test_it_has_no_network_runs_nothing_of_the_project_and_passes_no_credentials_on(
    project: ProjectDir, releasekit: Command, tmp_path: Path
) -> None:
    canary = tmp_path / "canary"
    mark = f"#!/bin/sh\nenv > {canary}\n"
    for name in ("setup.py", "noxfile.py", "tomlkit.py", "packaging.py"):
        project.write(name, f"open({str(canary)!r}, 'w').write('imported')\n")
    hook = project.root / ".git" / "hooks" / "run"
    hook.write_text(mark, encoding="utf-8")
    hook.chmod(0o755)
    project.git("config", "core.fsmonitor", str(hook))
    watch = tmp_path / "watch"
    watch.mkdir()
    (watch / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
    watched = tmp_path / "watched"
    secrets = {"TWINE_PASSWORD": "up-se-cret", "RELEASEKIT_READER_PASSWORD": "read-se-cret"}
    variables = {**secrets, "RELEASEKIT_URL": URL, "RELEASEKIT_CA_BUNDLE": "/no/such/file"}
    ran = releasekit(
        "init",
        "--apply",
        project=replace(project),
        PYTHONPATH=str(watch),
        WATCHED=str(watched),
        **variables,
    )
    assert ran.status == 0, ran
    started = watched.read_text("utf-8").splitlines()
    assert len(started) == 1, started
    assert re.match(r"subprocess\.Popen '\S*git' ", started[0])
    assert not canary.exists()
    assert "se-cret" not in ran.out + ran.err
