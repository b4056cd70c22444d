"""What came of a run: the results of the steps of a release, added up, and who shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple

from releasekit.checks.model import Finding, Severity
from releasekit.errors import Status
from releasekit.model.project import Project
from releasekit.model.published import Action, Plan
from releasekit.model.record import Record
from releasekit.plural import list_some, plural
from releasekit.redact import map_all_texts, map_texts

START = "start"
"""What comes before the first step: settings, credentials, certificates, imports."""
STYLES = {
    Severity.ERROR: "bold red",
    Severity.WARNING: "yellow",
    Severity.NOTE: "cyan",
    Severity.OFF: "dim",
}

Render = Callable[[str], str]  # spells the commands in a text as they are typed, see `request`
Clean = Callable[[str], str]  # takes the secrets of the run out of a text


@dataclass(frozen=True, slots=True)
class Line:
    """A line below the one of a step: texts, each with a style of rich.

    -q shows those of `always`, too. Where it is folded, all but the first part are one line: a file
    name may contain line feeds.
    """

    parts: tuple[tuple[str, str], ...]
    always: bool = False
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table below the line of a step."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Result:
    """What a finished step found, as the terminal and the reports show it.

    `step` is the step that it ends; empty for what is no step of its own. `shared` are its fields
    that the outcome has, too; without any, the outcome keeps the result itself as `kept_as`.
    """

    __slots__ = ()
    step: ClassVar[str] = ""
    shared: ClassVar[tuple[str, ...]] = ()
    kept_as: ClassVar[str] = "result"

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
        fields = {name: getattr(self, name) for name in self.shared}
        return replace(outcome, **fields or {self.kept_as: self})


class Progress:
    """Whoever shows a run; this one shows nothing.

    `note`, `work`, `output` and `sent` may be called by any thread.
    """

    def begin(self, step: str) -> None:
        """Take note that a step has begun."""

    def finish(self, result: Result) -> None:
        """Take the result of a step, which ends it."""

    def note(self, text: str) -> None:
        """Show something to know that stops nothing."""

    def say(self, label: str, text: str) -> None:
        """Show a text with a label, as a change that was made on a server."""

    def show_password(self, username: str, password: str) -> None:
        """Show a generated password, once: it is kept nowhere."""

    def work(self, text: str) -> None:
        """Show what a long step is doing now, on a terminal alone."""

    def output(self, line: str) -> None:
        """Show a line of a program that was started, with -v."""

    def sent(self, filename: str, sent: int, size: int) -> None:
        """Show how many bytes of a file are sent so far."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectRead(Result):
    """The project and its release tag."""

    step: ClassVar[str] = "version"
    shared: ClassVar[tuple[str, ...]] = ("project",)
    project: Project

    def describe(self) -> str:
        """Return the version and the commit."""
        commit = self.project.commit
        if tag := self.project.released_as:
            return f"{tag.version} from tag {tag.name} on commit {commit.short}"
        if self.project.dirty:
            files = plural(len(commit.changed), "file differs", "files differ")
            why = f"{files} from commit {commit.short}"
        else:
            why = f"commit {commit.short} has no release tag"
            if commit.tags:
                tags = list_some(commit.tags)
                why = f"commit {commit.short} has the tag {tags}, which is no release tag"
            why += ", and the clone is shallow" if commit.shallow else ""
        if development := self.project.development:
            return f"{development.describe()}: {why}"
        return f"{why}: the build backend names the version"


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordRead(Result):
    """The record that an earlier build left."""

    shared: ClassVar[tuple[str, ...]] = ("record",)
    record: Record


@dataclass(frozen=True, kw_only=True, slots=True)
class Built(RecordRead):
    """What a build made."""

    step: ClassVar[str] = "build"

    def describe(self) -> str:
        """Return the files with their sizes."""
        sizes = {
            file.filename: f"{file.size} B" if file.size < 1000 else f"{file.size / 1000:.1f} kB"
            for file in self.record.files
        }
        return ", ".join(f"{name} ({size})" for name, size in sizes.items())


