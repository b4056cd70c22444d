"""The bench is run by hand; this keeps it running."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.__main__ import main


def test_bench_compares_ways_and_writes_down_what_they_took(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "bench.json"
    options = ("--project=hatchling", "--only=cold", "--rounds=1", "--way=release", "--way=uv")
    assert main([*options, f"--json={report}"]) == 0
    document = json.loads(report.read_text(encoding="utf-8"))
    (measured,) = document["releases"]
    assert (measured["project"], measured["server"]) == ("hatchling", "sandbox")
    assert list(measured["ways"]) == ["release", "uv"]
    assert measured["ways"]["uv"]["ratio"] == 1
    assert all(way["median"] > 0 < way["cpu"][0] for way in measured["ways"].values())
    steps = ["start", "version", "build", "check", "plan", "publish", "verify"]
    assert list(measured["steps"]) == steps
    assert "a small hatchling project, cold, to the sandbox" in capsys.readouterr().out
