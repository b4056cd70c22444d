from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from outcomes import MISSING, NO_URL, REFUSED, WAIVED
from releasekit.report.findings import render_junit
from samples import SDIST, WHEEL


def test_junit_has_a_case_for_each_check() -> None:
    assert render_junit(REFUSED) == (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<testsuite name="releasekit" tests="4" failures="1" skipped="1" errors="0">\n'
        '  <testcase classname="releasekit.check" name="RK101 missing url">\n'
        '    <failure type="RK101" message="no &lt;url&gt;">'
        "pyproject.toml:5: error: no &lt;url&gt;\n"
        "fix: add [project.urls] Homepage</failure>\n"
        "  </testcase>\n"
        '  <testcase classname="releasekit.check" name="RK104 description does not render">\n'
        '    <skipped message="waived: nobody reads it">'
        f"{WHEEL}/demo-1.0.dist-info/METADATA: waived: "
        "the description of demo 1.0 does not render\n"
        "reason: nobody reads it</skipped>\n"
        "  </testcase>\n"
        '  <testcase classname="releasekit.check" name="RK201 file missing from the sdist">\n'
        f"    <system-out>{SDIST}: warning: a|b\n"
        "is missing\n"
        "fix: include it, …</system-out>\n"
        "  </testcase>\n"
        '  <testcase classname="releasekit.check" name="RK301 RECORD untrue" />\n'
        "</testsuite>\n"
    )


def test_error_beside_a_waived_finding_fails_and_tells_of_both() -> None:
    waived = replace(WAIVED, code="RK101")
    suite = ElementTree.fromstring(render_junit(replace(REFUSED, findings=(NO_URL, waived))))
    case = suite[0]
    assert [element.tag for element in case] == ["failure"]
    assert (case[0].text or "").splitlines() == [
        "pyproject.toml:5: error: no <url>",
        "fix: add [project.urls] Homepage",
        f"{WHEEL}/demo-1.0.dist-info/METADATA: waived: the description of demo 1.0 does not render",
        "reason: nobody reads it",
    ]


def test_reason_of_a_severity_stands_beside_the_finding() -> None:
    found = replace(MISSING, reason="the data is fetched")
    suite = ElementTree.fromstring(render_junit(replace(REFUSED, findings=(found,))))
    assert (suite[2][0].text or "").splitlines()[-2:] == [
        "fix: include it, …",
        "reason of the warning: the data is fetched",
    ]


@given(st.text(st.characters()))
def test_junit_is_xml_whatever_a_tool_says(message: str) -> None:
    found = replace(NO_URL, message=message)
    text = render_junit(replace(REFUSED, findings=(found,)))
    failure = ElementTree.fromstring(text.encode()).find("testcase/failure")
    assert failure is not None
    assert failure.text is not None
