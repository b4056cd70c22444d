"""Several build jobs, each with a clone of its own, and what becomes of their files."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uv

from nexus_double import Sandbox
from releasekit.archives import read_dist, read_metadata
from samples import write_wheel
from support import (
    SDIST,
    WHEEL,
    Command,
    ProjectDir,
    Ran,
    copy_project,
    public_index,
    published,
    uploads,
)

Clone = Callable[[str], ProjectDir]


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory, user_environ: dict[str, str]) -> ProjectDir:
    """The repository that all jobs clone."""
    return copy_project("plain", tmp_path_factory.mktemp("origin") / "plain", user_environ)


def clone_to(root: Path, origin: ProjectDir) -> ProjectDir:
    origin.git("clone", "-q", str(origin.root), str(root))
    return ProjectDir(root=root.resolve(), environ=origin.environ)


@pytest.fixture
def clone(origin: ProjectDir, tmp_path: Path) -> Clone:
    """Make clones of the project, as CI jobs have them."""
    return lambda name: clone_to(tmp_path / name, origin)


def carry(job: ProjectDir, to: Path) -> Path:
    """Unpack the artifacts of a job into a directory, over what lies there."""
    for folder in ("dist", "reports"):
        shutil.copytree(job.root / folder, to / folder, dirs_exist_ok=True)
    return to


def record(project: ProjectDir) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project.root / "reports" / "release.json").read_text())
    return found


def error(ran: Ran) -> str:
    return ran.out[ran.out.index("error E") :]


@dataclass(frozen=True)
class Jobs:
    """What was built once for all tests here, who copy it."""

    sdist: ProjectDir
    wheel: ProjectDir


@pytest.fixture(scope="module")
def jobs(origin: ProjectDir, tmp_path_factory: pytest.TempPathFactory, releasekit: Command) -> Jobs:
    folder = tmp_path_factory.mktemp("jobs")
    sdist, wheel = (clone_to(folder / name, origin) for name in ("sdist-job", "wheel-job"))
    ran = releasekit("build", "--sdist", project=sdist)
    assert ran.status == 0, ran
    assert {path.name for path in (sdist.root / "dist").glob("[!.]*")} == {SDIST}
    carry(sdist, wheel.root)
    for step in ("build", "check"):
        ran = releasekit(step, "--wheel-from", "dist/*.tar.gz", project=wheel)
        assert ran.status == 0, ran
    assert "build     " not in ran.out  # check judges the wheel that is there
    return Jobs(sdist=sdist, wheel=wheel)


@pytest.fixture
def sdist_job(clone: Clone, jobs: Jobs) -> ProjectDir:
    job = clone("sdist-job")
    carry(jobs.sdist, job.root)
    return job


@pytest.fixture
def wheel_job(clone: Clone, jobs: Jobs) -> ProjectDir:
    job = clone("wheel-job")
    carry(jobs.wheel, job.root)
    return job


def test_jobs_artifacts_in_one_directory_are_released_as_one(
    clone: Clone,
    sdist_job: ProjectDir,
    wheel_job: ProjectDir,
    sandbox: Sandbox,
    releasekit: Command,
) -> None:
    last = clone("last-job")
    # Both left a reports/release.json: the one that is unpacked last lies there.
    carry(wheel_job, last.root)
    carry(sdist_job, last.root)
    refused = releasekit("publish", project=last, server=sandbox)
    assert refused.status == 1
    assert error(refused) == (
        "error E131: plain==1.2.3 is not complete\n"
        f"  where: {last.root}/reports/release.json\n"
        "  why:   there is no wheel\n"
        "  next:  build what is missing (releasekit build --sdist; releasekit build --wheel-from "
        "SDIST),\n"
        "         then releasekit gather; `wheels` in [tool.releasekit] lists the wheels of a "
        "release\n"
    )
    assert uploads(sandbox) == 0
    for step in ("gather", "check", "publish", "verify"):
        ran = releasekit(step, project=last, server=sandbox)
        assert ran.status == 0, ran
    assert published(sandbox) == {SDIST, WHEEL}
    made_from = record(sdist_job)["files"][0]["sha256"]
    assert [(build["files"], build["made_from"]) for build in record(last)["builds"]] == [
        ([WHEEL], made_from),
        ([SDIST], None),
    ]


def test_directories_of_jobs_are_joined_and_nothing_else_is(
    clone: Clone, sdist_job: ProjectDir, wheel_job: ProjectDir, releasekit: Command
) -> None:
    last = clone("last-job")
    (wheel_job.root / "dist" / SDIST).unlink()
    shutil.rmtree(wheel_job.root / "reports" / "parts")  # a job may pass on release.json alone
    ran = releasekit("gather", "--from", "../sdist-job", "--from", "../wheel-job", project=last)
    assert ran.status == 0, ran
    assert "\ngather    2 files of 2 builds are one release" in ran.out
    assert {path.name for path in (last.root / "dist").glob("[!.]*")} == {SDIST, WHEEL}
    assert [file["filename"] for file in record(last)["files"]] == [SDIST, WHEEL]


def test_a_whole_build_and_a_wheel_of_another_job_are_one_release(
    clone: Clone, wheel_job: ProjectDir, releasekit: Command
) -> None:
    whole = clone("whole")
    releasekit("build", project=whole)
    ran = releasekit("gather", "--from", str(wheel_job.root), "--from", ".", project=whole)
    assert ran.status == 0, ran
    assert [file["filename"] for file in record(whole)["files"]] == [SDIST, WHEEL]


def test_what_is_not_as_expected_changes_nothing(
    clone: Clone, sdist_job: ProjectDir, wheel_job: ProjectDir, releasekit: Command
) -> None:
    last = clone("last-job")
    ran = releasekit(
        *("gather", "--from", str(sdist_job.root), "--from", str(wheel_job.root)),
        project=last,
        RELEASEKIT_WHEELS="cp311-*-win_amd64, py3-none-any",
    )
    assert ran.status == 1
    assert "\n  why:   the wheel cp311-*-win_amd64 is missing\n" in ran.out
    assert not (last.root / "dist").exists()
    assert not (last.root / "reports" / "release.json").exists()


def test_other_bytes_under_one_name_change_nothing(
    clone: Clone, wheel_job: ProjectDir, releasekit: Command
) -> None:
    other = clone("other")
    carry(wheel_job, other.root)
    (part,) = (other.root / "reports" / "parts").glob(f"{WHEEL}-*")
    document = json.loads(part.read_text())
    document["files"][0]["sha256"] = "e" * 64
    part.write_text(json.dumps(document))
    last = clone("last-job")
    ran = releasekit(
        *("gather", "--from", str(wheel_job.root), "--from", str(other.root)), project=last
    )
    assert ran.status == 1
    assert f"error E133: {WHEEL} was built twice, and the bytes differ\n" in ran.out
    assert not (last.root / "dist").exists()


def test_bytes_that_the_record_does_not_name_are_refused(
    clone: Clone, wheel_job: ProjectDir, releasekit: Command
) -> None:
    with (wheel_job.root / "dist" / WHEEL).open("ab") as file:
        file.write(b"more")
    last = clone("last-job")
    ran = releasekit("gather", "--from", str(wheel_job.root), project=last)
    assert ran.status == 1
    assert error(ran).startswith(
        "error E122: dist/ does not hold what was built\n"
        f"  where: {wheel_job.root}/dist\n"
        f"  why:   {WHEEL} has SHA-256 "
    )
    assert not (last.root / "dist").exists()


def test_a_build_of_another_commit_is_refused(
    clone: Clone, sdist_job: ProjectDir, releasekit: Command
) -> None:
    last = clone("last-job")
    last.write("plain.py", '"""Later."""\n')
    last.commit_all()
    last.git("tag", "v1.2.4")
    ran = releasekit("gather", "--from", str(sdist_job.root), project=last)
    assert ran.status == 1
    (part,) = (sdist_job.root / "reports" / "parts").iterdir()
    assert error(ran) == (
        "error E123: the build is of another commit\n"
        f"  where: {part}\n"
        f"  why:   it was built from {sdist_job.commit} (v1.2.3), and HEAD is {last.commit} "
        "(v1.2.4)\n"
        "  next:  releasekit build, then run this again\n"
    )


def test_nothing_to_gather(clone: Clone, releasekit: Command) -> None:
    last = clone("last-job")
    ran = releasekit("gather", "--from", "nowhere", project=last)
    assert ran.status == 2
    assert error(ran).startswith(
        "error E207: nothing has been built yet\n"
        f"  where: {last.root}/nowhere/reports/release.json\n"
        "  why:   there is no such file\n"
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("dist/nowhere.tar.gz", "there is no such file", id="nothing"),
        pytest.param("README.md", "Invalid sdist filename (extension must be", id="no dist"),
        pytest.param(
            "dist/*",
            "several files are meant: plain-1.2.3-py3-none-any.whl, plain-1.2.3.tar.gz",
            id="several",
        ),
        pytest.param(f"dist/{WHEEL}", "this is a wheel", id="wheel"),
    ],
)
def test_no_sdist_to_build_from(
    project: ProjectDir, releasekit: Command, name: str, reason: str
) -> None:
    (project.root / "dist").mkdir()
    for filename in (SDIST, WHEEL):
        project.write(f"dist/{filename}", "")
    ran = releasekit("build", "--wheel-from", name, project=project)
    assert ran.status == 2
    assert error(ran).startswith(
        "error E208: --wheel-from names no sdist\n"
        f"  where: {project.root}/{name}\n  why:   {reason}"
    )


def test_a_record_names_the_sdist_among_others(
    clone: Clone, sdist_job: ProjectDir, releasekit: Command
) -> None:
    """An earlier job's artifacts may lie in dist/, too, where dist/*.tar.gz means several."""
    job = clone("next-job")
    carry(sdist_job, job.root)
    job.write("dist/another-9.tar.gz", "of an earlier job")
    refused = releasekit("build", "--wheel-from", "dist/*.tar.gz", project=job)
    assert "several files are meant" in error(refused)
    ran = releasekit("build", "--wheel-from", "reports/release.json", project=job)
    assert ran.status == 0, ran
    assert (job.root / "dist" / WHEEL).is_file()


