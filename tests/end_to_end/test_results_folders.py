"""`dist/` and `reports/` are no part of the project, and nothing of the project is overwritten."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from support import SDIST, WHEEL, Command, MakeProject, ProjectDir


def files_of(project: ProjectDir) -> dict[str, bytes]:
    return {
        str(path.relative_to(project.root)): path.read_bytes()
        for path in project.root.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }


@pytest.mark.parametrize("ignored", [True, False], ids=["ignored", "no .gitignore"])
def test_results_are_not_in_the_next_commit(
    make_project: MakeProject, releasekit: Command, ignored: bool
) -> None:
    project = make_project("hatchling")
    (project.root / ".gitignore").unlink(missing_ok=True)
    if ignored:
        project.write(".gitignore", "dist/\nreports/\n")
    project.git("add", "-A")
    project.git("commit", "-qm", "ignores", "--allow-empty")
    project.git("tag", "-f", "v1.2.3")
    assert releasekit("check", project=project).status == 0
    for name in ("dist", "reports"):
        assert (project.root / name / ".gitignore").read_text() == "*\n"
    project.git("add", "-A")
    project.git("commit", "-qm", "next", "--allow-empty")
    assert [n for n in project.git("ls-files").split() if n.startswith(("dist", "rep"))] == []
    project.git("tag", "-f", "v1.2.3")
    assert releasekit("check", project=project).status == 0
    with tarfile.open(next((project.root / "dist").glob("*.gz"))) as archive:
        assert [n for n in archive.getnames() if n.endswith((".whl", ".gz", ".json"))] == []


def test_ignore_file_of_the_project_is_left_alone(project: ProjectDir, releasekit: Command) -> None:
    (project.root / "dist").mkdir()
    project.write("dist/.gitignore", "*.whl\n")
    project.git("add", "-f", "dist/.gitignore")
    project.git("commit", "-qm", "theirs")
    project.git("tag", "-f", "v1.2.3")
    ran = releasekit("check", project=project)
    assert (ran.status, (project.root / "dist/.gitignore").read_text()) == (0, "*.whl\n"), ran
    assert ".gitignore" not in ran.out


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("dist/bundle.js", "dist"),
        (f"dist/{WHEEL}", "dist"),
        ("reports/2024/summary.md", "reports"),
        ("dist", "dist"),
    ],
)
@pytest.mark.parametrize("command", ["release", "build", "doctor"])
def test_folder_that_git_tracks_is_not_written_to(
    project: ProjectDir, releasekit: Command, name: str, places: str, command: str
) -> None:
    path = project.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("theirs\n")
    project.git("add", "-f", name)
    project.git("commit", "-qm", "theirs")
    project.git("tag", "-f", "v1.2.3")
    if name == "dist":
        path.unlink()
    before = files_of(project)
    ran = releasekit(command, project=project, RELEASEKIT_URL="http://127.0.0.1:1")
    assert ran.status == 1, ran
    assert f"error E115: git tracks files in {places}, where results would go" in ran.out
    assert f"where: {project.root}: {name}\n" in ran.out
    assert f"git -C {project.root} rm -r --cached {places}, and commit" in ran.out
    assert "report " not in ran.out
    assert files_of(project) == before


def test_another_folder_takes_the_results_of_all_steps(
    project: ProjectDir, releasekit: Command, tmp_path: Path
) -> None:
    for name in ("dist/bundle.js", "reports/2024.md"):
        (project.root / name).parent.mkdir()
        project.write(name, "theirs\n")
    project.git("add", "-f", "dist", "reports")
    project.git("commit", "-qm", "theirs")
    project.git("tag", "-f", "v1.2.3")
    for command in ("version", "build", "check", "gather", "plan", "publish", "release"):
        ran = releasekit(command, "--into", "out/here", project=project)
        assert ran.status == 0, (command, ran)
    built = {path.name for path in (project.root / "out/here/dist").iterdir()}
    assert built == {SDIST, WHEEL, ".gitignore"}
    assert (project.root / "out/here/reports/proof.json").exists()
    assert project.git("status", "--porcelain") == ""
    (project.root / "out/here/dist" / WHEEL).write_bytes(b"changed")
    ran = releasekit("publish", "--into", "out/here", project=project)
    assert "next:  releasekit build --into out/here, then run this again" in ran.out


def test_a_directory_of_the_project_gets_no_gitignore(
    project: ProjectDir, releasekit: Command
) -> None:
    (project.root / "reports").mkdir()
    project.write("reports/2024.md", "theirs\n")
    assert releasekit("build", "--into", "reports", project=project).status == 0
    assert (project.root / "reports/dist/.gitignore").exists()
    assert not (project.root / "reports/.gitignore").exists()


@pytest.mark.parametrize("folder", ["/tmp/x", "../x", "a/../../x", ".git", ".git/x"])
def test_another_folder_is_below_the_project_s(
    project: ProjectDir, releasekit: Command, folder: str
) -> None:
    ran = releasekit("build", "--into", folder, project=project)
    assert (ran.status, f"{folder} is not below the project's directory" in ran.err) == (2, True)
