from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from outcomes import NO_URL
from releasekit.checks.declared import Place
from releasekit.checks.model import Finding, Severity
from releasekit.report.findings import find_fingerprints


def fingerprint(finding: Finding) -> str:
    ((_, text),) = find_fingerprints([finding])
    return text


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"place": Place(file="pyproject.toml", line=9)}, id="the line moves"),
        pytest.param({"severity": Severity.NOTE}, id="another severity"),
        pytest.param({"fix": "do better"}, id="another fix"),
        pytest.param({"reason": "so it is"}, id="waived"),
    ],
)
def test_fingerprint_is_that_of_the_fault(changes: dict[str, Any]) -> None:
    assert fingerprint(replace(NO_URL, **changes)) == fingerprint(NO_URL)


@pytest.mark.parametrize(
    "changes", [{"code": "RK102"}, {"message": "x"}, {"place": Place(file="setup.py")}]
)
def test_other_finding_has_another_fingerprint(changes: dict[str, Any]) -> None:
    assert fingerprint(replace(NO_URL, **changes)) != fingerprint(NO_URL)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("demo-1.0.tar.gz", "demo-1.1rc2.tar.gz"),
        ("demo-7.tar.gz", "demo-8.tar.gz"),
        ("demo-20240101-py3-none-any.whl/demo/x.py", "demo-20250101-py3-none-any.whl/demo/x.py"),
        (
            "demo-1.0-py3-none-any.whl/demo-1.0.dist-info/METADATA",
            "demo-1.1.dev4+g0a1b-py3-none-any.whl/demo-1.1.dev4+g0a1b.dist-info/METADATA",
        ),
    ],
)
def test_next_version_has_the_same_fingerprint(before: str, after: str) -> None:
    first, second = (replace(NO_URL, place=Place(file=file)) for file in (before, after))
    assert fingerprint(first) == fingerprint(second)
    said, says = (replace(NO_URL, message=f"{file} is wrong") for file in (before, after))
    assert fingerprint(said) == fingerprint(says)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("demo-1.0-cp311-cp311-manylinux_2_17_x86_64.whl", "demo-1.0-cp312-cp312-win32.whl"),
        ("demo-1.0-py3-none-any.whl/demo/v1/x.py", "demo-1.0-py3-none-any.whl/demo/v2/x.py"),
        ("demo-1.0.tar.gz", "demo-1.0-py3-none-any.whl"),
    ],
)
def test_another_file_has_another_fingerprint(one: str, other: str) -> None:
    first, second = (replace(NO_URL, place=Place(file=file)) for file in (one, other))
    assert fingerprint(first) != fingerprint(second)


def test_findings_that_differ_in_a_version_alone_are_kept_apart() -> None:
    findings = [replace(NO_URL, message=f"needs {n}.0") for n in range(3)]
    prints = [fingerprint for _, fingerprint in find_fingerprints(findings)]
    assert len(set(prints)) == 3
    assert prints[0] == fingerprint(findings[2])
