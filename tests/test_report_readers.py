"""The reports are held to what reads them: schemas, and the readers' own libraries."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from junitparser import Error, Failure, JUnitXml, Skipped
from pydantic import BaseModel
from sarif_pydantic import Sarif

from outcomes import MISSING, NO_URL, REFUSED, SCHEMA, START, WAIVED
from releasekit.checks.catalog import CODES
from releasekit.checks.declared import Place
from releasekit.checks.model import Finding, Severity
from releasekit.outcome import Outcome
from releasekit.report import render_reports

HOSTILE = Finding(
    code="RK301",
    severity=Severity.NOTE,
    message="\x1b[31m\udc80]]> <script> \ufffe",
    place=Place(file="demo-1.0.tar.gz/../../a b#?%\\\udc80é.py"),
    fix="",
)
OUTCOMES = [
    pytest.param(REFUSED, id="all severities"),
    pytest.param(replace(START, codes=CODES), id="nothing found, no record"),
    pytest.param(replace(REFUSED, findings=(HOSTILE,)), id="hostile text"),
]


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_findings_are_valid_by_the_schema(outcome: Outcome) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(
        json.loads(render_reports(outcome)["findings.json"])
    )


def test_schema_refuses_what_is_no_document_of_findings() -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    document = json.loads(render_reports(REFUSED)["findings.json"])
    wrongs: list[Any] = [[], {**document, "extra": 1}, {**document, "checks": [{"code": "RK101"}]}]
    assert [validator.is_valid(wrong) for wrong in wrongs] == [False, False, False]


def test_junitparser_reads_what_passed_failed_and_was_skipped() -> None:
    (suite,) = JUnitXml.fromstring(render_reports(REFUSED)["junit.xml"].encode())
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (4, 1, 0, 1)
    assert [(case.name, [type(result) for result in case.result]) for case in suite] == [
        ("RK101 missing url", [Failure]),
        ("RK104 description does not render", [Skipped]),
        ("RK201 file missing from the sdist", []),
        ("RK301 RECORD untrue", []),
    ]
    assert not [case for case in suite if any(isinstance(r, Error) for r in case.result)]


# What the xUnit plugin of Jenkins allows (junit-10.xsd, xunit 3.1): element, attributes, children.
JENKINS = {
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped"},
        {"testcase", "properties", "system-out", "system-err"},
    ),
    "testcase": (
        {"name", "classname", "time", "group"},
        {"skipped", "error", "failure", "system-out", "system-err"},
    ),
    "failure": ({"type", "message"}, set()),
    "skipped": ({"type", "message"}, set()),
    "system-out": (set(), set()),
}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_junit_has_only_what_jenkins_allows(outcome: Outcome) -> None:
    suite = ElementTree.fromstring(render_reports(outcome)["junit.xml"].encode())
    assert {"name", "tests", "failures", "errors"} <= set(suite.attrib)
    for element in suite.iter():
        attributes, children = JENKINS[element.tag]
        assert set(element.attrib) <= attributes
        assert {child.tag for child in element} <= children


CODE_QUALITY: dict[str, Any] = {
    # What GitLab documents of the format: all of it has to be there, and no byte order mark.
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^(?!\./|/)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_code_quality_is_what_gitlab_documents(outcome: Outcome) -> None:
    issues = json.loads(render_reports(outcome)["gl-code-quality-report.json"])
    jsonschema.validate(issues, CODE_QUALITY)
    prints = [issue["fingerprint"] for issue in issues]
    assert len(set(prints)) == len(prints)


def find_unknown(value: object) -> list[str]:
    """Keys that the SARIF library does not know, wherever they stand."""
    if isinstance(value, BaseModel):
        inner = [getattr(value, name) for name in type(value).model_fields]
        return [*(value.model_extra or {}), *(key for item in inner for key in find_unknown(item))]
    if isinstance(value, list):
        return [key for item in value for key in find_unknown(item)]
    return []


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_sarif_library_knows_every_key(outcome: Outcome) -> None:
    text = render_reports(outcome)["releasekit.sarif"]
    # The library (0.6) leaves the suppressions of a result out; the next test reads them.
    unknown = set(find_unknown(Sarif.model_validate_json(text)))
    assert unknown <= {"$schema", "suppressions"}


def test_sarif_reader_sees_levels_places_and_suppressions() -> None:
    (run,) = Sarif.model_validate_json(render_reports(REFUSED)["releasekit.sarif"]).runs
    driver = run.tool.driver
    assert driver.name == "releasekit"
    assert [rule.id for rule in driver.rules or []] == list(REFUSED.codes)
    seen = []
    for result in run.results or []:
        place = (result.locations or [])[0].physical_location
        assert place is not None
        assert place.artifact_location is not None
        line = place.region.start_line if place.region else None
        waivers = (result.model_extra or {}).get("suppressions", [])
        level = result.level.value if result.level else None
        seen.append((result.rule_id, level, place.artifact_location.uri, line, waivers))
    # SARIF 2.1.0, 3.35: kept outside of the source, accepted, and why.
    suppression = {"kind": "external", "status": "accepted", "justification": "nobody reads it"}
    assert seen == [
        (NO_URL.code, "error", "pyproject.toml", 5, []),
        (MISSING.code, "warning", MISSING.place.file, None, []),
        (WAIVED.code, "error", WAIVED.place.file, None, [suppression]),
    ]
