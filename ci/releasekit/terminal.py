"""What a run shows: a line a step, notes, findings, and progress on a terminal."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from releasekit.checks.model import Finding, Severity
from releasekit.errors import ReleasekitError
from releasekit.events import (
    Began,
    CacheRenewed,
    Checked,
    Diagnosed,
    Event,
    Note,
    Output,
    PasswordMade,
    Searched,
    Sent,
    ServerChanged,
    ServerPlanned,
    SettingsPlanned,
    TargetChosen,
    Working,
)
from releasekit.outcome import STEPS, Outcome
from releasekit.redact import Redactor, printable
from releasekit.report.lines import describe

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID
    from rich.status import Status as Spinner

    from releasekit.consumer.search import SearchResult
    from releasekit.consumer.settings import SettingsPlan
    from releasekit.doctor import Diagnosis
    from releasekit.nexus import ServerPlan

STYLES = {
    Severity.ERROR: "bold red",
    Severity.WARNING: "yellow",
    Severity.NOTE: "cyan",
    Severity.OFF: "dim",
}
STATE_STYLES = {"ok": "green", "warning": "yellow", "failed": "bold red", "unknown": "cyan"}
SIGN_STYLES = {"+": "green", "~": "yellow", "!": "bold red"}
QUIET, NORMAL, VERBOSE = 0, 1, 2


class Terminal:
    """Show events as they come; a progress bar and a spinner only where somebody looks."""

    def __init__(self, console: Console, loudness: int) -> None:
        self._console = console
        self._redactor = Redactor()
        self._loudness = loudness
        self._spinner: Spinner | None = None
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def use(self, redactor: Redactor) -> None:
        """Hide the secrets of this run from now on."""
        self._redactor = redactor

    @property
    def is_verbose(self) -> bool:
        """Tell whether all there is to know is wanted."""
        return self._loudness >= VERBOSE

    @property
    def _is_live(self) -> bool:
        # Not console.is_terminal: FORCE_COLOR, usual in CI, makes that true for a pipe.
        return self._console.file.isatty() and self._loudness > QUIET

    def show(self, event: Event, outcome: Outcome) -> None:
        """Show one event; `outcome` has it folded in already."""
        match event:
            case TargetChosen(sandbox=True) if event.url:
                self._note("no url is configured: this goes to a sandbox on this machine only")
            case Began():
                self._spin(event.step)
            case Working():
                self._spin(f"{outcome.step}: {event.text}")
            case Sent():
                self._advance(event)
            case Output() if self._loudness >= VERBOSE:
                self._print(("          ", ""), (event.line, "dim"))
            case Note():
                self._note(event.text)
            case _ if type(event) in STEPS:
                self.rest()
                self._line(STEPS[type(event)], describe(event), outcome.times[-1].seconds)
                for finding in event.findings if isinstance(event, Checked) else ():
                    self._show_finding(finding)
                if isinstance(event, Diagnosed):
                    self._show_diagnosis(event.diagnosis)
                if isinstance(event, Searched):
                    self._show_hits(event.result)
                if isinstance(event, SettingsPlanned):
                    self._show_settings(event.plan)
                if isinstance(event, ServerPlanned):
                    self._show_server_plan(event.plan)
            case ServerChanged() | CacheRenewed():
                self._line("apply", describe(event), None)
            case PasswordMade():
                self._show_password(event)

    def say(self, label: str, text: str) -> None:
        """Show one line of the run's own."""
        self._line(label, text, None)

    def fail(self, error: ReleasekitError) -> None:
        """Show an error: always, whatever the loudness."""
        self.rest()
        what, *rest = self._redactor.clean(str(error)).split("\n")
        self._print((what, "bold red"), always=True)
        for line in rest:
            self._print(line, always=True)

    def trace(self, text: str) -> None:
        """Show where a defect was met: always, whatever the loudness."""
        self.rest()
        for line in text.splitlines():
            self._print(line, always=True)

    def work(self, text: str) -> None:
        """Show what is under way."""
        self._spin(text)

    def record(self) -> io.StringIO:
        """Keep what is shown from now on, in the same colours, instead of showing it."""
        self._console.file = lines = io.StringIO()
        return lines

    def pass_on(self, lines: str, document: str) -> None:
        """Show what was recorded elsewhere, and write what belongs on standard output."""
        self.rest()
        self._console.file.write(lines)
        self._console.file.flush()
        sys.stdout.write(document)
        sys.stdout.flush()

    def rest(self) -> None:
        """Take the spinner and the bars away."""
        if self._spinner:
            self._spinner.stop()
            self._spinner = None
        if self._progress:
            self._progress.stop()
            self._progress = None
            self._tasks.clear()

    def _note(self, text: str) -> None:
        self._print(("note      ", "cyan"), text)

    def _line(self, label: str, text: str, seconds: float | None) -> None:
        took = f"  {seconds:.1f} s" if seconds is not None and seconds >= 0.05 else ""
        self._print((f"{label:<9} ", "bold"), text, (took, "dim"))

    def _show_finding(self, finding: Finding) -> None:
        """Show a finding in one line, so that there are as many lines as findings."""
        head = (f"  {finding.word:<8} {finding.code}  ", STYLES[finding.severity])
        text = _in_one_line(self._redactor.clean(f"{finding.place}: {finding.message}"))
        last = f"  {_in_one_line(self._redactor.clean(_render_end(finding)))}"
        # An error is shown whatever the loudness.
        self._print(head, text, (last, "dim"), always=finding.severity is Severity.ERROR)

    def _show_diagnosis(self, diagnosis: Diagnosis) -> None:
        for row in diagnosis.rows:
            question, style = row.question, STATE_STYLES[row.state.value]
            head = (f"  {row.state.value:<8} ", style)
            self._print(head, f"{question.code} {question.title:<11} {row.text}")
            for line in row.lines:
                self._print((f"{'':30}{line}", "dim"))
            if row.advice:
                word, rest = row.advice[:5], row.advice[5:]
                self._print((f"{'':30}{word}", "dim"), rest)

    def _show_hits(self, result: SearchResult) -> None:
        if self._loudness == QUIET:
            return
        from rich.padding import Padding
        from rich.table import Table

        table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 3, 0, 0))
        for heading in ("name", "version", "installed", "repository"):
            table.add_column(heading, overflow="fold")
        for hit in result.hits:
            cells = (hit.name, hit.version, hit.installed or "", hit.repository)
            table.add_row(*map(self._redactor.clean, cells))
        self._console.print(Padding(table, (0, 0, 0, 10), expand=False))
        self._line("python", result.environment, None)
        self._line("install", result.install, None)

    def _show_settings(self, plan: SettingsPlan) -> None:
        for file in plan.changed:
            self._print("          ", (str(file.path), "bold"))
            for change in file.changes:
                sign, old = ("+", "") if change.old is None else ("~", f"{change.old} -> ")
                line = f"{sign:<2}{change.key}: {old}{change.new}"
                self._print("            ", (line, SIGN_STYLES[sign]))
        for label, lines in (("shell", plan.exports), ("poetry", plan.poetry)):
            for line in lines:
                self._line(label, line, None)

    def _show_server_plan(self, plan: ServerPlan) -> None:
        from releasekit.nexus.render import render_plan

        for sign, line in render_plan(plan):
            style = SIGN_STYLES.get(sign, "")
            self._print("          ", (f"{sign:<2}{line}", style))

    def _show_password(self, event: PasswordMade) -> None:
        """Show it whatever the loudness: it is told this once."""
        self.rest()
        text = f"{event.password}  (of {printable(event.username)}; shown this once, kept nowhere)"
        self._console.print(Text.assemble(("password  ", "bold"), text), soft_wrap=True)

    def _print(self, *parts: str | tuple[str, str], always: bool = False) -> None:
        """Print texts, each plain or with its style, without secrets and control characters."""
        if always or self._loudness > QUIET:
            styled = [(part, "") if isinstance(part, str) else part for part in parts]
            cleaned = [(self._redactor.clean(text), style) for text, style in styled]
            self._console.print(Text.assemble(*cleaned), soft_wrap=True)

    def _spin(self, text: str) -> None:
        if not self._is_live:
            return
        text = self._redactor.clean(text)
        if self._spinner:
            self._spinner.update(text)
        else:
            self._spinner = self._console.status(text)
            self._spinner.start()

    def _advance(self, event: Sent) -> None:
        if not self._is_live:
            return
        if self._progress is None:
            self.rest()
            self._progress = _make_progress(self._console)
            self._progress.start()
        if event.filename not in self._tasks:
            name = self._redactor.clean(event.filename)
            self._tasks[event.filename] = self._progress.add_task(name, total=event.size)
        self._progress.update(self._tasks[event.filename], completed=event.sent)


def _make_progress(console: Console) -> Progress:
    """Return bars for files that go up; a log, or a quick upload, needs none of them."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    return Progress(*columns, console=console, transient=True)


def _render_end(finding: Finding) -> str:
    """Return what is to be done, last in the line; of what is waived the reason."""
    if finding.is_waived:
        return f"reason: {finding.reason}"
    reason = f" (reason of the {finding.word}: {finding.reason})" if finding.reason else ""
    return f"fix: {finding.fix}{reason}"


def _in_one_line(text: str) -> str:
    """Return one line: a file name of a dist may contain line feeds."""
    line = " ".join(text.split())
    return "".join(char if char.isprintable() else "\ufffd" for char in line)
