from __future__ import annotations

import json

from outcomes import MISSING, NO_URL, REFUSED, SCHEMA, START, WAIVED
from releasekit.report.findings import find_fingerprints, render_findings
from samples import SDIST, WHEEL

PRINTS = [fingerprint for _, fingerprint in find_fingerprints((NO_URL, MISSING, WAIVED))]


def test_findings_as_json() -> None:
    assert json.loads(render_findings(REFUSED)) == {
        "schema_version": 1,
        "project": "demo",
        "version": "1.0",
        "checks": [
            {"code": "RK101", "title": "missing url", "result": "found"},
            {"code": "RK104", "title": "description does not render", "result": "waived"},
            {"code": "RK201", "title": "file missing from the sdist", "result": "found"},
            {"code": "RK301", "title": "RECORD untrue", "result": "passed"},
        ],
        "findings": [
            {
                "code": "RK101",
                "severity": "error",
                "message": "no <url>",
                "file": "pyproject.toml",
                "line": 5,
                "fix": "add [project.urls] Homepage",
                "reason": None,
                "fingerprint": PRINTS[0],
            },
            {
                "code": "RK201",
                "severity": "warning",
                "message": "a|b\nis missing",
                "file": SDIST,
                "line": None,
                "fix": "include it, …",
                "reason": None,
                "fingerprint": PRINTS[1],
            },
            {
                "code": "RK104",
                "severity": "off",
                "message": "the description of demo 1.0 does not render",
                "file": f"{WHEEL}/demo-1.0.dist-info/METADATA",
                "line": None,
                "fix": "fix the markup",
                "reason": "nobody reads it",
                "fingerprint": PRINTS[2],
            },
        ],
    }
    assert "…" in render_findings(REFUSED)


def test_findings_of_files_alone_name_no_project() -> None:
    document = json.loads(render_findings(START))
    assert (document["project"], document["version"]) == (None, None)


def test_schema_describes_every_key_of_a_finding() -> None:
    document = json.loads(render_findings(REFUSED))
    assert list(SCHEMA["properties"]) == list(document)
    assert list(SCHEMA["$defs"]["FoundFault"]["properties"]) == list(document["findings"][0])
    assert SCHEMA["$defs"]["FoundFault"]["additionalProperties"] is False
