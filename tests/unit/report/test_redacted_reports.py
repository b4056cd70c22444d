"""Reports of a run whose texts contain a secret, and whose secret is a part of what must stay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from outcomes import HOSTED, MISSING, REFUSED, RELEASED, WAIVED
from releasekit.doctor.model import CLOCK, Diagnosis
from releasekit.doctor.model import HOSTED as HOSTED_ROW
from releasekit.outcome import Outcome
from releasekit.redact import CONTROLS, Redactor
from releasekit.report import render_reports
from samples import SDIST, WHEEL

CHARACTERS = st.characters(codec="utf-8", exclude_categories=("Z", "C"), exclude_characters="*")


def plant(text: str) -> Outcome:
    """An outcome of everything at once that has a text wherever texts are."""
    finding = replace(MISSING, message=f"a {text}", fix=f"b {text}")
    waived = replace(WAIVED, message=f"c {text}", reason=f"d {text}")
    plan = RELEASED.plan
    assert plan
    return replace(
        RELEASED,
        codes=REFUSED.codes,
        findings=(finding, waived),
        plan=replace(plan, files=tuple(replace(file, why=f"e {text}") for file in plan.files)),
        notes=(f"f {text}",),
        error=(("what", f"g {text}"), ("where", "/p"), ("why", f"h {text}"), ("next", "i")),
    )


def diagnose(text: str) -> Outcome:
    rows = (
        HOSTED_ROW.failed(f"a {text}", f"b {text}", lines=(f"c {text}",)),
        CLOCK.unknown(f"d {text}", ask=f"e {text}"),
    )
    diagnosis = Diagnosis(url=HOSTED, rows=rows, place="pyproject.toml")
    return replace(plant(text), result=diagnosis)


def render(outcome: Outcome, *secrets: str) -> dict[str, str]:
    redactor = Redactor()
    for secret in secrets:
        redactor.add(secret)
    return dict(render_reports(outcome.redact(redactor.clean)))


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts(part)


@settings(max_examples=50)
@given(st.text(CHARACTERS, min_size=10, max_size=30), st.sampled_from((plant, diagnose)))
@example('hun"ter2<x>&|', plant)
def test_no_report_contains_a_secret(secret: str, make: Any) -> None:
    expected = render(make("(****)"))
    # Such as "repository", or a part of "exit_status": it is there without any secret.
    assume(not any(secret in text for text in expected.values()))
    reports = render(make(f"({secret})"), secret)
    assert reports == expected
    assert not [name for name, text in reports.items() if secret in text]
    parsed = [json.loads(text) for name, text in reports.items() if "json" in name]
    assert not [text for document in parsed for text in texts(document) if secret in text]


@pytest.mark.parametrize(
    "secret",
    [
        *(SDIST, WHEEL, "demo-1.0", "a" * 64, "a" * 8, "b" * 12, "c" * 40, "cccccccc"),
        *("RK101RK101", "pyproject.toml", "METADATA", "dist-info", "interrupted", "released"),
        *("releasekit", "partialFingerprints", "exit_status", "RELEASE_VERSION", "testsuite"),
    ],
)
def test_what_programs_compare_stays_as_it_is(secret: str) -> None:
    plain, reports = render(plant("text")), render(plant("text"), secret)
    assert reports.keys() == plain.keys()
    assert reports["release.env"] == plain["release.env"]
    for name in ("outcome.json", "findings.json", "gl-code-quality-report.json"):
        assert json.loads(reports[name]) == json.loads(plain[name])
    assert json.loads(reports["releasekit.sarif"]) == json.loads(plain["releasekit.sarif"])
    cases = [dict(case.attrib) for case in ElementTree.fromstring(reports["junit.xml"]).iter()]
    assert cases == [
        dict(case.attrib) for case in ElementTree.fromstring(plain["junit.xml"]).iter()
    ]
    for row in (line for line in plain["summary.md"].splitlines() if "sha" in line.lower()):
        assert row in reports["summary.md"]


def test_no_report_contains_a_control_character() -> None:
    evil = "\x1b[2J\x1b]52;c;x\x07\u202eevil\x9b31m\rsection_start:1:x\r\x1b[0K"
    place = replace(MISSING.place, file=f"dist/{evil}\n\x85name")
    outcome = replace(plant(evil), findings=(replace(MISSING, place=place, message=evil),))
    reports = render(outcome)
    assert [name for name, text in reports.items() if CONTROLS.search(text)] == []
    assert "section_start" not in "".join(reports[name] for name in ("summary.md", "junit.xml"))
    (finding,) = json.loads(reports["findings.json"])["findings"]
    assert finding["file"] == place.file
