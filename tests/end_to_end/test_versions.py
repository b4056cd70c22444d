"""Which version a commit gets, whatever its tag, the pattern, the clone and the backend."""

from __future__ import annotations

import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from nexus_double import Sandbox
from support import Command, MakeProject, ProjectDir


@pytest.mark.parametrize(
    ("tag", "pattern", "version"),
    [
        pytest.param("v1.2.3", None, "1.2.3", id="with a v"),
        pytest.param("1.2.3", None, "1.2.3", id="without"),
        pytest.param("v2!1.0", None, "2!1.0", id="epoch"),
        pytest.param("v1.2.3-beta.2", None, "1.2.3b2", id="pre, spelled otherwise"),
        pytest.param("1.2.3.post1", None, "1.2.3.post1", id="post"),
        pytest.param("release-1.2.3", "release-{version}", "1.2.3", id="release-"),
        pytest.param("pkg_1.2.3", "pkg_{version}", "1.2.3", id="pkg_"),
        pytest.param("pkg-a/v1.2.3", "pkg-a/v{version}", "1.2.3", id="pkg-a/v"),
        pytest.param("rel_2_0_52", "rel_{version:_}", "2.0.52", id="rel_, underscores"),
        pytest.param("release-2024-05-01", "release-{version:-}", "2024.5.1", id="a date"),
    ],
)
def test_tag_names_the_version(
    make_project: MakeProject, releasekit: Command, tag: str, pattern: str | None, version: str
) -> None:
    project = make_project(tag=None)
    if pattern:
        project.write("releasekit.toml", f'tag = "{pattern}"\n')
        project.commit_all()
        project.git("tag", "v9.9.9")  # another package's
    project.git("tag", tag)
    ran = releasekit("version", project=project)
    assert (ran.status, ran.err) == (0, "")
    assert f"version   {version} from tag {tag} on commit {project.commit}" in ran.out


@pytest.mark.parametrize(
    ("options", "variables", "version"),
    [
        pytest.param((), {}, "1.2.3", id="the final one by itself"),
        pytest.param(("--tag", "v1.2.3rc1"), {}, "1.2.3rc1", id="--tag"),
        pytest.param((), {"RELEASEKIT_TAG": "v1.2.3rc1"}, "1.2.3rc1", id="RELEASEKIT_TAG"),
    ],
)
def test_backend_that_asks_git_builds_the_chosen_one_of_two_tags(
    make_project: MakeProject,
    releasekit: Command,
    options: tuple[str, ...],
    variables: Mapping[str, str],
    version: str,
) -> None:
    project = make_project("ordinary")
    project.git("tag", "-a", "-m", "candidate", "v1.2.3rc1")
    ran = releasekit("build", *options, project=project, **variables)
    assert (ran.status, ran.err) == (0, "")
    assert names_in_dist(project) == {
        f"ordinary-{version}.tar.gz",
        f"ordinary-{version}-py3-none-any.whl",
    }


def names_in_dist(project: ProjectDir) -> set[str]:
    return {path.name for path in (project.root / "dist").glob("[!.]*")}


def test_annotated_tag_that_was_moved_names_the_commit_where_it_is_now(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    project.git("tag", "-a", "-m", "release", "v1.3.0", "HEAD")
    project.git("tag", "-d", "v1.2.3")
    first = project.commit
    project.write("README.md", "# later\n")
    project.commit_all()
    gone = releasekit("release", project=project, server=sandbox)
    assert gone.status == 1
    assert "error E101: HEAD has no release tag\n" in gone.out
    project.git("tag", "-f", "-a", "-m", "release", "v1.3.0")
    ran = releasekit("version", project=project, server=sandbox)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(f"version   1.3.0 from tag v1.3.0 on commit {project.commit}")
    assert project.commit != first


def test_shallow_clone_of_a_tag_is_built_by_a_backend_that_asks_git(
    make_project: MakeProject, releasekit: Command, tmp_path: Path
) -> None:
    project = make_project("ordinary", tag=None)
    project.write("README.md", "# later\n")
    project.commit_all()
    project.git("tag", "v1.2.3")
    clone = ProjectDir(root=tmp_path / "clone", environ=project.environ)
    options = ("-q", "--depth=1", "--branch=v1.2.3", "-c", "advice.detachedHead=false")
    project.git("clone", *options, project.root.as_uri(), str(clone.root))
    ran = releasekit("build", project=clone)
    assert (ran.status, ran.err) == (0, "")
    assert names_in_dist(clone) == {"ordinary-1.2.3.tar.gz", "ordinary-1.2.3-py3-none-any.whl"}


def test_shallow_clone_is_noted_where_the_backend_writes_the_history_into_the_dists(
    make_project: MakeProject, releasekit: Command, tmp_path: Path
) -> None:
    project = make_project("pbr", tag=None)
    project.write("README.md", "# later\n")
    project.commit_all("second")
    project.git("tag", "v1.2.3")
    clone = ProjectDir(root=tmp_path / "clone", environ=project.environ)
    project.git("clone", "-q", "--depth=1", project.root.as_uri(), str(clone.root))
    said, logs = [], []
    for _ in ("shallow", "whole"):
        ran = releasekit("build", "--sdist", project=clone)
        assert (ran.status, ran.err) == (0, ""), ran
        said.append([line for line in ran.out.splitlines() if line.startswith("note")])
        with tarfile.open(clone.root / "dist" / "pbr_demo-1.2.3.tar.gz") as archive:
            log = archive.extractfile("pbr_demo-1.2.3/ChangeLog")
            assert log
            logs.append(log.read().decode())
        if clone.git("rev-parse", "--is-shallow-repository") == "true":
            clone.git("fetch", "-q", "--unshallow")
    note = (
        "note      pbr writes ChangeLog and AUTHORS from git's history, and this clone is shallow: "
        "a whole one gives other bytes (git fetch --unshallow; in GitLab: GIT_DEPTH: 0)"
    )
    assert said == [[note], []]
    assert ["first" in log for log in logs] == [False, True]


def test_submodule_links_and_odd_names_get_into_the_sdist(
    make_project: MakeProject, releasekit: Command
) -> None:
    project, library = make_project("hatchling", tag=None), make_project("plain")
    allow = ("-c", "protocol.file.allow=always")
    package = "src/hatchling_static"
    project.git(*allow, "submodule", "--quiet", "add", str(library.root), f"{package}/lib")
    project.write(f"{package}/größe mit leer.txt", "x\n")
    (project.root / package / "link.txt").symlink_to("größe mit leer.txt")
    project.commit_all()
    project.git("tag", "v1.2.3")
    ran = releasekit("build", project=project)
    assert (ran.status, ran.err) == (0, ""), ran
    with tarfile.open(project.root / "dist" / "hatchling_static-1.2.3.tar.gz") as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    odd = {"lib/plain.py", "größe mit leer.txt", "link.txt"}
    assert names >= {f"{package}/{name}" for name in odd}


def test_repository_of_another_user_is_refused_with_the_line_that_allows_it(
    project: ProjectDir, releasekit: Command
) -> None:
    # git's own tests pretend with this variable; a chown would need root.
    ran = releasekit("version", project=project, GIT_TEST_ASSUME_DIFFERENT_OWNER="1")
    said = ran.out.splitlines()
    assert ran.status == 2
    assert said[:3] == [
        "error E211: git does not trust this repository",
        f"  where: {project.root}",
        f"  why:   git says: fatal: detected dubious ownership in repository at '{project.root}'",
    ]
    assert said[-1] == f"  next:  git config --global --add safe.directory {project.root}"