def test_a_record_of_other_bytes_or_without_an_sdist_builds_no_wheel(
    clone: Clone, sdist_job: ProjectDir, wheel_job: ProjectDir, releasekit: Command
) -> None:
    ran = releasekit("build", "--wheel-from", "reports/release.json", project=wheel_job)
    assert ran.status == 2
    assert "  why:   this record has no sdist" in error(ran)
    (sdist_job.root / "dist" / SDIST).write_bytes(b"other bytes")
    ran = releasekit("build", "--wheel-from", "reports/release.json", project=sdist_job)
    assert ran.status == 1
    assert error(ran).startswith("error E122: dist/ does not hold what was built")


def test_a_damaged_sdist_is_refused_in_words(project: ProjectDir, releasekit: Command) -> None:
    (project.root / "dist").mkdir()
    project.write(f"dist/{SDIST}", "no archive")
    ran = releasekit("build", "--wheel-from", f"dist/{SDIST}", project=project)
    assert ran.status == 1
    assert f"  why:   {SDIST} cannot be unpacked: file could not be opened" in ran.out


def test_a_release_with_wheels_of_other_machines_is_not_made_by_one(
    project: ProjectDir, sandbox: Sandbox, releasekit: Command
) -> None:
    ran = releasekit("release", project=project, server=sandbox, RELEASEKIT_WHEELS="cp*-*-win*")
    assert ran.status == 1
    assert (
        "  why:   the wheel cp*-*-win* is missing\n"
        f"         {WHEEL} is none of those that `wheels` expects\n"
    ) in ran.out
    assert uploads(sandbox) == 0


