"""What goes to `snapshots`: development versions, and never the number of a release."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nexus_double import Sandbox, run_sandbox
from support import Command, MakeProject, ProjectDir, Ran, outcome, published, uploads

DYNAMIC = 'dynamic = ["version"]'


@pytest.fixture
def server() -> Iterator[Sandbox]:
    with run_sandbox(snapshots="pypi-snapshots") as running:
        yield running


def snapshots(server: Sandbox) -> set[str]:
    return {file.filename for file in server.state.find_files("pypi-snapshots")}


def commit_more(project: ProjectDir, commits: int = 1) -> None:
    for number in range(commits):
        project.git("commit", "-q", "--allow-empty", "-m", f"more {number}")


def record_of(project: ProjectDir) -> dict[str, Any]:
    text = (project.root / "reports" / "release.json").read_text(encoding="utf-8")
    record: dict[str, Any] = json.loads(text)
    return record


def set_version(project: ProjectDir, version: str, *, static: bool) -> None:
    """State a version in the project's files: where all may read it, or where setuptools does."""
    text = (project.root / "pyproject.toml").read_text()
    (line,) = (line for line in text.splitlines() if line.startswith("version = "))
    if static:
        text = text.replace(line, f'version = "{version}"')
    else:
        text = text.replace(line, DYNAMIC)
        text += '\n[tool.setuptools.dynamic]\nversion = { attr = "plain.__version__" }\n'
        source = (project.root / "plain.py").read_text()
        project.write("plain.py", f'{source}\n__version__ = "{version}"\n')
    project.write("pyproject.toml", text)
    project.commit_all()


def refusal(project: ProjectDir, server: Sandbox, version: str, tag: str) -> str:
    url = server.upload_url("pypi-snapshots")
    return (
        f"error E108: {version} is not a development version, and HEAD has no release tag\n"
        f"  where: {project.root}, commit {project.commit}\n"
        f"  why:   without a tag it would go to {url}, which takes versions like 1.2.3.dev4:\n"
        f"         with the number {version}, installers would take it for a release\n"
        f"  next:  git tag {tag} && git push origin {tag}, and release that tag;\n"
        "         or take the version from git, with setuptools-scm or hatch-vcs: "
        "they count .devN;\n"
        "         or state it where releasekit can write a .devN: `version` in [project] of "
        "pyproject.toml\n"
    )


def assert_nothing_uploaded(server: Sandbox) -> None:
    assert (uploads(server), published(server), snapshots(server)) == (0, set(), set())


def assert_refused(ran: Ran, expected: str, server: Sandbox) -> None:
    assert (ran.status, ran.err) == (1, ""), ran
    assert ran.out.endswith(expected)
    assert_nothing_uploaded(server)


def test_static_version_of_an_untagged_commit_becomes_a_development_version(
    make_project: MakeProject, server: Sandbox, releasekit: Command
) -> None:
    project = make_project()
    commit_more(project, 3)
    ran = releasekit("release", project=project, server=server)
    assert (ran.status, ran.err) == (0, ""), ran
    url = server.upload_url("pypi-snapshots")
    assert (
        "version   1.2.4.dev3 (1.2.3 in pyproject.toml, 3 commits since v1.2.3): "
        f"commit {project.commit} has no release tag"
    ) in ran.out
    assert (
        f"note      HEAD has no release tag: this goes to {url}, as a development version"
    ) in ran.out
    names = {"plain-1.2.4.dev3.tar.gz", "plain-1.2.4.dev3-py3-none-any.whl"}
    assert (snapshots(server), published(server)) == (names, set())
    record = record_of(project)
    assert (record["version"], record["tag"]) == ("1.2.4.dev3", None)
    assert record["development"] == {
        "written_to": "version in [project] of pyproject.toml",
        "stated": "1.2.3",
        "after": "v1.2.3",
        "commits": 3,
    }
    assert project.git("status", "--porcelain") == ""  # the working tree has the old number
    again = releasekit("release", project=project, server=server)
    assert (again.status, uploads(server)) == (0, 2), again


def test_project_without_any_release_counts_from_its_first_commit(
    make_project: MakeProject, server: Sandbox, releasekit: Command
) -> None:
    project = make_project(tag=None)
    ran = releasekit("release", project=project, server=server)
    assert ran.status == 0, ran
    assert snapshots(server) == {"plain-1.2.3.dev1.tar.gz", "plain-1.2.3.dev1-py3-none-any.whl"}


def test_steps_agree_on_the_development_version(
    make_project: MakeProject, server: Sandbox, releasekit: Command
) -> None:
    project = make_project()
    commit_more(project)
    for command in ("version", "build", "check", "plan", "publish", "verify"):
        ran = releasekit(command, project=project, server=server)
        assert (ran.status, ran.err) == (0, ""), ran
        assert "version   1.2.4.dev1 (1.2.3 in pyproject.toml, 1 commit since v1.2.3)" in ran.out
    assert outcome(project)["version"] == "1.2.4.dev1"
    assert len(snapshots(server)) == 2


