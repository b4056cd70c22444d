"""junit.xml: a case a check, so that GitLab and Jenkins show the ones that passed too."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from releasekit.core.checks import CHECKS, Finding, Severity
from releasekit.core.outcome import Outcome

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML document may hold (XML 1.0, 2.2), and what tools print in colours."""


def render_junit(outcome: Outcome) -> str:
    """Return JUnit XML: a case a check, the silent ones too; only errors are failures."""
    cases = [check for check in CHECKS if check.code in outcome.asked]
    by_code = {c.code: [f for f in outcome.findings if f.code == c.code] for c in cases}
    failed = [code for code, found in by_code.items() if _errors(found)]
    suite = ElementTree.Element(
        "testsuite", name="releasekit", tests=str(len(cases)), failures=str(len(failed))
    )
    for check in cases:
        name = f"{check.code} {check.title}"
        case = ElementTree.SubElement(suite, "testcase", classname="releasekit.check", name=name)
        found = by_code[check.code]
        text = "\n".join(f"{f.place}: {f.severity.value}: {f.message}\nfix: {f.fix}" for f in found)
        if errors := _errors(found):
            failure = ElementTree.SubElement(case, "failure", message=errors[0].message)
            failure.text = text
        elif found:
            ElementTree.SubElement(case, "system-out").text = text
    ElementTree.indent(suite)
    text = NOT_XML.sub("\ufffd", ElementTree.tostring(suite, encoding="unicode"))
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _errors(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity is Severity.ERROR]
