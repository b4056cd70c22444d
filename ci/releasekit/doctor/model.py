"""What a diagnosis is made of: rows, one for each question, each of them a finding.

The questions stand here with their codes, for reports list them too. How a question is asked and
judged stands in one place of `connection`, `server` or `repositories`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, ClassVar

from releasekit.checks.declared import Place
from releasekit.checks.model import Finding, Severity
from releasekit.outcome import Clean, Line, Outcome, Render, Result
from releasekit.redact import map_all_texts, map_texts


class State(Enum):
    """What came of a question."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


STATES = {
    State.OK: ("green", None),
    State.WARNING: ("yellow", Severity.WARNING),
    State.FAILED: ("bold red", Severity.ERROR),
    State.UNKNOWN: ("cyan", Severity.NOTE),
}
"""The style of a row, and the severity of the finding that it is, None where it is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What the doctor asks."""

    code: str
    title: str
    asks: str  # in a sentence, as Markdown
    serves: bool = False  # true for what a re-run may find fixed, as servers come back

    def ok(self, text: str, lines: tuple[str, ...] = ()) -> Row:
        return Row(question=self, state=State.OK, text=text, lines=lines)

    def failed(
        self, text: str, fix: str, lines: tuple[str, ...] = (), *, passes: bool = False
    ) -> Row:
        """Return the row of what must be fixed before a release."""
        passes, state = passes or self.serves, State.FAILED
        return Row(question=self, state=state, text=text, fix=fix, lines=lines, passes=passes)

    def warning(self, text: str, fix: str, lines: tuple[str, ...] = ()) -> Row:
        """Return the row of what stops no release today."""
        return Row(question=self, state=State.WARNING, text=text, fix=fix, lines=lines)

    def unknown(self, text: str, *, fix: str = "", ask: str = "") -> Row:
        """Return the row of what could not be asked; `ask` names who could."""
        return Row(question=self, state=State.UNKNOWN, text=text, fix=fix, ask=ask)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A question and what came of it."""

    question: Question
    state: State
    text: str
    fix: str = ""  # what to do; of an unknown row: what to fix first
    ask: str = ""
    """Whom to ask, where nothing is to be fixed: who has the rights that this user lacks."""
    lines: tuple[str, ...] = ()
    passes: bool = False  # true for a failure that a re-run without changes may find over

    @property
    def what_to_do(self) -> str:
        """Return what is to be done, and by its first word whether something is wrong at all."""
        return f"ask: {self.ask}" if self.ask else f"fix: {self.fix}" if self.fix else ""


ADDRESS = Question(
    code="RK501",
    title="address",
    asks="Does the address in `url` answer, as itself: without a redirect, through the "
    "proxy if there is one?",
    serves=True,
)
TLS = Question(
    code="RK502",
    title="TLS",
    asks="Do Python and uv accept the server's certificate, and is it valid for some weeks more?",
)
SERVER = Question(
    code="RK503",
    title="server",
    asks="Is it a Nexus, of a version that this kit was tried with?",
)
WRITABLE = Question(
    code="RK504",
    title="writable",
    asks="Does the server serve content and take changes? A frozen or starting one does not.",
    serves=True,
)
CREDENTIALS = Question(
    code="RK505",
    title="credentials",
    asks="Does the server accept the publisher's credentials, the reader's and the "
    "administrator's, as far as they are set?",
)
HOSTED = Question(
    code="RK506",
    title="hosted",
    asks="Does the repository in `hosted` exist, is it hosted, for Python packages, and online?",
)
REDEPLOY = Question(
    code="RK507",
    title="redeploy",
    asks="Does Nexus refuse to replace a published file? Without that, two pipelines can "
    "overwrite each other's.",
)
UPLOAD = Question(
    code="RK508",
    title="upload",
    asks="May the publisher upload? Asked with `--probe` alone, by a form without a file: "
    "Nexus logs a stack trace for it.",
)
GROUP = Question(
    code="RK509",
    title="group",
    asks="Does the group hold the hosted repository, before any proxy?",
)
PROXY = Question(
    code="RK510",
    title="proxy",
    asks="Does the proxy exist, and does what it fetches from answer?",
    serves=True,
)
NAME = Question(
    code="RK511",
    title="name",
    asks="Is the project's name free in public? Else an installer takes the public package"
    " where its version is higher.",
)
VERSION = Question(
    code="RK512",
    title="version",
    asks="Is the version of the tag free in the hosted repository, or published with the "
    "same bytes?",
)
CLOCK = Question(
    code="RK513",
    title="clock",
    asks="Do the clocks of the server and of this machine agree?",
)
DEFAULT_ADMIN = Question(
    code="RK514",
    title="admin",
    asks="Was the administrator's first password changed? Asked with `--probe` alone, by "
    "logging in with it.",
)
ANONYMOUS = Question(
    code="RK515",
    title="anonymous",
    asks="Is an upload without credentials refused? Asked with `--probe` alone.",
)
ENCRYPTION = Question(
    code="RK516",
    title="encryption",
    asks="Is the address https, so that nobody reads the password on its way?",
)
REQUIRES = Question(
    code="RK517",
    title="requires",
    asks="Does the index have what `[build-system]` requires? Else the build of a release fails.",
)

QUESTIONS = (
    *(ADDRESS, TLS, SERVER, WRITABLE, CREDENTIALS, HOSTED, REDEPLOY, UPLOAD, GROUP, PROXY),
    *(NAME, VERSION, CLOCK, DEFAULT_ADMIN, ANONYMOUS, ENCRYPTION, REQUIRES),
)
"""In the order in which one rests on another."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosis(Result):
    """All rows, in the order of the questions."""

    step: ClassVar[str] = "doctor"
    url: str
    rows: tuple[Row, ...]
    place: str  # the file that holds the configuration, to which findings belong

    def having(self, state: State) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.state is state)

    def describe(self) -> str:
        order = (State.FAILED, State.WARNING, State.UNKNOWN, State.OK)
        counts = ((state.value, len(self.having(state))) for state in order)
        return f"{self.url}: " + ", ".join(f"{count} {word}" for word, count in counts if count)

    def details(self) -> Iterable[Line]:
        for row in self.rows:
            question = row.question
            yield Line(
                (
                    (f"  {row.state.value:<8} ", STATES[row.state][0]),
                    (f"{question.code} {question.title:<11} {row.text}", ""),
                )
            )
            for line in row.lines:
                yield Line(((f"{'':30}{line}", "dim"),))
            if row.what_to_do:
                yield Line(((f"{'':30}{row.what_to_do[:5]}", "dim"), (row.what_to_do[5:], "")))

    def document(self) -> dict[str, Any]:
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
            for row in self.rows
        ]
        return {"diagnosis": {"url": self.url, "rows": rows}}

    def summarize(self) -> list[str]:
        lines = ["", "| | code | question | answer | what to do |", "|---|---|---|---|---|"]
        for row in self.rows:
            text = "<br>".join((row.text, *row.lines)).replace("|", "\\|")
            what_to_do = row.what_to_do.replace("|", "\\|")
            state, question = row.state.value, row.question
            lines.append(
                f"| {state} | {question.code} | {question.title} | {text} | {what_to_do} |"
            )
        return lines

    def spell_commands(self, render: Render) -> Diagnosis:
        return replace(self, rows=map_all_texts(self.rows, render, "fix", "ask"))

    def redact(self, clean: Clean) -> Diagnosis:
        rows = map_all_texts(self.rows, clean, "text", "fix", "ask", "lines")
        return replace(map_texts(self, clean, "url"), rows=rows)

    def add_to(self, outcome: Outcome) -> Outcome:
        findings = tuple(
            Finding(
                code=row.question.code,
                severity=severity,
                message=f"{row.question.title}: {row.text}",
                place=Place(file=self.place),
                fix=f"ask {row.ask}" if row.ask else row.fix,
            )
            for row in self.rows
            if (severity := STATES[row.state][1])
        )
        return replace(
            outcome,
            codes=tuple(row.question.code for row in self.rows),
            findings=findings,
            result=self,
        )