def test_parts_keep_the_development_version(
    make_project: MakeProject, server: Sandbox, releasekit: Command
) -> None:
    project = make_project()
    commit_more(project)
    for command in (
        ("build", "--sdist"),
        ("build", "--wheel-from", "dist/*.tar.gz"),
        ("gather",),
    ):
        ran = releasekit(*command, project=project, server=server)
        assert (ran.status, ran.err) == (0, ""), ran
    record = record_of(project)
    assert (record["version"], record["development"]["commits"]) == ("1.2.4.dev1", 1)
    assert len(record["builds"]) == 2


def test_two_branches_with_the_same_number_are_a_conflict(
    make_project: MakeProject, server: Sandbox, releasekit: Command
) -> None:
    project = make_project()
    for branch in ("one", "other"):
        project.git("checkout", "-q", "-b", branch, "v1.2.3")
        project.write("README.md", f"# plain\n\nOn {branch}.\n")
        project.commit_all(branch)
    project.git("checkout", "-q", "one")
    assert releasekit("release", project=project, server=server).status == 0
    first = snapshots(server)
    project.git("checkout", "-q", "other")
    ran = releasekit("release", project=project, server=server)
    assert ran.status == 1, ran
    assert "error E141: 2 files are already published with other bytes\n" in ran.out
    assert "  next:  commit again, or merge the other branch: with as many commits" in ran.out
    assert (snapshots(server), uploads(server)) == (first, 2)
    project.git("merge", "-q", "-s", "ours", "-m", "merge", "one")
    ran = releasekit("release", project=project, server=server)
    assert ran.status == 0, ran
    assert "plain-1.2.4.dev3.tar.gz" in snapshots(server)


@pytest.mark.parametrize(
    ("version", "tag"),
    [
        ("1.2.3", "v1.2.3"),
        ("1.2.4rc1", "v1.2.4rc1"),
        ("1.2.3.post4", "v1.2.3.post4"),
        ("1.2.3+g0a1b2c", "v1.2.3"),
    ],
)
def test_version_that_a_build_makes_is_refused_before_the_upload(
    make_project: MakeProject, server: Sandbox, releasekit: Command, version: str, tag: str
) -> None:
    project = make_project(tag=None)
    set_version(project, version, static=False)
    assert releasekit("check", project=project, server=server).status == 0
    for command in (("plan",), ("publish",), ("publish", "--dry-run"), ("release",)):
        ran = releasekit(*command, project=project, server=server)
        assert_refused(ran, refusal(project, server, version, tag), server)


@pytest.mark.parametrize("version", ["1.2.4.dev3", "1.2.4rc1.dev3+g0a1b2c"])
def test_development_version_of_the_backend_goes_to_snapshots(
    make_project: MakeProject, server: Sandbox, releasekit: Command, version: str
) -> None:
    project = make_project(tag=None)
    set_version(project, version, static=False)
    ran = releasekit("release", project=project, server=server)
    assert ran.status == 0, ran
    assert {name.removesuffix(".tar.gz") for name in snapshots(server)} >= {f"plain-{version}"}


@pytest.mark.parametrize("version", ["1.3.0.dev0", "1.3.0.dev7", "1.3.0", "1.3.0+local"])
def test_static_development_version_gets_the_number_of_its_commit(
    make_project: MakeProject, server: Sandbox, releasekit: Command, version: str
) -> None:
    project = make_project()
    set_version(project, version, static=True)
    ran = releasekit("release", project=project, server=server)
    assert ran.status == 0, ran
    assert "plain-1.3.0.dev1.tar.gz" in snapshots(server)


def test_number_of_another_table_is_not_taken_for_the_version(
    make_project: MakeProject, server: Sandbox, releasekit: Command
) -> None:
    """A plugin of Poetry replaces that one when it builds."""
    project = make_project("ordinary")
    text = (project.root / "pyproject.toml").read_text()
    project.write("pyproject.toml", f'{text}\n[tool.poetry]\nversion = "0.0.0"\n')
    project.commit_all()
    ran = releasekit("version", project=project, server=server)
    assert ran.status == 0, ran
    assert "has no release tag: the build backend names the version" in ran.out


