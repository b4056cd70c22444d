"""What a diagnosis is made of: rows, one for each question, each of them a finding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from releasekit.checks.declared import Place
from releasekit.checks.model import Finding, Severity


class State(Enum):
    """What came of a question."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


SEVERITIES = {
    State.FAILED: Severity.ERROR,
    State.WARNING: Severity.WARNING,
    State.UNKNOWN: Severity.NOTE,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What the doctor asks; `serves` marks what a re-run may find fixed, as servers come back."""

    code: str
    title: str
    serves: bool = False

    def ok(self, text: str, lines: tuple[str, ...] = ()) -> Row:
        """Return the row of a question that came out well."""
        return Row(question=self, state=State.OK, text=text, lines=lines)

    def failed(self, text: str, fix: str, lines: tuple[str, ...] = ()) -> Row:
        """Return the row of what must be fixed before a release."""
        return Row(question=self, state=State.FAILED, text=text, fix=fix, lines=lines)

    def warning(self, text: str, fix: str, lines: tuple[str, ...] = ()) -> Row:
        """Return the row of what stops no release today."""
        return Row(question=self, state=State.WARNING, text=text, fix=fix, lines=lines)

    def unknown(self, text: str, *, fix: str = "", ask: str = "") -> Row:
        """Return the row of what could not be asked: `ask` tells who could."""
        return Row(question=self, state=State.UNKNOWN, text=text, fix=fix, ask=ask)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A question and what came of it."""

    question: Question
    state: State
    text: str
    fix: str = ""
    """What to do; of an unknown row: what to fix first."""
    ask: str = ""
    """Whom to ask, where nothing is to be fixed: who has the rights that this user lacks."""
    lines: tuple[str, ...] = ()
    """Details: the certificates of a chain."""

    @property
    def advice(self) -> str:
        """Return what is to be done, and by its first word whether something is wrong at all."""
        return f"ask: {self.ask}" if self.ask else f"fix: {self.fix}" if self.fix else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosis:
    """All rows, in the order in which they were asked."""

    url: str
    rows: tuple[Row, ...]

    def having(self, state: State) -> tuple[Row, ...]:
        """Return the rows that are in a state."""
        return tuple(row for row in self.rows if row.state is state)

    def find(self, question: Question) -> Row:
        """Return the row of a question."""
        return next(row for row in self.rows if row.question is question)


ADDRESS = Question(code="RK501", title="address", serves=True)
TLS = Question(code="RK502", title="TLS")
SERVER = Question(code="RK503", title="server")
WRITABLE = Question(code="RK504", title="writable", serves=True)
CREDENTIALS = Question(code="RK505", title="credentials")
HOSTED = Question(code="RK506", title="hosted")
REDEPLOY = Question(code="RK507", title="redeploy")
UPLOAD = Question(code="RK508", title="upload")
GROUP = Question(code="RK509", title="group")
PROXY = Question(code="RK510", title="proxy", serves=True)
NAME = Question(code="RK511", title="name")
VERSION = Question(code="RK512", title="version")
CLOCK = Question(code="RK513", title="clock")
DEFAULT_ADMIN = Question(code="RK514", title="admin")
ANONYMOUS = Question(code="RK515", title="anonymous")
ENCRYPTION = Question(code="RK516", title="encryption")

QUESTIONS = (
    *(ADDRESS, TLS, SERVER, WRITABLE, CREDENTIALS, HOSTED, REDEPLOY, UPLOAD, GROUP, PROXY),
    *(NAME, VERSION, CLOCK, DEFAULT_ADMIN, ANONYMOUS, ENCRYPTION),
)
"""In the order in which one rests on another."""


def list_findings(rows: Iterable[Row], place: Place) -> tuple[Finding, ...]:
    """Return the findings that the rows are; `place` is where the configuration stands."""
    return tuple(
        Finding(
            code=row.question.code,
            severity=SEVERITIES[row.state],
            message=f"{row.question.title}: {row.text}",
            place=place,
            fix=f"ask {row.ask}" if row.ask else row.fix,
        )
        for row in rows
        if row.state in SEVERITIES
    )
