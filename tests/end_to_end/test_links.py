"""Links, and what else is no plain file, in `dist/` and `reports/`."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from support import SDIST, WHEEL, Command, ProjectDir, Ran, copy_project

VALUABLE = "precious.json"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A directory that is not the project's, with a file that matters to somebody."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / VALUABLE).write_text("[1]")
    return folder


@pytest.fixture(scope="module")
def original(
    tmp_path_factory: pytest.TempPathFactory, user_environ: dict[str, str], releasekit: Command
) -> ProjectDir:
    """A project that was built once for all tests here, who copy it."""
    project = copy_project("plain", tmp_path_factory.mktemp("original") / "plain", user_environ)
    ran = releasekit("check", project=project)
    assert ran.status == 0, ran
    return project


@pytest.fixture
def built(original: ProjectDir, tmp_path: Path) -> ProjectDir:
    root = shutil.copytree(original.root, tmp_path / "plain")
    return ProjectDir(root=root.resolve(), environ=original.environ)


def refusal(path: Path, kind: str, wanted: str, remove: str = "rm") -> str:
    return (
        f"error E125: {path} is {kind}, and has to be {wanted}\n"
        f"  where: {path}\n"
        "  why:   releasekit follows no links in dist/ and reports/, and opens plain files only:\n"
        "         it would read, write or delete what is not its own\n"
        f"  next:  {remove} {shlex.quote(str(path))}   "
        "(if git tracks it: git rm, and commit that), then run this again\n"
    )


def assert_refused(ran: Ran, *expected: str) -> None:
    assert (ran.status, ran.err) == (1, ""), ran
    assert ran.out.endswith(refusal(Path(expected[0]), *expected[1:]))
    assert ran.out.count("error E") == 1


@pytest.mark.parametrize("name", ["dist", "reports", "reports/parts"])
@pytest.mark.parametrize("command", ["build", "gather", "plan", "release"])
def test_directory_that_is_a_link_is_refused_and_nothing_behind_it_is_touched(
    project: ProjectDir, releasekit: Command, outside: Path, name: str, command: str
) -> None:
    link = project.root / name
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(outside)
    project.git("add", "-f", name)
    project.git("commit", "-qm", "a link")
    project.git("tag", "-f", "v1.2.3")
    ran = releasekit(command, project=project)
    assert_refused(ran, str(link), f"a link to {outside}", "a directory")
    assert {path.name: path.read_text() for path in outside.iterdir()} == {VALUABLE: "[1]"}


@pytest.mark.parametrize("name", ["dist", "reports"])
def test_link_that_leads_nowhere_is_refused(
    project: ProjectDir, releasekit: Command, tmp_path: Path, name: str
) -> None:
    (project.root / name).symlink_to(tmp_path / "nowhere")
    ran = releasekit("build", project=project)
    assert_refused(ran, f"{project.root}/{name}", f"a link to {tmp_path}/nowhere", "a directory")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("name", ["dist", "reports"])
def test_file_in_place_of_a_directory_is_refused(
    project: ProjectDir, releasekit: Command, name: str
) -> None:
    (project.root / name).touch()
    ran = releasekit("build", project=project)
    assert_refused(ran, f"{project.root}/{name}", "a file", "a directory")


WRITTEN = (
    *(f"dist/{name}" for name in (WHEEL, SDIST)),
    *(f"reports/{name}" for name in ("release.json", "build.log", "outcome.json", "summary.md")),
    *("reports/release.env", "reports/findings.json"),
)


@pytest.mark.parametrize("hard", [False, True], ids=["link", "hard link"])
def test_file_that_is_a_link_is_replaced_when_it_is_written_or_removed(
    project: ProjectDir, releasekit: Command, outside: Path, hard: bool
) -> None:
    for name in WRITTEN:
        (project.root / name).parent.mkdir(exist_ok=True)
        (outside / Path(name).name).write_text("theirs")
        make = (project.root / name).hardlink_to if hard else (project.root / name).symlink_to
        make(outside / Path(name).name)
    for step in ("build", "check"):
        ran = releasekit(step, project=project)
        assert ran.status == 0, ran
    assert {(outside / Path(name).name).read_text() for name in WRITTEN} == {"theirs"}
    assert not [name for name in WRITTEN if (project.root / name).is_symlink()]


def test_parts_that_are_links_or_pipes_are_removed_by_a_build_and_not_what_they_lead_to(
    built: ProjectDir, releasekit: Command, outside: Path
) -> None:
    parts = built.root / "reports" / "parts"
    (parts / "a.json").symlink_to(outside / VALUABLE)
    os.mkfifo(parts / "b.json")
    ran = releasekit("build", project=built)
    assert ran.status == 0, ran
    assert not {path.name for path in parts.iterdir()} & {"a.json", "b.json"}
    assert (outside / VALUABLE).read_text() == "[1]"


def link(path: Path) -> str:
    copy = path.with_name("copy of it")
    path.rename(copy)
    path.symlink_to(copy)
    return f"a link to {copy}"


def pipe(path: Path) -> str:
    path.unlink()
    os.mkfifo(path)
    return "a named pipe"


def directory(path: Path) -> str:
    path.unlink()
    path.mkdir()
    return "a directory"


@pytest.mark.parametrize("replace", [link, pipe, directory])
@pytest.mark.parametrize(
    ("command", "name"),
    [
        *((command, "reports/release.json") for command in ("check", "plan", "publish", "verify")),
        *((command, f"dist/{WHEEL}") for command in ("check", "plan", "publish", "verify")),
        ("check", "reports/build.log"),
        ("plan", f"dist/{SDIST}"),
    ],
)
def test_file_that_is_not_plain_is_refused_when_it_is_read(
    built: ProjectDir, releasekit: Command, command: str, name: str, replace: Callable[[Path], str]
) -> None:
    path = built.root / name
    kind = replace(path)
    ran = releasekit(command, project=built)
    assert_refused(ran, str(path), kind, "a file", "rm -r" if kind == "a directory" else "rm")


@pytest.mark.parametrize("replace", [link, pipe])
def test_sdist_to_build_from_is_a_plain_file(
    built: ProjectDir, releasekit: Command, replace: Callable[[Path], str]
) -> None:
    kind = replace(built.root / "dist" / SDIST)
    ran = releasekit("build", "--wheel-from", f"dist/{SDIST}", project=built)
    assert ran.status in (1, 2), ran
    assert kind in ran.out or "there is no such file" in ran.out


@pytest.mark.parametrize("replace", [link, pipe])
@pytest.mark.parametrize("name", [f"dist/{WHEEL}", "reports/parts"])
def test_what_gather_joins_is_read_from_plain_files(
    built: ProjectDir,
    releasekit: Command,
    name: str,
    replace: Callable[[Path], str],
    tmp_path: Path,
) -> None:
    job = tmp_path / "job"
    for folder in ("dist", "reports"):
        shutil.move(built.root / folder, job / folder)
    path = next((job / name).iterdir()) if name == "reports/parts" else job / name
    kind = replace(path)
    if kind.startswith("a link"):
        (path.with_name("copy of it")).rename(tmp_path / "copy of it")
        path.unlink()
        path.symlink_to(tmp_path / "copy of it")
        kind = f"a link to {tmp_path}/copy of it"
    ran = releasekit("gather", "--from", str(job), project=built)
    assert_refused(ran, str(path), kind, "a file")
    assert not (built.root / "dist").exists()


@pytest.mark.parametrize("name", ["dist", "reports", "reports/parts"])
def test_directories_that_gather_joins_are_no_links(
    built: ProjectDir, releasekit: Command, name: str, tmp_path: Path
) -> None:
    job = tmp_path / "job"
    for folder in ("dist", "reports"):
        shutil.move(built.root / folder, job / folder)
    (job / name).rename(tmp_path / "elsewhere")
    (job / name).symlink_to(tmp_path / "elsewhere")
    ran = releasekit("gather", "--from", str(job), project=built)
    assert_refused(ran, f"{job}/{name}", f"a link to {tmp_path}/elsewhere", "a directory")


def test_report_that_cannot_be_removed_is_named(built: ProjectDir, releasekit: Command) -> None:
    (built.root / "reports" / "findings.json").unlink()
    (built.root / "reports" / "findings.json" / "x").mkdir(parents=True)
    ran = releasekit("build", project=built)
    assert ran.status == 3, ran
    assert f"where: {built.root}/reports/findings.json\n" in ran.out


def test_reports_of_files_replace_links_in_the_directory_that_was_named(
    built: ProjectDir, releasekit: Command, outside: Path, tmp_path: Path
) -> None:
    """The directory itself may be a link: the user named it."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "findings.json").symlink_to(outside / VALUABLE)
    (tmp_path / "named").symlink_to("real")
    ran = releasekit("check", f"dist/{WHEEL}", "--reports", str(tmp_path / "named"), project=built)
    assert ran.status == 0, ran
    assert json.loads((tmp_path / "real" / "findings.json").read_text()) != [1]
    assert (outside / VALUABLE).read_text() == "[1]"
