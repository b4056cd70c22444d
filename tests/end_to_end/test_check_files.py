"""`check` with the paths of dists: from anywhere, outside of any project."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from docs_tables import CHECKS_PAGE
from releasekit.checks.catalog import CODES
from releasekit.cli import main
from releasekit.doctor.model import QUESTIONS, Question
from releasekit.explain import ENTRIES
from samples import METADATA, SDIST, WHEEL, write_sdist, write_wheel
from support import Command, ProjectDir, without_times

NO_URL = METADATA.replace("Project-URL: Homepage, https://demo.example.com\n", "")
FINDING = (
    f"  error    RK101  {WHEEL}/METADATA: the metadata names no url: neither a home page nor a "
    'project URL  fix: add [project.urls] Homepage = "https://…" (setup.cfg: url = …, setup.py: '
    'url="…")\n'
)
Check = Callable[..., tuple[int, str]]


@pytest.fixture
def check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Check:
    """Run `check` in an empty directory; return its status, and what it says without times."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    def run(*arguments: str | Path) -> tuple[int, str]:
        status = main(["check", *map(str, arguments)])
        return status, without_times(capsys.readouterr().out)

    return run


def find_errors(out: str) -> list[str]:
    return re.findall(r"^  error +(RK\d+) ", out, flags=re.MULTILINE)


def test_no_project_and_no_git_is_needed_and_nothing_is_written(
    tmp_path: Path, check: Check
) -> None:
    status, out = check(write_wheel(tmp_path), write_sdist(tmp_path))
    assert status == 0
    assert find_errors(out) == []
    assert out.startswith("check     ")
    assert out.endswith("\ndone      check in\n")
    assert list(Path.cwd().iterdir()) == []


def test_a_check_that_needs_more_than_a_dist_is_left_out(tmp_path: Path, check: Check) -> None:
    check(write_sdist(tmp_path), "--reports", "reports")
    document = json.loads(Path("reports/findings.json").read_text(encoding="utf-8"))
    codes = [entry["code"] for entry in document["checks"]]
    assert "RK101" in codes
    assert "RK201" not in codes
    assert set(codes) < set(CODES)


def test_faulty_dist_is_refused_in_one_line(tmp_path: Path, check: Check) -> None:
    wheel = write_wheel(tmp_path, metadata=NO_URL)
    status, out = check("-q", wheel)
    assert status == 1
    assert out == (
        f"{FINDING}"
        "error E121: 1 finding of severity error: RK101\n"
        f"  where: {wheel}\n"
        "  why:   the findings above say what is wrong, where, and how to fix it\n"
        "  next:  fix them; releasekit check --explain CODE says why a check exists, and what it "
        "allows\n"
    )


def test_directory_stands_for_the_dists_in_it(tmp_path: Path, check: Check) -> None:
    folder = tmp_path / "dist"
    folder.mkdir()
    write_wheel(folder, metadata=NO_URL)
    write_sdist(folder, files={"PKG-INFO": NO_URL})
    for name in ("notes.txt", f"{WHEEL}.asc"):
        (folder / name).write_text("")
    status, out = check(folder)
    assert status == 1
    assert find_errors(out) == ["RK101", "RK101"]
    assert f"note      {folder} also holds {WHEEL}.asc, notes.txt: no dists, left alone\n" in out


def test_all_that_is_no_dist_is_named_at_once(tmp_path: Path, check: Check) -> None:
    write_wheel(tmp_path)
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "demo.whl").write_text("")
    status, out = check(
        tmp_path / WHEEL, tmp_path / "notes.txt", tmp_path / "demo.whl", tmp_path / SDIST
    )
    assert status == 2
    assert out == (
        "error E209: not all of these are dists\n"
        f"  where: {tmp_path}/{WHEEL}, {tmp_path}/notes.txt, {tmp_path}/demo.whl, …\n"
        f"  why:   {tmp_path}/notes.txt: Invalid sdist filename (extension must be '.tar.gz' or "
        "'.zip'): 'notes.txt'\n"
        f"         {tmp_path}/demo.whl: Invalid wheel filename (wrong number of parts): 'demo'\n"
        f"         {tmp_path}/{SDIST}: there is no such file\n"
        "  next:  give sdists (.tar.gz) and wheels (.whl), or a directory that has some\n"
    )


@pytest.mark.parametrize(
    ("path", "why"),
    [
        pytest.param(".", "no file in there has the name of a dist", id="empty directory"),
        pytest.param("/dev/null", "/dev/null: this is no regular file", id="device"),
    ],
)
def test_path_without_a_dist_is_a_mistake_of_usage(path: str, why: str, check: Check) -> None:
    status, out = check(path)
    assert status == 2
    assert f"  why:   {why}\n" in out


