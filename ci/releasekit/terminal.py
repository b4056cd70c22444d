"""What a run shows: one line per step, notes, findings, and progress on a terminal."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING

from rich.console import Console, RenderableType
from rich.text import Text

from releasekit.errors import OutputLost, ReleasekitError, failed, render_plainly
from releasekit.outcome import Outcome, Result, Table
from releasekit.redact import Redactor, printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID
    from rich.status import Status as Spinner

QUIET, NORMAL, VERBOSE = 0, 1, 2


class TerminalConsole(Console):
    """A console that prints texts as they are; the terminal decides on a broken pipe."""

    def __init__(self, *, stderr: bool) -> None:
        super().__init__(stderr=stderr, highlight=False, emoji=False, markup=False)

    def on_broken_pipe(self) -> None:
        """Raise BrokenPipeError, which is being handled; rich would end with status 1, refused."""
        raise


class Terminal:
    """Show a run as it goes; a progress bar and a spinner only where somebody looks.

    The redactor hides the secrets of the run that is under way.
    """

    def __init__(self, console: Console, loudness: int) -> None:
        self.redactor = Redactor()
        self.is_verbose = loudness >= VERBOSE
        self._console = console
        self._loudness = loudness
        self._spinner: Spinner | None = None
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._is_lost = False

    @property
    def _is_live(self) -> bool:
        # Not console.is_terminal: FORCE_COLOR, usual in CI, makes that true for a pipe.
        return self._console.file.isatty() and self._loudness > QUIET

    def finish(self, result: Result, outcome: Outcome) -> None:
        """Show the line of a step that has ended, and what belongs below it."""
        self.rest()
        self.say(result.step, result.describe(), outcome.times[-1].seconds)
        for detail in result.details():
            if isinstance(detail, Table):
                self._show_table(detail)
            else:
                self._print(*detail.parts, always=detail.always, folded=detail.folded)

    def output(self, line: str) -> None:
        """Show a line of a program, with -v."""
        if self.is_verbose:
            self._print(("          ", ""), (line, "dim"))

    def say(self, label: str, text: str, seconds: float = 0, style: str = "bold") -> None:
        """Show a line with a label in this style, and how long that took."""
        took = f"  {seconds:.1f} s" if seconds >= 0.05 else ""
        self._print((f"{label:<9} ", style), (text, ""), (took, "dim"))

    def fail(self, error: ReleasekitError, render: Callable[[str], str] = render_plainly) -> None:
        """Show an error: always, whatever the loudness; `render` spells its commands out."""
        what, *rest = self.redactor.clean(error.render(render)).split("\n")
        self.rest()
        self._print((what, "bold red"), always=True)
        self.trace("\n".join(rest))

    def trace(self, text: str) -> None:
        """Show lines, as those of a traceback: always, whatever the loudness."""
        self.rest()
        for line in text.splitlines():
            self._print((line, ""), always=True)

    def record(self) -> io.StringIO:
        """Keep what is shown from now on, in the same colours, instead of showing it."""
        self._console.file = lines = io.StringIO()
        return lines

    def pass_on(self, lines: str, document: str) -> None:
        """Show what was recorded elsewhere, and write what belongs on standard output."""
        self.rest()
        with self._loss_noticed(self._console.file):
            self._console.file.write(lines)
            self._console.file.flush()
        self.write(document)

    def write(self, document: str) -> None:
        """Write what belongs on standard output, whatever else is shown; raises OutputLost."""
        with self._loss_noticed(sys.stdout):
            sys.stdout.write(document)
            sys.stdout.flush()

    @contextlib.contextmanager
    def _loss_noticed(self, stream: IO[str]) -> Iterator[None]:
        """Raise OutputLost for the first text that cannot be written; show the rest on stderr."""
        try:
            yield
        except OSError as error:
            with contextlib.suppress(OSError):  # else Python tries again when it ends: status 120
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            self._console = TerminalConsole(stderr=True)
            if not self._is_lost:
                self._is_lost = True
                name = "standard error" if stream is sys.stderr else "standard output"
                raise OutputLost(
                    failed.OUTPUT_LOST, stream=name, reason=error.strerror or str(error)
                ) from error

    def rest(self) -> None:
        """Take the spinner and the bars away."""
        if self._spinner:
            self._spinner.stop()
            self._spinner = None
        if self._progress:
            self._progress.stop()
            self._progress = None
            self._tasks.clear()

    def _show_table(self, table: Table) -> None:
        if self._loudness == QUIET:
            return
        from rich.padding import Padding
        from rich.table import Table as RichTable

        shown = RichTable(box=None, header_style="bold", pad_edge=False, padding=(0, 3, 0, 0))
        for heading in table.headings:
            shown.add_column(heading, overflow="fold")
        for row in table.rows:
            shown.add_row(*map(self.redactor.clean, row))
        self._show(Padding(shown, (0, 0, 0, 10), expand=False))

    def show_password(self, username: str, password: str) -> None:
        """Show a generated password, with -q too: it is shown this once."""
        self.rest()
        text = f"{password}  (of {printable(username)}; shown this once, kept nowhere)"
        self._show(Text.assemble(("password  ", "bold"), text), soft_wrap=True)

    def _print(self, *parts: tuple[str, str], always: bool = False, folded: bool = False) -> None:
        if always or self._loudness > QUIET:
            cleaned = [(self.redactor.clean(text), style) for text, style in parts]
            if folded:
                cleaned[1:] = [(_fold(text), style) for text, style in cleaned[1:]]
            self._show(Text.assemble(*cleaned), soft_wrap=True)

    def _show(self, text: RenderableType, *, soft_wrap: bool = False) -> None:
        with self._loss_noticed(self._console.file):
            self._console.print(text, soft_wrap=soft_wrap)

    def work(self, text: str) -> None:
        """Show what is under way."""
        if not self._is_live:
            return
        text = self.redactor.clean(text)
        if self._spinner:
            self._spinner.update(text)
        else:
            self._spinner = self._console.status(text)
            self._spinner.start()

    def sent(self, filename: str, sent: int, size: int) -> None:
        """Show how much of a file is sent."""
        if not self._is_live:
            return
        if self._progress is None:
            self.rest()
            # A log, or a quick upload, needs no bars.
            from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

            columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
            self._progress = Progress(*columns, console=self._console, transient=True)
            self._progress.start()
        if filename not in self._tasks:
            name = self.redactor.clean(filename)
            self._tasks[filename] = self._progress.add_task(name, total=size)
        self._progress.update(self._tasks[filename], completed=sent)


def _fold(text: str) -> str:
    """Return one line, with the spaces at its ends: a file name may contain line feeds."""
    start = len(text) - len(text.lstrip(" "))
    end = len(text) - len(text.rstrip(" "))
    line = " " * start + " ".join(text.split()) + " " * end
    return "".join(char if char.isprintable() else "\ufffd" for char in line)