@dataclass(frozen=True, kw_only=True, slots=True)
class Gathered(RecordRead):
    """One release, joined from what several builds made."""

    step: ClassVar[str] = "gather"

    def describe(self) -> str:
        """Return how many files and builds it has."""
        record = self.record
        return f"{len(record.files)} files of {len(record.builds)} builds are one release"


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked(Result):
    """What the checks found: the codes of all checks that were run, and what was installed."""

    step: ClassVar[str] = "check"
    shared: ClassVar[tuple[str, ...]] = ("codes", "findings")
    findings: tuple[Finding, ...]
    codes: tuple[str, ...]
    works: str = ""

    def describe(self) -> str:
        """Return how many findings there are of each severity, and what was tested."""
        counts = Counter(finding.severity for finding in self.findings)
        words = [
            f"{counts[each]} waived" if each is Severity.OFF else plural(counts[each], each.value)
            for each in Severity
            if counts[each]
        ]
        found = f"{plural(len(self.codes), 'check')}: {', '.join(words) or 'no findings'}"
        return f"{found}; {self.works}" if self.works else found

    def details(self) -> Iterable[Line]:
        """Return one line per finding; an error is shown with -q too."""
        for finding in self.findings:
            end = f"  reason: {finding.reason}"
            if not finding.is_waived:
                reason = finding.reason and f" (reason of the {finding.word}: {finding.reason})"
                end = f"  fix: {finding.fix}{reason or ''}"
            head = (f"  {finding.word:<8} {finding.code}  ", STYLES[finding.severity])
            text = f"{finding.place}: {finding.message}"
            is_error = finding.severity is Severity.ERROR
            yield Line((head, (text, ""), (end, "dim")), always=is_error, folded=True)

    def spell_commands(self, render: Render) -> Checked:
        """Return it with the commands in the fixes as they are typed."""
        return replace(self, findings=map_all_texts(self.findings, render, "fix"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned(Result):
    """What a release has to do."""

    step: ClassVar[str] = "plan"
    shared: ClassVar[tuple[str, ...]] = ("plan",)
    plan: Plan

    def describe(self) -> str:
        """Return how many files there are to upload."""
        counts = {action: len(self.plan.having(action)) for action in Action}
        text = f"{counts[Action.UPLOAD]} to upload, {counts[Action.SKIP]} already published"
        conflicts = counts[Action.CONFLICT]
        return f"{text}, {conflicts} in conflict" if conflicts else text


@dataclass(frozen=True, kw_only=True, slots=True)
class Published(Result):
    """The index has every file; `uploaded` are the names of those that this run uploaded."""

    step: ClassVar[str] = "publish"
    kept_as: ClassVar[str] = "published"
    url: str
    uploaded: tuple[str, ...]

    def describe(self) -> str:
        """Return how much was uploaded, and where to."""
        if not self.uploaded:
            return f"nothing to upload: {self.url} has it all"
        return f"{len(self.uploaded)} uploaded to {self.url}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified(Result):
    """The index serves the same bytes, and the release was installed by hash.

    It is not installed where no wheel of the release is for the Python that proves it. `works` says
    on which Python it was, with how many dependencies, and what was imported.
    """

    step: ClassVar[str] = "verify"
    kept_as: ClassVar[str] = "verified"
    url: str
    requirement: str
    installed: bool = True
    works: str = ""

    def describe(self) -> str:
        """Return what was installed, and from where."""
        if not self.installed:
            return f"{self.requirement} downloaded by hash from {self.url}, not installed here"
        return f"{self.requirement} installed by hash from {self.url}, {self.works}"


class StepTime(NamedTuple):
    """How long a step took."""

    step: str
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """All that is known of a run; what a step finds is None until it ended.

    `dry_run` is true where --dry-run kept the command from sending anything. `codes` are those of
    the checks that were run, `result` is that of a command that is no part of a release. `step` is
    under way, or was when the run stopped, and `began` is when, by a clock in seconds. `requests`
    are those that releasekit and uv sent; the failed ones had no answer, or a status of 400 or
    above. `error` is what stopped the run: its code, what, where, why, next.
    """

    command: str
    sandbox: bool
    dry_run: bool = False
    project: Project | None = None
    record: Record | None = None
    codes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    plan: Plan | None = None
    published: Published | None = None
    verified: Verified | None = None
    result: Result | None = None
    notes: tuple[str, ...] = ()
    times: tuple[StepTime, ...] = ()
    step: str = START
    began: float = 0.0
    requests: int = 0
    failed_requests: int = 0
    status: Status = Status.DONE
    error: tuple[tuple[str, str], ...] = ()

    def begin(self, step: str, at: float) -> Outcome:
        """Return it with a step begun; `at` is a clock's reading in seconds."""
        outcome = self._add_time(START, at) if self.step == START else self
        return replace(outcome, step=step, began=at)

    def finish(self, result: Result, at: float) -> Outcome:
        """Return it with the result of a step, and the time that the step took."""
        return result.add_to(self._add_time(result.step, at) if result.step else self)

    def _add_time(self, step: str, at: float) -> Outcome:
        return replace(self, times=(*self.times, StepTime(step, round(at - self.began, 3))))

    def describe_times(self) -> str:
        """Return where the time went, step by step."""
        return ", ".join(f"{time.step} {time.seconds:.2f} s" for time in self.times)

    def redact(self, clean: Clean) -> Outcome:
        """Return it as reports may show it: what people read is cleaned.

        Names of files and projects, versions, tags, commits, hashes, codes and paths stay, for
        programs compare them: a password that is a part of one, by chance, must not damage it.
        """
        plan = self.plan and map_texts(self.plan, clean, "url")
        return replace(
            self,
            findings=map_all_texts(self.findings, clean, "message", "fix", "reason"),
            plan=plan and replace(plan, files=map_all_texts(plan.files, clean, "why")),
            published=self.published and map_texts(self.published, clean, "url"),
            verified=self.verified and map_texts(self.verified, clean, "url"),
            result=self.result and self.result.redact(clean),
            notes=tuple(map(clean, self.notes)),
            error=tuple((question, clean(answer)) for question, answer in self.error),
        )