def test_release_has_no_parts(project: ProjectDir, releasekit: Command) -> None:
    ran = releasekit("release", "--sdist", project=project)
    assert ran.status == 2
    assert "error: unrecognized arguments: --sdist\n" in ran.err


# --- wheels of other tools ----------------------------------------------------------------------

WINDOWS = "plain-1.2.3-cp311-cp311-win_amd64.whl"


@pytest.fixture
def foreign(sdist_job: ProjectDir, tmp_path: Path) -> Path:
    """A wheel of the sdist that uv built, and one as it comes from Windows."""
    folder = tmp_path / "wheelhouse"
    sdist = sdist_job.root / "dist" / SDIST
    environ = {**sdist_job.environ, **public_index()}
    command = (uv.find_uv_bin(), "build", "-q", "--wheel", "-o", str(folder), str(sdist))
    subprocess.run(command, env=environ, check=True)
    text = (read_metadata(read_dist(folder / WHEEL)) or b"").decode()
    write_wheel(folder, filename=WINDOWS, metadata=text.replace("\n", "\r\n"), files=MODULE)
    return folder


MODULE = {"plain.py": '"""A package of one module."""\r\n'}


def test_wheels_of_another_tool_are_adopted_checked_and_released(
    sdist_job: ProjectDir, foreign: Path, sandbox: Sandbox, releasekit: Command
) -> None:
    ran = releasekit("gather", "--adopt", str(foreign / "*.whl"), project=sdist_job)
    assert ran.status == 0, ran.out
    assert "gather    3 files of 3 builds are one release" in ran.out
    builds = {build["files"][0]: build for build in record(sdist_job)["builds"]}
    for name, builder in ((WHEEL, "flit "), (WINDOWS, "hand")):
        assert builds[name]["tools"]["built by"].startswith(builder)
        assert builds[name]["tools"].keys() == {"built by", "adopted by releasekit"}
        assert (builds[name]["made_from"], builds[name]["requirements"]) == (None, [])
    for step in ("check", "plan", "publish", "verify"):
        ran = releasekit(step, project=sdist_job, server=sandbox)
        assert ran.status == 0, ran.out
    assert published(sandbox) == {SDIST, WHEEL, WINDOWS}
    again = releasekit("gather", "--adopt", str(foreign / "*.whl"), project=sdist_job)
    assert again.status == 0, again.out


