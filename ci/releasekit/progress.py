"""How a command tells what it does and what came of it."""

from __future__ import annotations

from typing import Protocol

from releasekit.outcome import Result


class Progress(Protocol):
    """Whoever shows a run. `note`, `work`, `output` and `sent` may be called by any thread."""

    def begin(self, step: str) -> None:
        """Take note that a step has begun."""

    def finish(self, result: Result) -> None:
        """Take the result of a step, which ends it."""

    def note(self, text: str) -> None:
        """Take something to know that stops nothing."""

    def change(self, text: str) -> None:
        """Take a change that was made on a server."""

    def show_password(self, username: str, password: str) -> None:
        """Show a generated password, once: it is kept nowhere."""

    def work(self, text: str) -> None:
        """Take what a long step is doing now, for a terminal alone."""

    def output(self, line: str) -> None:
        """Take a line of a program that was started, shown with -v."""

    def sent(self, filename: str, sent: int, size: int) -> None:
        """Take how many bytes of a file are sent so far."""
