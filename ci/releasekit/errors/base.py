"""What every error is: four answers and a status.

Every error answers four questions: what, where, why, and what to type next. The answers are
templates over the error's own fields, so that a test can compare the whole message. No field ever
holds a secret.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import ClassVar


class Status(IntEnum):
    """Exit statuses; the README's table says what each means."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    FAILED = 3
    INTERRUPTED = 130

    @property
    def word(self) -> str:
        """Return the status as a report spells it."""
        return self.name.lower()


@dataclass(kw_only=True, eq=False)
class ReleasekitError(Exception):
    """Base of every error the kit raises on purpose."""

    status: ClassVar[Status] = Status.FAILED
    what: ClassVar[str]
    where: ClassVar[str]
    why: ClassVar[str]
    next: ClassVar[str]

    def answers(self) -> dict[str, str]:
        """Return the four answers, filled in."""
        data = {field.name: getattr(self, field.name) for field in fields(self)}
        return {q: getattr(self, q).format(**data) for q in ("what", "where", "why", "next")}

    def __str__(self) -> str:
        """Render the answers as the terminal shows them."""
        what, *rest = self.answers().items()
        lines = [f"error: {what[1]}"]
        for question, answer in rest:
            first, *more = answer.splitlines() or ("",)
            lines.append(f"  {question + ':':<6} {first}")
            lines.extend(f"         {line}" for line in more)
        return "\n".join(lines)


@dataclass(kw_only=True, eq=False)
class Interrupted(ReleasekitError):
    """Ctrl-C or SIGTERM."""

    status = Status.INTERRUPTED
    what = "interrupted"
    where = "during {step}"
    why = "a signal asked for it; programs that were started are stopped"
    next = "run the same command again: what is already published is skipped"
    step: str
