"""Many packages in one repository: each has its tags, its configuration and its reports."""

from __future__ import annotations

import tarfile
import zipfile

import pytest

from nexus_double import Sandbox
from support import PYTHON, Command, MakeProject, ProjectDir, published, without_times

PYPROJECT = """\
[build-system]
requires = ["flit-core>=3.12"]
build-backend = "flit_core.buildapi"

[project]
name = "pkg-{number}"
version = "1.{number}"
description = "One of twenty"
requires-python = ">=3.10"

[project.urls]
Homepage = "https://plain.example.com"

[tool.releasekit]
tag = "pkg-{number}/v{{version}}"
"""


@pytest.fixture
def monorepo(make_project: MakeProject) -> ProjectDir:
    """Twenty packages, all of them tagged on one commit, with one LICENSE above them."""
    made = make_project(tag=None)
    made.git("rm", "-q", "pyproject.toml", "plain.py")
    made.write("LICENSE", "MIT\n")
    for number in range(20):
        folder = made.root / "packages" / f"p{number}"
        folder.mkdir(parents=True)
        (folder / "pyproject.toml").write_text(PYPROJECT.format(number=number))
        (folder / f"pkg_{number}.py").write_text(f'"""Package {number}."""\n')
    made.commit_all()
    for number in range(20):
        made.git("tag", f"pkg-{number}/v1.{number}")
    return made


def test_packages_are_released_by_their_own_tags_in_one_command(
    monorepo: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    monorepo.git("tag", "-d", "pkg-18/v1.18")
    named = ("-C", "packages/p7", "-C", "packages/p1[89]")
    ran = releasekit("release", *named, project=monorepo, server=sandbox)
    assert ran.status == 1, ran
    lines, group = without_times(ran.out).splitlines(), sandbox.upload_url(sandbox.group)
    assert [line for line in lines if line.startswith(("project", "verify"))] == [
        "project   packages/p7",
        f"verify    pkg-7==1.7 installed by hash from {group}, imports pkg_7 ({PYTHON})",
        "project   packages/p18",
        "project   packages/p19",
        f"verify    pkg-19==1.19 installed by hash from {group}, imports pkg_19 ({PYTHON})",
        "projects  2 of 3 done, packages/p18 refused",
    ]
    assert "error E103: no tag on HEAD is a version" in ran.out
    for number in (7, 19):
        folder = monorepo.root / "packages" / f"p{number}"
        with tarfile.open(folder / "dist" / f"pkg_{number}-1.{number}.tar.gz") as archive:
            names = {name.partition("/")[2] for name in archive.getnames()}
        assert f"pkg_{number}.py" in names
        assert not [name for name in names if "packages" in name]
    assert published(sandbox) == {
        f"pkg_{number}-1.{number}{end}"
        for number in (7, 19)
        for end in (".tar.gz", "-py3-none-any.whl")
    }
    assert not (monorepo.root / "dist").exists()


def test_a_license_above_the_package_gets_into_its_dists_by_a_link(
    monorepo: ProjectDir, releasekit: Command
) -> None:
    folder = monorepo.root / "packages" / "p3"
    (folder / "LICENSE").symlink_to("../../LICENSE")
    monorepo.commit_all()
    monorepo.git("tag", "-f", "pkg-3/v1.3")
    ran = releasekit("build", "-C", "packages/p3", project=monorepo)
    assert ran.status == 0, ran
    with zipfile.ZipFile(folder / "dist" / "pkg_3-1.3-py3-none-any.whl") as wheel:
        assert wheel.read("pkg_3-1.3.dist-info/licenses/LICENSE") == b"MIT\n"
    with tarfile.open(folder / "dist" / "pkg_3-1.3.tar.gz") as archive:
        assert archive.getmember("pkg_3-1.3/LICENSE").isreg()


def test_one_tag_and_two_version_numbers_take_a_second_tag_on_the_commit(
    make_project: MakeProject, sandbox: Sandbox, releasekit: Command
) -> None:
    """As docs/versions.md says: the library is 25.1, its Python package 4.25.1."""
    project = make_project(tag="v25.1")
    text = (project.root / "pyproject.toml").read_text().replace('"1.2.3"', '"4.25.1"')
    project.write("pyproject.toml", text)
    project.commit_all()
    project.git("tag", "-f", "v25.1")
    ran = releasekit("release", project=project, server=sandbox)
    assert ran.status == 1, ran
    assert "RK102" in ran.out
    project.write("releasekit.toml", 'tag = "python-v{version}"\n')
    project.commit_all()
    project.git("tag", "-f", "v25.1")
    project.git("tag", "python-v4.25.1")
    ran = releasekit("release", project=project, server=sandbox)
    assert (ran.status, ran.err) == (0, ""), ran
    assert "version   4.25.1 from tag python-v4.25.1 on commit" in ran.out
    assert "plain-4.25.1.tar.gz" in published(sandbox)
