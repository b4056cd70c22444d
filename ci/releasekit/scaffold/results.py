"""The results of `init`: what is to become of which file."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar

from releasekit.outcome import Line, Render, Result
from releasekit.plural import plural


class Action(Enum):
    """What is to become of a file."""

    CREATE = "create"
    CHANGE = "change"
    KEEP = "keep"
    BY_HAND = "add by hand"
    """It is the project's own: the lines are shown, and nobody writes them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FilePlan:
    """What is to become of one file."""

    path: Path
    action: Action
    lines: tuple[str, ...] = ()
    """What it gets."""
    text: str = field(default="", repr=False)
    """All that it holds afterwards."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InitPlanned(Result):
    """What the project lacks."""

    step: ClassVar[str] = "plan"
    top: Path
    """The repository's directory."""
    files: tuple[FilePlan, ...]
    next_step: str = ""

    @property
    def written(self) -> tuple[FilePlan, ...]:
        """Return the files that --apply writes."""
        return tuple(file for file in self.files if file.text)

    @property
    def left_to_do(self) -> str:
        """Return what is left to a person when the files are written."""
        names = " ".join(shlex.quote(self._name(file)) for file in self.written)
        words = [f"commit {names}"] if names else []
        words += [f"add the lines above to {self._name(file)}" for file in self._by_hand]
        prerequisites = "docs/prerequisites.md of releasekit says what a server needs"
        return "; ".join([*words, f"{prerequisites}, and [[doctor]] what is missing"])

    @property
    def _by_hand(self) -> tuple[FilePlan, ...]:
        return tuple(file for file in self.files if file.action is Action.BY_HAND)

    def _name(self, file: FilePlan) -> str:
        return str(file.path.relative_to(self.top))

    def describe(self) -> str:
        """Return how much there is to write."""
        count = len(self.written)
        words = [f"{plural(count, 'file')} to write"] if count else []
        words += [f"lines to add to {self._name(file)} by hand" for file in self._by_hand]
        return ", ".join(words) or "nothing to change"

    def details(self) -> Iterable[Line]:
        """Return the files with the lines that they get."""
        for file in self.files:
            yield Line(
                (("          ", ""), (str(file.path), "bold"), (f"  {file.action.value}", ""))
            )
            for line in file.lines:
                yield Line((("            ", ""), (f"+ {line}".rstrip(), "green")))
        if self.next_step:
            yield Line((("next      ", "bold"), (self.next_step, "")))

    def document(self) -> dict[str, Any]:
        """Return what is planned, as a JSON object."""
        files = [
            {"path": str(f.path), "action": f.action.value, "lines": list(f.lines)}
            for f in self.files
        ]
        return {"init": {"files": files}}

    def spell_commands(self, render: Render) -> Result:
        """Return it with the next command as it is typed."""
        return replace(self, next_step=render(self.next_step))


@dataclass(frozen=True, kw_only=True, slots=True)
class InitWritten(InitPlanned):
    """The files are written."""

    step: ClassVar[str] = "write"

    def describe(self) -> str:
        """Return the files that were written."""
        return ", ".join(map(self._name, self.written)) or "nothing was left to write"

    def details(self) -> Iterable[Line]:
        """Return what is left to do: the plan showed the files."""
        yield Line((("next      ", "bold"), (self.next_step, "")))