def clone_without_tags(project: ProjectDir, folder: Path, *, url: str | None = None) -> ProjectDir:
    """Clone as Jenkins does for a branch: its own git fetch, without tags."""
    clone = ProjectDir(root=folder, environ=project.environ)
    folder.mkdir()
    clone.git("init", "-q", "-b", "main")
    clone.git("fetch", "-q", "--no-tags", project.root.as_uri(), "+refs/heads/*:refs/remotes/o/*")
    clone.git("checkout", "-q", "-f", "refs/remotes/o/main")
    clone.git("remote", "add", "origin", url or project.root.as_uri())
    return clone


@pytest.mark.parametrize("name", ["ordinary", "hatch-vcs", "pbr", "pdm-scm", "versioningit"])
def test_clone_without_tags_is_refused_where_the_backend_counts_them(
    make_project: MakeProject, server: Sandbox, releasekit: Command, tmp_path: Path, name: str
) -> None:
    project = make_project(name)
    commit_more(project)
    clone = clone_without_tags(project, tmp_path / "clone")
    for command in ("version", "plan", "publish", "release"):
        ran = releasekit(command, project=clone, server=server)
        assert (ran.status, ran.err) == (2, ""), ran
        assert "error E272: this clone has no tags to count from\n" in ran.out
        assert f"  next:  git -C {clone.root} fetch --tags, then run this again\n" in ran.out
    assert_nothing_uploaded(server)
    clone.git("fetch", "-q", "--tags")  # as the error says
    ran = releasekit("version", project=clone, server=server)
    assert (ran.status, ran.err) == (0, ""), ran


def test_clone_without_tags_is_noted_where_nothing_is_published(
    make_project: MakeProject, releasekit: Command, tmp_path: Path
) -> None:
    project = make_project("ordinary")
    commit_more(project)
    clone = clone_without_tags(project, tmp_path / "clone")
    note = (
        "note      this clone has no tags, and setuptools-scm counts from them: "
        f"git -C {clone.root} fetch --tags gives the number that other clones get"
    )
    for command in ("version", "build"):
        ran = releasekit(command, project=clone)
        assert (ran.status, ran.err) == (0, ""), ran
        assert note in ran.out
    clone.git("fetch", "-q", "--tags")
    assert note not in releasekit("version", project=clone).out


def test_static_version_is_not_counted_in_a_clone_that_lacks_the_tags_of_its_origin(
    make_project: MakeProject, server: Sandbox, releasekit: Command, tmp_path: Path
) -> None:
    project = make_project()
    commit_more(project)
    clone = clone_without_tags(project, tmp_path / "clone")
    ran = releasekit("release", project=clone, server=server)
    assert (ran.status, ran.err) == (2, ""), ran
    assert (
        "  why:   the development version counts the commits since the last release tag "
        "(and where it was cloned from, there are tags):\n"
    ) in ran.out
    clone.git("fetch", "-q", "--tags")
    ran = releasekit("version", project=clone, server=server)
    assert (ran.status, ran.err) == (0, ""), ran
    assert "version   1.2.4.dev1 " in ran.out


def test_origin_without_tags_has_none_to_fetch(
    make_project: MakeProject, server: Sandbox, releasekit: Command, tmp_path: Path
) -> None:
    project = make_project(tag=None)
    clone = clone_without_tags(project, tmp_path / "clone")
    ran = releasekit("version", project=clone, server=server)
    assert (ran.status, ran.err) == (0, ""), ran
    assert "version   1.2.3.dev1 (1.2.3 in pyproject.toml, 1 commit and no release tag yet)" in (
        ran.out
    )


def test_origin_that_does_not_answer_may_have_tags(
    make_project: MakeProject, server: Sandbox, releasekit: Command, tmp_path: Path
) -> None:
    project = make_project()
    commit_more(project)
    gone = (tmp_path / "gone").as_uri()
    clone = clone_without_tags(project, tmp_path / "clone", url=gone)
    ran = releasekit("version", project=clone, server=server)
    assert (ran.status, ran.err) == (2, ""), ran
    assert "(and where it was cloned from, git cannot list them)" in ran.out


def test_network_that_keeps_git_from_the_origin_is_worth_a_second_run(
    make_project: MakeProject, server: Sandbox, releasekit: Command, tmp_path: Path
) -> None:
    project = make_project()
    commit_more(project)
    clone = clone_without_tags(project, tmp_path / "clone", url="https://127.0.0.1:1/demo.git")
    ran = releasekit("version", project=clone, server=server)
    assert (ran.status, ran.err) == (3, ""), ran
    assert "git ls-remote --tags --quiet" in ran.out
    assert "127.0.0.1" in ran.out


def test_changed_tree_is_refused_as_that(
    make_project: MakeProject, server: Sandbox, releasekit: Command
) -> None:
    project = make_project()
    commit_more(project)
    project.write("README.md", "# changed\n")
    ran = releasekit("release", project=project, server=server)
    assert ran.status == 1, ran
    assert "error E107: the working tree has uncommitted changes\n" in ran.out
    assert f"  why:   a release holds what the commit {project.commit} holds" in ran.out


