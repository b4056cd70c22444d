"""The bench is run by hand; this keeps it running."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.tables import PAGE, PLACE, render_markdown


def test_bench_compares_methods_and_writes_down_what_they_took(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "bench.json"
    options = (
        "--project=hatchling",
        "--only=cold",
        "--rounds=1",
        "--method=release",
        "--method=uv",
    )
    assert main([*options, f"--json={report}"]) == 0
    document = json.loads(report.read_text(encoding="utf-8"))
    (measured,) = document["releases"]
    assert (measured["project"], measured["server"]) == ("hatchling", "sandbox")
    assert list(measured["methods"]) == ["release", "uv"]
    assert measured["methods"]["uv"]["ratio"] == 1
    assert all(method["median"] > 0 < method["cpu"][0] for method in measured["methods"].values())
    steps = ["start", "version", "build", "check", "plan", "publish", "verify"]
    assert list(measured["steps"]) == steps
    assert "a small hatchling project, cold, to the sandbox" in capsys.readouterr().out
    assert "| hatchling | cold | sandbox |" in render_markdown(document)
    assert PLACE.search(PAGE.read_text(encoding="utf-8"))


def test_bench_measures_the_start_and_a_monorepo(tmp_path: Path) -> None:
    report = tmp_path / "bench.json"
    options = ("--part=start", "--part=monorepo", "--packages=2", "--rounds=1")
    assert main([*options, f"--json={report}"]) == 0
    document = json.loads(report.read_text(encoding="utf-8"))
    (start,), (monorepo,) = document["start"], document["monorepo"]
    assert all(seconds > 0 for seconds in start["seconds"].values())
    assert 0 < monorepo["ratio"] < 2
    shown = render_markdown(document)
    assert "- nox -l, bare" in shown
    assert "- 2 packages of a monorepo, sandbox: in one command" in shown


def test_bench_counts_what_the_kit_asks_and_weighs_it_beside_curl(tmp_path: Path) -> None:
    report = tmp_path / "bench.json"
    options = ("--part=latency", "--part=size", "--wheels=3", "--size=2", "--rounds=1")
    assert main([*options, f"--json={report}"]) == 0
    document = json.loads(report.read_text(encoding="utf-8"))
    (latency,), (size,) = document["latency"], document["size"]
    requests = latency["requests"]
    # Three wheels and the sdist: what is installed is what was downloaded as proof.
    assert (requests["POST"], requests["files_fetched"]) == (4, 4)
    assert requests["fetched_twice"] == []
    assert latency["plan"]["published"] == 2000
    assert latency["plan"]["requests"] == [
        "GET /repository/pypi-hosted/simple/bench-latency/",
        "GET /repository/pypi-group/simple/bench-latency/",
    ]
    assert latency["step_seconds"]["publish"] > latency["round_trip_ms"] / 1000
    assert size["over_base_mebibytes"] < 100
    assert size["of_the_rate_of_curl"] > 0
    assert "A wheel of 2 MiB, sandbox: curl" in render_markdown(document)