def test_file_that_only_has_a_dists_name_is_refused(tmp_path: Path, check: Check) -> None:
    for name in (WHEEL, SDIST):
        (tmp_path / name).write_text("no archive\n")
    status, out = check(tmp_path)
    assert status == 1
    assert find_errors(out) == ["RK404", "RK404"]


def test_severities_of_the_directory_hold_and_its_reports_stay(
    tmp_path: Path, check: Check
) -> None:
    Path("pyproject.toml").write_text(
        '[tool.releasekit.severity]\nRK101 = { severity = "off", reason = "internal" }\n'
    )
    Path("reports").mkdir()
    Path("reports", "findings.json").write_text("the project's own")
    status, out = check(write_wheel(tmp_path, metadata=NO_URL))
    assert status == 0
    assert (
        f"  waived   RK101  {WHEEL}/METADATA: the metadata names no url: neither a home page nor a "
        "project URL  reason: internal\n"
    ) in out
    assert Path("reports", "findings.json").read_text() == "the project's own"
    assert [path.name for path in Path("reports").iterdir()] == ["findings.json"]


def test_reports_go_where_it_is_said(tmp_path: Path, check: Check) -> None:
    status, out = check(write_wheel(tmp_path, metadata=NO_URL), "--reports", tmp_path / "named")
    assert status == 1
    assert f"report    {tmp_path}/named/summary.md\n" in out
    assert sorted(path.name for path in (tmp_path / "named").iterdir()) == [
        "findings.json",
        "gl-code-quality-report.json",
        "junit.xml",
        "outcome.json",
        "releasekit.sarif",
        "summary.md",
    ]
    document = json.loads((tmp_path / "named" / "findings.json").read_text(encoding="utf-8"))
    assert (document["project"], document["version"]) == (None, None)
    assert [finding["code"] for finding in document["findings"]] == ["RK101"]


def test_reports_of_a_project_go_where_it_is_said(project: ProjectDir, releasekit: Command) -> None:
    ran = releasekit("check", "--reports", "../named", project=project)
    assert ran.status == 0, ran
    assert (project.root.parent / "named" / "junit.xml").exists()
    assert not (project.root / "reports" / "junit.xml").exists()


def test_the_session_takes_dists_after_the_dashes(
    tmp_path: Path, user_environ: dict[str, str]
) -> None:
    (tmp_path / "noxfile.py").write_text("import releasekit.sessions\n")
    write_wheel(tmp_path, metadata=NO_URL)
    done = subprocess.run(
        (sys.executable, "-m", "nox", "-s", "check", "--", WHEEL),
        cwd=tmp_path,
        env=user_environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done
    assert FINDING in done.stdout


@pytest.mark.parametrize("code", CODES)
def test_explain_prints_the_paragraph_of_the_document(
    code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--explain", code.lower()]) == 0
    paragraph = capsys.readouterr().out
    assert paragraph.startswith(f"### {code} ")
    assert paragraph in CHECKS_PAGE.read_text(encoding="utf-8")


def test_explain_says_what_an_error_means(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--explain", "e207"]) == 0
    assert capsys.readouterr().out == (
        "### E207 nothing has been built yet\n\n"
        "A later step did not find the record of a build, reports/release.json. "
        "Exit status: 2 (usage).\n\n"
        "How to fix it: releasekit build (in CI: pass dist/ and reports/release.json from the "
        "build job to this one).\n"
    )


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.code)
def test_explain_says_what_the_doctor_asks(
    question: Question, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--explain", question.code]) == 0
    out = capsys.readouterr().out
    assert out == (
        f"### {question.code} {question.title}\n\n{question.asks} `releasekit doctor` asks it.\n"
    )


@pytest.mark.parametrize("code", [entry.code for entry in ENTRIES])
def test_explain_has_a_text_for_every_error(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--explain", code]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"### {code} ")
    assert not {"{", "[["} & set(out.replace("${{", ""))


@pytest.mark.parametrize(
    ("code", "fix"),
    [
        pytest.param("RK1O1", "did you mean RK101? releasekit check --explain RK101", id="a slip"),
        pytest.param("e2o7", "did you mean E207? releasekit check --explain E207", id="an error"),
        pytest.param(
            "url",
            "take the code from a finding or an error, or from docs/checks.md of releasekit",
            id="a word",
        ),
    ],
)
def test_explain_suggests_for_what_is_no_code(
    code: str, fix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--explain", code]) == 2
    assert capsys.readouterr().out == (
        f"error E210: there is no code {code}\n"
        f"  where: --explain {code}\n"
        f"  why:   checks and doctor have codes from {CODES[0]} to {QUESTIONS[-1].code}, errors "
        "from E101 to E901\n"
        f"  next:  {fix}\n"
    )
