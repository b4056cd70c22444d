"""The errors of releasekit: kinds that are caught, and a catalogue of entries with all texts.

    raise ReleasekitError(NO_NEXUS, command="doctor", root="/project")

An entry is a constant of `refused`, `usage`, `access`, `setup`, `ci` (usage, too) or `failed`. The
first digit of its code gives the exit status. Every error says what happened, where, why, and how
to fix it. No field ever holds a secret.
"""

import functools
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

COMMAND = re.compile(r"\[\[([a-z{][^\[\]\n]*)\]\]")
"""A command in a sentence: [[verify]], [[git tag {tag}]]. The words are a shell's."""


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One kind of error. The sentences are templates; `{name}` is a field of the error.

    A code is E and three digits, of which the first gives the status; it is never used again. A
    command of releasekit in the fix is written as [[verify]], see `request`. The explanation says
    when it happens, for the reference and for --explain.
    """

    code: str
    title: str
    where: str
    why: str
    fix: str
    explanation: str

    @property
    def status(self) -> Status:
        """Return the exit status of a command that ends with this error."""
        return Status.INTERRUPTED if self.code[1] == "9" else Status(int(self.code[1]))


def render_plainly(text: str) -> str:
    """Return a text with its commands as somebody types them who gave no options."""
    return COMMAND.sub(
        lambda found: found[1] if found[1].startswith("git ") else f"releasekit {found[1]}", text
    )


class ReleasekitError(Exception):
    """Base of every error that releasekit raises on purpose; subclasses are kinds that are caught.

    The fields are those that the templates of the entry name.
    """

    def __init__(self, entry: Entry, /, **fields: str | float) -> None:
        super().__init__(entry.code)
        self.entry = entry
        self.fields = fields

    @property
    def status(self) -> Status:
        """Return the exit status of a command that ends with this error."""
        return self.entry.status

    def answers(self, render: Callable[[str], str] = render_plainly) -> dict[str, str]:
        """Return what happened, where, why, and what to do next; `render` takes the fix."""
        # In a command the fields are quoted for the shell.
        quoted = {name: shlex.quote(str(value)) for name, value in self.fields.items()}
        fix, end = "", 0
        for command in COMMAND.finditer(self.entry.fix):
            fix += self.entry.fix[end : command.start()].format(**self.fields)
            fix += command[0].format(**quoted)
            end = command.end()
        return {
            "what": self.entry.title.format(**self.fields),
            "where": self.entry.where.format(**self.fields),
            "why": self.entry.why.format(**self.fields),
            "next": render(fix + self.entry.fix[end:].format(**self.fields)),
        }

    def render(self, render: Callable[[str], str] = render_plainly) -> str:
        """Return the error as the terminal shows it, one line or more per answer."""
        answers = self.answers(render)
        lines = [f"error {self.entry.code}: {answers.pop('what')}"]
        for question, answer in answers.items():
            first, *more = answer.splitlines() or ("",)
            lines.append(f"  {question + ':':<6} {first}")
            lines.extend(f"         {line}" for line in more)
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.render()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.entry.code})"

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the fields, which are not among `args`, when a process passes the error on."""
        return functools.partial(type(self), self.entry, **self.fields), ()


class BadCertificateFile(ReleasekitError):
    """`ca-bundle` or `client-cert` cannot be loaded."""


class BrokenSettings(ReleasekitError):
    """A settings file of pip or uv cannot be read."""


class BuildFailed(ReleasekitError):
    """The backend, its requirements, or the repair of a wheel failed: there is a log."""


class CannotWrite(ReleasekitError):
    """A file or directory cannot be read or written."""


class GitFailed(ReleasekitError):
    """A git command failed."""


class InvalidConfiguration(ReleasekitError):
    """Keys are unknown or have wrong values."""


class MissingCredentials(ReleasekitError):
    """Nothing gives a user name or a password."""


class MissingProgram(ReleasekitError):
    """A program that releasekit starts is not on this machine."""


class NexusRefused(ReleasekitError):
    """The REST API of Nexus refused a request, or is not there."""


class NoSuchRepository(ReleasekitError):
    """The address leads to no repository, or to one that takes no uploads."""


class NotAPlainFile(ReleasekitError):
    """A link or a special file is in `dist/` or `reports/`."""


class NotBuilt(ReleasekitError):
    """There are no dists of this commit: they were not built, were changed, or are of another."""


class NotPermitted(ReleasekitError):
    """The server answered 403."""


class OutputLost(ReleasekitError):
    """What is shown does not arrive."""


class WrongCredentials(ReleasekitError):
    """The server answered 401."""
