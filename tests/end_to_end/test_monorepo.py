"""Many packages in one repository: each has its tags, its configuration and its reports."""

from __future__ import annotations

import tarfile
import zipfile

import pytest

from releasekit.servers.sandbox import Sandbox
from support import Command, MakeProject, ProjectDir, published

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


def test_one_of_twenty_packages_is_released_by_its_own_tag(
    monorepo: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    for number in (7, 19):
        folder = monorepo.root / "packages" / f"p{number}"
        ran = releasekit("release", "-C", f"packages/p{number}", project=monorepo, server=sandbox)
        assert ran.status == 0, ran
        assert f"1.{number} from tag pkg-{number}/v1.{number} on commit" in ran.out
        sdist = f"pkg_{number}-1.{number}.tar.gz"
        with tarfile.open(folder / "dist" / sdist) as archive:
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
