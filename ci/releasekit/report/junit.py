"""junit.xml: a case a check, so that GitLab and Jenkins show the ones that passed too.

Held to what Jenkins' xUnit plugin allows (its junit-10.xsd), the strictest reader there is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from releasekit.checks.catalog import CHECKS
from releasekit.checks.model import Finding, Severity
from releasekit.doctor import QUESTIONS
from releasekit.outcome import Outcome

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML document may hold (XML 1.0, 2.2), and what tools print in colours."""


def render_junit(outcome: Outcome) -> str:
    """Return JUnit XML: errors are failures, what is waived is skipped, the rest passed."""
    suite = ElementTree.Element("testsuite", name="releasekit")
    titles = {check.code: check.title for check in CHECKS}
    titles |= {question.code: question.title for question in QUESTIONS}
    kind = "releasekit.doctor" if outcome.command == "doctor" else "releasekit.check"
    for code, title in titles.items():
        if code in outcome.asked:
            name = f"{code} {title}"
            case = ElementTree.SubElement(suite, "testcase", classname=kind, name=name)
            _tell(case, [finding for finding in outcome.findings if finding.code == code])
    counts = {"tests": "testcase", "failures": "testcase/failure", "skipped": "testcase/skipped"}
    for name, path in counts.items():
        suite.set(name, str(len(suite.findall(path))))
    suite.set("errors", "0")  # a check that could not be asked stops the run, which says so
    ElementTree.indent(suite)
    text = NOT_XML.sub("\ufffd", ElementTree.tostring(suite, encoding="unicode"))
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _tell(case: ElementTree.Element, found: Sequence[Finding]) -> None:
    """Write a check's findings into its case: all in its text, the first of the worst above it."""
    if not found:
        return
    text = "\n".join(map(_describe, found))
    if found[0].severity is Severity.ERROR:
        failure = ElementTree.SubElement(
            case, "failure", type=found[0].code, message=found[0].message
        )
        failure.text = text
    elif all(finding.is_waived for finding in found):
        reason = f"waived: {found[0].reason}"
        ElementTree.SubElement(case, "skipped", message=reason).text = text
    else:
        ElementTree.SubElement(case, "system-out").text = text


def _describe(finding: Finding) -> str:
    if finding.is_waived:
        return f"{finding.place}: waived: {finding.message}\nreason: {finding.reason}"
    reason = f"\nreason of the {finding.word}: {finding.reason}" if finding.reason else ""
    return f"{finding.place}: {finding.word}: {finding.message}\nfix: {finding.fix}{reason}"
