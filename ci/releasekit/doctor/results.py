"""The result of `doctor`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from releasekit.checks.declared import Place
from releasekit.doctor.model import Diagnosis, Row, State, list_findings
from releasekit.outcome import Clean, Line, Outcome, Render, Result
from releasekit.redact import map_all_texts, map_texts

STYLES = {
    State.OK: "green",
    State.WARNING: "yellow",
    State.FAILED: "bold red",
    State.UNKNOWN: "cyan",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosed(Result):
    """All rows; `place` is the file that holds the configuration, to which findings belong."""

    step: ClassVar[str] = "doctor"
    diagnosis: Diagnosis
    place: str

    def describe(self) -> str:
        """Return how many rows are in which state, the worst first."""
        order = (State.FAILED, State.WARNING, State.UNKNOWN, State.OK)
        counts = ((state.value, len(self.diagnosis.having(state))) for state in order)
        words = ", ".join(f"{count} {word}" for word, count in counts if count)
        return f"{self.diagnosis.url}: {words}"

    def details(self) -> Iterable[Line]:
        """Return every row, the good ones too."""
        for row in self.diagnosis.rows:
            question = row.question
            head = (f"  {row.state.value:<8} ", STYLES[row.state])
            yield Line((head, (f"{question.code} {question.title:<11} {row.text}", "")))
            for line in row.lines:
                yield Line(((f"{'':30}{line}", "dim"),))
            if row.advice:
                word, rest = row.advice[:5], row.advice[5:]
                yield Line(((f"{'':30}{word}", "dim"), (rest, "")))

    def document(self) -> dict[str, Any]:
        """Return the rows as a JSON object; it holds no secret."""
        rows = [
            {
                "code": row.question.code,
                "title": row.question.title,
                "state": row.state.value,
                "text": row.text,
                "fix": row.fix or None,
                "ask": row.ask or None,
                "lines": list(row.lines),
            }
            for row in self.diagnosis.rows
        ]
        return {"diagnosis": {"url": self.diagnosis.url, "rows": rows}}

    def summarize(self) -> list[str]:
        """Return the rows as a Markdown table."""
        head = ["", "| | code | question | answer | what to do |", "|---|---|---|---|---|"]
        return [*head, *map(_summarize_row, self.diagnosis.rows)]

    def spell_commands(self, render: Render) -> Diagnosed:
        """Return it with the commands in the fixes as they are typed."""
        rows = map_all_texts(self.diagnosis.rows, render, "fix", "ask")
        return replace(self, diagnosis=replace(self.diagnosis, rows=rows))

    def redact(self, clean: Clean) -> Diagnosed:
        """Return it with clean texts."""
        rows = map_all_texts(self.diagnosis.rows, clean, "text", "fix", "ask", "lines")
        return replace(self, diagnosis=replace(map_texts(self.diagnosis, clean, "url"), rows=rows))

    def add_to(self, outcome: Outcome) -> Outcome:
        """Return the outcome with the diagnosis; rows that are not well are findings too."""
        codes = tuple(row.question.code for row in self.diagnosis.rows)
        findings = list_findings(self.diagnosis.rows, Place(file=self.place))
        return replace(outcome, asked=codes, findings=findings, result=self)


def _summarize_row(row: Row) -> str:
    text = "<br>".join((row.text, *row.lines)).replace("|", "\\|")
    advice = row.advice.replace("|", "\\|")
    return f"| {row.state.value} | {row.question.code} | {row.question.title} | {text} | {advice} |"