STATED = {
    "setuptools-pyproject": "version in [project] of pyproject.toml",
    "flit": "",  # its version stands in the code
    "poetry": "version in [tool.poetry] of pyproject.toml",
    "setup-cfg": "",  # attr:
    "meson": "version in [project] of pyproject.toml",
    "pdm": "version in [project] of pyproject.toml",
    "own-backend": "version in [project] of pyproject.toml",
    "hatchling": "",
    "setup-py": "",
}


@pytest.mark.parametrize("name", STATED)
def test_development_version_of_each_backend(
    make_project: MakeProject, releasekit: Command, name: str
) -> None:
    project = make_project(name)
    commit_more(project, 2)
    ran = releasekit("build", project=project)
    assert (ran.status, ran.err) == (0, ""), ran
    record = record_of(project)
    assert record.get("development", {}).get("written_to", "") == STATED[name]
    assert (record["version"] == "1.2.4.dev2") == bool(STATED[name])


def test_version_of_setup_cfg_is_written(make_project: MakeProject, releasekit: Command) -> None:
    project = make_project("setup-cfg")
    text = (project.root / "setup.cfg").read_text()
    text = text.replace("version = attr: setup_cfg.__version__", "# Ours\nversion : 1.2.3")
    (project.root / "setup.cfg").write_bytes(text.replace("\n", "\r\n").encode())
    project.commit_all()
    ran = releasekit("build", project=project)
    assert (ran.status, ran.err) == (0, ""), ran
    record = record_of(project)
    assert record["version"] == "1.2.4.dev1"
    assert record["development"]["written_to"] == "version in [metadata] of setup.cfg"
    with tarfile.open(project.root / "dist" / "setup_cfg-1.2.4.dev1.tar.gz") as archive:
        file = archive.extractfile("setup_cfg-1.2.4.dev1/setup.cfg")
        assert file
        assert b"\nversion = 1.2.4.dev1\n" in file.read()  # setuptools writes it anew


@pytest.mark.parametrize(
    ("file", "text"),
    [
        pytest.param("setup.py", "import setuptools\nsetuptools.setup(version='1.2.3')\n", id="py"),
        pytest.param("setup.py", "import setuptools as s\ns.setup(**dict(version='1.2.3'))\n"),
    ],
)
def test_version_that_something_else_sets_is_no_development_version(
    make_project: MakeProject, server: Sandbox, releasekit: Command, file: str, text: str
) -> None:
    project = make_project("setup-cfg")
    cfg = (project.root / "setup.cfg").read_text()
    project.write("setup.cfg", cfg.replace("attr: setup_cfg.__version__", "1.2.2"))
    project.write(file, text)
    project.commit_all()
    ran = releasekit("release", project=project, server=server)
    assert ran.status == 1, ran
    assert "error E108: 1.2.3 is not a development version" in ran.out
    assert "development" not in record_of(project)
    assert_nothing_uploaded(server)


def test_linked_pyproject_outside_the_checkout_is_not_written_to(
    make_project: MakeProject, releasekit: Command, tmp_path: Path
) -> None:
    project = make_project()
    shared = tmp_path / "shared.toml"
    shutil.move(project.root / "pyproject.toml", shared)
    (project.root / "pyproject.toml").symlink_to(shared)
    project.commit_all()
    before = shared.read_bytes()
    ran = releasekit("build", project=project)
    assert shared.read_bytes() == before
    assert (ran.status, record_of(project)["version"]) == (0, "1.2.4.dev1"), ran


def test_hidden_change_of_the_working_tree_does_not_make_the_number(
    make_project: MakeProject, releasekit: Command
) -> None:
    project = make_project()
    commit_more(project)
    project.git("update-index", "--skip-worktree", "pyproject.toml")
    text = (project.root / "pyproject.toml").read_text()
    project.write("pyproject.toml", text.replace('"1.2.3"', '"9.0.0"'))
    assert releasekit("build", project=project).status == 0
    assert record_of(project)["version"] == "1.2.4.dev1"


def test_same_commit_gives_the_same_bytes_in_another_clone(
    make_project: MakeProject, releasekit: Command, tmp_path: Path
) -> None:
    project = make_project()
    commit_more(project, 2)
    clone = ProjectDir(root=tmp_path / "clone", environ=project.environ)
    project.git("clone", "-q", project.root.as_uri(), str(clone.root))
    files = []
    for root in (project, clone):
        assert releasekit("build", project=root).status == 0
        files.append({path.name: path.read_bytes() for path in (root.root / "dist").iterdir()})
    assert files[0] == files[1]
    assert "plain-1.2.4.dev2.tar.gz" in files[0]
