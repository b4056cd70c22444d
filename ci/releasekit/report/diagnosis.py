"""A diagnosis in outcome.json and in summary.md: every row, the good ones too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from releasekit.doctor import Diagnosis, Row


def diagnosis_document(diagnosis: Diagnosis) -> dict[str, Any]:
    """Return the rows as a JSON object; it holds no secret."""
    return {
        "url": diagnosis.url,
        "rows": [
            {
                "code": row.question.code,
                "title": row.question.title,
                "state": row.state.value,
                "text": row.text,
                "fix": row.fix or None,
                "ask": row.ask or None,
                "lines": list(row.lines),
            }
            for row in diagnosis.rows
        ],
    }


def summarize_diagnosis(diagnosis: Diagnosis) -> list[str]:
    """Return the rows as a Markdown table."""
    head = ["", "| | code | question | answer | what to do |", "|---|---|---|---|---|"]
    return [*head, *map(_summarize_row, diagnosis.rows)]


def _summarize_row(row: Row) -> str:
    text = "<br>".join((row.text, *row.lines)).replace("|", "\\|")
    advice = row.advice.replace("|", "\\|")
    return f"| {row.state.value} | {row.question.code} | {row.question.title} | {text} | {advice} |"
