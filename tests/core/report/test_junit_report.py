from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from outcomes import NO_URL, REFUSED
from releasekit.core.report import (
    render_junit,
)
from samples import SDIST


def test_junit_has_a_case_for_each_check_and_only_errors_fail() -> None:
    assert render_junit(REFUSED) == (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<testsuite name="releasekit" tests="3" failures="1">\n'
        '  <testcase classname="releasekit.check" name="RK101 missing url">\n'
        '    <failure message="no &lt;url&gt;">pyproject.toml:5: error: no &lt;url&gt;\n'
        "fix: add [project.urls] Homepage</failure>\n"
        "  </testcase>\n"
        '  <testcase classname="releasekit.check" name="RK201 file missing from the sdist">\n'
        f"    <system-out>{SDIST}: warning: a|b\n"
        "is missing\n"
        "fix: include it, …</system-out>\n"
        "  </testcase>\n"
        '  <testcase classname="releasekit.check" name="RK301 RECORD untrue" />\n'
        "</testsuite>\n"
    )


@given(st.text(st.characters()))
def test_junit_is_xml_whatever_a_tool_says(message: str) -> None:
    found = replace(NO_URL, message=message)
    text = render_junit(replace(REFUSED, findings=(found,)))
    failure = ElementTree.fromstring(text.encode()).find("testcase/failure")
    assert failure is not None
    assert failure.text is not None
