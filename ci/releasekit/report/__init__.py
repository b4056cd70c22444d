"""Reports: an outcome as the texts that people and CI systems read."""

from __future__ import annotations

from collections.abc import Mapping

from releasekit.outcome import Outcome
from releasekit.redact import escape_json, printable
from releasekit.report.outcome import render_dotenv, render_outcome, render_summary

FINDINGS_REPORTS = (
    "findings.json",
    "junit.xml",
    "gl-code-quality-report.json",
    "releasekit.sarif",
)
"""Reports of the findings, written where checks were run."""


def render_reports(outcome: Outcome) -> Mapping[str, str]:
    """Return the reports of a run: file name and text, which can be written as UTF-8.

    A dist may hold names that are no text; Python keeps their bytes as lone surrogates.
    """
    reports = {"outcome.json": render_outcome(outcome), "summary.md": render_summary(outcome)}
    if outcome.codes:
        # This knows every check; a run that was refused before the checks need not load them.
        from releasekit.report import findings

        renderers = (
            findings.render_findings,
            findings.render_junit,
            findings.render_code_quality,
            findings.render_sarif,
        )
        reports |= zip(FINDINGS_REPORTS, (render(outcome) for render in renderers), strict=True)
    if outcome.record is not None:
        reports["release.env"] = render_dotenv(outcome)
    for name, text in reports.items():
        safe = text.encode("utf-8", "replace").decode()
        is_json = name.endswith((".json", ".sarif"))
        reports[name] = escape_json(safe) if is_json else printable(safe)
    return reports
