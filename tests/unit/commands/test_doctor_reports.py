"""What the doctor shows, and leaves in the reports that checks have too."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from outcomes import SCHEMA
from releasekit.cli import main
from releasekit.doctor.model import QUESTIONS
from unit.commands.newer_nexus import run_newer_nexus

OLD = "Nexus 3.29.2 (OSS) is older than 3.30, the oldest that was tried"
UPGRADE = "ask its administrator for an upgrade, and try a release with --dry-run first"


@dataclass(frozen=True, kw_only=True)
class Examined:
    """A run of the doctor: what it showed, and its reports."""

    url: str
    status: int
    lines: tuple[str, ...]
    reports: Path

    def read(self, name: str) -> Any:
        return json.loads((self.reports / name).read_text(encoding="utf-8"))


@pytest.fixture
def examined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Examined]:
    """A project whose Nexus is old, and tells nobody its settings."""
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'plain'\nversion = '1.2.3'\n")
    for name in ("RELEASEKIT_ADMIN_PASSWORD", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv("TWINE_USERNAME", "publisher")
    monkeypatch.setenv("TWINE_PASSWORD", "hunter2")
    with run_newer_nexus() as newer:
        newer.named = "Nexus/3.29.2-02 (OSS)"
        monkeypatch.setenv("RELEASEKIT_URL", newer.url)
        status = main(["doctor", "-C", str(tmp_path)])
        lines = tuple(capsys.readouterr().out.splitlines())
        yield Examined(url=newer.url, status=status, lines=lines, reports=tmp_path / "reports")


def test_the_table_has_a_row_for_each_question_and_what_to_do_below_it(examined: Examined) -> None:
    assert [line[11:16] for line in examined.lines if line[11:14] == "RK5"] == [
        question.code for question in QUESTIONS
    ]
    row = examined.lines.index(f"  warning  RK503 server      {OLD}")
    assert examined.lines[row + 1] == f"{'':30}fix: {UPGRADE}"
    row = examined.lines.index(
        "  unknown  RK507 redeploy    user publisher may not see the settings"
    )
    assert examined.lines[row + 1] == (
        f"{'':30}ask: somebody with nx-repository-admin-pypi-pypi-hosted-read, or set "
        "RELEASEKIT_ADMIN_USERNAME and RELEASEKIT_ADMIN_PASSWORD"
    )
    assert "hunter2" not in "".join(examined.lines)


def test_rows_are_findings_in_every_report(examined: Examined) -> None:
    rows = {row["code"]: row for row in examined.read("outcome.json")["diagnosis"]["rows"]}
    assert rows["RK503"] == {
        "code": "RK503",
        "title": "server",
        "state": "warning",
        "text": OLD,
        "fix": UPGRADE,
        "ask": None,
        "lines": [],
    }
    assert rows["RK507"]["ask"].startswith("somebody with nx-repository-admin-pypi-pypi-hosted")
    unwell = [code for code, row in rows.items() if row["state"] != "ok"]
    assert 3 <= len(unwell) < len(rows) == len(QUESTIONS)

    found = examined.read("findings.json")
    jsonschema.validate(found, SCHEMA)
    assert sorted(finding["code"] for finding in found["findings"]) == unwell
    results = {check["code"]: check["result"] for check in found["checks"]}
    assert results == {code: "found" if code in unwell else "passed" for code in rows}
    (server,) = (finding for finding in found["findings"] if finding["code"] == "RK503")
    assert (server["severity"], server["message"], server["file"], server["fix"]) == (
        "warning",
        f"server: {OLD}",
        "pyproject.toml",
        UPGRADE,
    )
    (redeploy,) = (finding for finding in found["findings"] if finding["code"] == "RK507")
    assert redeploy["fix"] == f"ask {rows['RK507']['ask']}"

    (run,) = examined.read("releasekit.sarif")["runs"]
    assert sorted(result["ruleId"] for result in run["results"]) == unwell
    quality = examined.read("gl-code-quality-report.json")
    assert sorted(one["check_name"] for one in quality) == unwell
    suite = ElementTree.parse(examined.reports / "junit.xml").getroot()
    assert [case.get("name") for case in suite] == [f"{q.code} {q.title}" for q in QUESTIONS]
    failed = [code for code, row in rows.items() if row["state"] == "failed"]
    assert [case.get("type") for case in suite.iterfind("testcase/failure")] == failed
    summary = (examined.reports / "summary.md").read_text(encoding="utf-8")
    assert f"| warning | RK503 | server | {OLD} | fix: {UPGRADE} |" in summary.splitlines()


def test_a_port_where_nobody_listens_may_be_listened_at_tomorrow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"https://127.0.0.1:{listening.getsockname()[1]}"
    monkeypatch.setenv("RELEASEKIT_URL", url)
    assert main(["doctor", "-C", str(tmp_path)]) == 3
    assert capsys.readouterr().out.endswith(
        "error E336: 1 row of the diagnosis failed: RK501\n"
        f"  where: {url}\n"
        "  why:   see the rows above: a server or the network does not work now\n"
        f"  next:  run releasekit doctor -C {tmp_path} again when that is fixed or over\n"
    )