def damage(folder: Path) -> str:
    text = (read_metadata(read_dist(folder / WHEEL)) or b"").decode()
    write_wheel(folder, filename=WINDOWS, metadata=text, files=MODULE, record="plain.py,,\n")
    return "RECORD is untrue: "


def cut_off(folder: Path) -> str:
    content = (folder / WINDOWS).read_bytes()
    (folder / WINDOWS).write_bytes(content[: len(content) // 2])
    return "it cannot be read to its end: "


def change(old: str, new: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        text = (read_metadata(read_dist(folder / WHEEL)) or b"").decode()
        assert old in text
        write_wheel(folder, filename=WINDOWS, metadata=text.replace(old, new), files=MODULE)

    return write


def swap_inside(old: str, new: str) -> Callable[[Path], None]:
    """Write a wheel whose inside is that of a wheel with another name."""

    def write(folder: Path) -> None:
        text = (read_metadata(read_dist(folder / WHEEL)) or b"").decode()
        inside = WINDOWS.replace(old, new)
        write_wheel(folder, filename=WINDOWS, metadata=text, files=MODULE, inside=inside)

    return write


def leave_out_wheel(folder: Path) -> None:
    path, whole = folder / WINDOWS, folder / "whole.zip"
    path.rename(whole)
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            lines = [line for line in text.splitlines(keepends=True) if b"/WHEEL," not in line]
            if not name.endswith("/WHEEL"):
                new.writestr(name, b"".join(lines) if name.endswith("/RECORD") else text)


def rename(folder: Path) -> None:
    name = WINDOWS.replace("1.2.3", "1.2.4")
    write_wheel(folder, filename=name, files=MODULE)
    (folder / WINDOWS).unlink()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        pytest.param(damage, "RECORD is untrue: ", id="RECORD"),
        pytest.param(cut_off, "it cannot be read to its end: ", id="cut off"),
        pytest.param(
            swap_inside("win_amd64", "win32"),
            "the tags in plain-1.2.3.dist-info/WHEEL are cp311-cp311-win32, and those in its file "
            "name cp311-cp311-win_amd64\n",
            id="tags",
        ),
        pytest.param(
            swap_inside("1.2.3", "1.2.4"),
            "it has plain-1.2.4.dist-info, and not plain-1.2.3.dist-info alone\n",
            id=".dist-info",
        ),
        pytest.param(leave_out_wheel, "it has no plain-1.2.3.dist-info/WHEEL\n", id="no WHEEL"),
        pytest.param(rename, "it is plain 1.2.4, and the sdist plain 1.2.3\n", id="version"),
        pytest.param(
            change("Version: 1.2.3", "Version: 1.2.4"),
            "its metadata is that of plain 1.2.4\n",
            id="version in the metadata",
        ),
        pytest.param(
            change("Requires-Python: >=3.10", "Requires-Python: >=3.11"),
            "Requires-Python: only the sdist has >=3.10, only the wheel has >=3.11\n",
            id="requires-python",
        ),
        pytest.param(
            change("Requires-Python:", "Requires-Dist: evil\nRequires-Python:"),
            "Requires-Dist is empty in the sdist\n",
            id="requires-dist",
        ),
        pytest.param(
            change("Summary: The", "Summary: the"), "Summary: only the sdist has The", id="summary"
        ),
    ],
)
def test_wheel_that_is_not_of_the_sdist_is_not_adopted(
    sdist_job: ProjectDir,
    foreign: Path,
    releasekit: Command,
    spoil: Callable[[Path], object],
    why: str,
) -> None:
    spoil(foreign)
    (foreign / WHEEL).unlink()
    before = record(sdist_job)
    ran = releasekit("gather", "--adopt", str(foreign / "*.whl"), project=sdist_job)
    assert ran.status == 1, ran
    assert f"  why:   {why}" in error(ran)
    assert "error E116: plain-1.2." in error(ran)
    assert record(sdist_job) == before
    assert not list((sdist_job.root / "dist").glob("*.whl"))


def test_other_bytes_than_a_wheel_of_ours_are_not_adopted(
    wheel_job: ProjectDir, foreign: Path, releasekit: Command
) -> None:
    text = (read_metadata(read_dist(foreign / WHEEL)) or b"").decode()
    write_wheel(foreign, filename=WHEEL, metadata=text, files=MODULE)
    ran = releasekit("gather", "--adopt", f"{foreign}/{WHEEL}", project=wheel_job)
    assert (ran.status, "error E133" in ran.out) == (1, True), ran


@pytest.mark.parametrize("name", ["nowhere/*.whl", f"dist/{SDIST}", "README.md"])
def test_what_is_no_wheel_cannot_be_adopted(
    sdist_job: ProjectDir, releasekit: Command, name: str
) -> None:
    ran = releasekit("gather", "--adopt", name, project=sdist_job)
    assert (ran.status, "error E264: --adopt names no wheel" in ran.out) == (2, True), ran
