"""What came of a run: the results of its steps, added up."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from releasekit.errors import Status

if TYPE_CHECKING:
    from releasekit.checks.model import Finding
    from releasekit.model.plan import Plan
    from releasekit.model.project import Project
    from releasekit.model.record import Record
    from releasekit.results import Published, Verified

START = "start"
"""What comes before the first step: settings, credentials, certificates, imports."""

Render = Callable[[str], str]
"""Return a text with the commands in it as they are typed; see `request`."""
Clean = Callable[[str], str]
"""Return a text without the secrets of the run."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line below the one of a step: texts, each with a style of rich."""

    parts: tuple[tuple[str, str], ...]
    always: bool = False
    """True where -q shows it too."""
    folded: bool = False
    """True where all but the first part are one line: a file name may contain line feeds."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table below the line of a step."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Result:
    """What a finished step found, as the terminal and the reports show it."""

    __slots__ = ()
    step: ClassVar[str] = ""
    """The step that it ends; empty for what is no step of its own."""

    def describe(self) -> str:
        """Return the line of the step."""
        return ""

    def details(self) -> Iterable[Line | Table]:
        """Return what the terminal shows below that line."""
        return ()

    def document(self) -> dict[str, Any]:
        """Return the keys that it adds to outcome.json."""
        return {}

    def summarize(self) -> list[str]:
        """Return its lines of summary.md, as Markdown."""
        return []

    def spell_commands(self, render: Render) -> Result:  # noqa: ARG002
        """Return it with the commands in its fixes as they are typed."""
        return self

    def redact(self, clean: Clean) -> Result:  # noqa: ARG002
        """Return it with the texts cleaned that are shown to people."""
        return self

    def add_to(self, outcome: Outcome) -> Outcome:
        """Return the outcome with this result."""
        return replace(outcome, result=self)


@dataclass(frozen=True, kw_only=True, slots=True)
class StepTime:
    """How long a step took, in seconds."""

    step: str
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """All that is known of a run; what a step finds is None until it ended."""

    command: str
    sandbox: bool
    dry_run: bool = False
    """True where --dry-run kept the command from sending anything."""
    project: Project | None = None
    record: Record | None = None
    asked: tuple[str, ...] = ()
    """Codes of the checks that were run."""
    findings: tuple[Finding, ...] = ()
    plan: Plan | None = None
    published: Published | None = None
    verified: Verified | None = None
    result: Result | None = None
    """The result of a command that is no part of a release."""
    notes: tuple[str, ...] = ()
    times: tuple[StepTime, ...] = ()
    step: str = START
    """The step that is under way, or that was when the run stopped."""
    began: float = 0.0
    """When that was, by a clock in seconds; at first when the run did."""
    requests: int = 0
    """Requests that releasekit and uv sent."""
    failed_requests: int = 0
    """Those that had no answer, or a status of 400 or above."""
    status: Status = Status.DONE
    error: tuple[tuple[str, str], ...] = ()
    """The error that stopped the run: its code, what, where, why, next."""

    def begin(self, step: str, at: float) -> Outcome:
        """Return it with a step begun; `at` is a clock's reading in seconds."""
        outcome = self._add_time(START, at) if self.step == START else self
        return replace(outcome, step=step, began=at)

    def finish(self, result: Result, at: float) -> Outcome:
        """Return it with the result of a step, and the time that the step took."""
        outcome = self._add_time(result.step, at) if result.step else self
        return result.add_to(outcome)

    def note(self, text: str) -> Outcome:
        """Return it with one note more."""
        return replace(self, notes=(*self.notes, text))

    def _add_time(self, step: str, at: float) -> Outcome:
        done = StepTime(step=step, seconds=round(at - self.began, 3))
        return replace(self, times=(*self.times, done))

    def describe_requests(self) -> str:
        """Return how many requests were sent; Nexus has a limit per day, failed ones included."""
        return f"{self.requests} sent, {self.failed_requests} of them failed"

    def describe_times(self) -> str:
        """Return where the time went, step by step."""
        return ", ".join(f"{time.step} {time.seconds:.2f} s" for time in self.times)
