from __future__ import annotations

import json

from outcomes import REFUSED
from releasekit.core.report import (
    render_findings,
)
from samples import SDIST


def test_findings_as_json() -> None:
    assert json.loads(render_findings(REFUSED)) == [
        {
            "code": "RK101",
            "severity": "error",
            "message": "no <url>",
            "file": "pyproject.toml",
            "line": 5,
            "fix": "add [project.urls] Homepage",
        },
        {
            "code": "RK201",
            "severity": "warning",
            "message": "a|b\nis missing",
            "file": SDIST,
            "line": None,
            "fix": "include it, …",
        },
    ]
    assert "…" in render_findings(REFUSED)
