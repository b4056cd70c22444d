"""Commands in this process: what a command tells its progress is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

from releasekit.cli import find_door, make_parser, make_request
from releasekit.context import NexusContext, open_nexus
from releasekit.outcome import Progress, Result

T = TypeVar("T", bound=Result)


class Recorder(Progress):
    """A progress that keeps what matters; `on_change` is called for each change of a server."""

    def __init__(self, on_change: Callable[[str], None] = lambda text: None) -> None:
        self.results: list[Result] = []
        self.notes: list[str] = []
        self.changes: list[str] = []
        self.passwords: dict[str, str] = {}
        self._on_change = on_change

    def find(self, kind: type[T]) -> T:
        """Return the first result of a kind."""
        return next(result for result in self.results if isinstance(result, kind))

    def finish(self, result: Result) -> None:
        self.results.append(result)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def say(self, label: str, text: str) -> None:
        self.changes.append(text)
        self._on_change(text)

    def show_password(self, username: str, password: str) -> None:
        self.passwords[username] = password


@contextmanager
def open_command(
    *arguments: str, root: Path, environ: Mapping[str, str], recorder: Recorder
) -> Iterator[NexusContext]:
    """Provide what a command is given that works on a Nexus."""
    options = make_parser().parse_args(arguments)
    with ExitStack() as stack:
        yield open_nexus(make_request(options, root, environ, door=find_door()), recorder, stack)
