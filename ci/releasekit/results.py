"""The results of the steps of a release."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from releasekit.checks.model import Finding, Severity
from releasekit.model.plan import Action, Plan
from releasekit.model.project import Project
from releasekit.model.record import Record
from releasekit.outcome import Clean, Line, Outcome, Render, Result
from releasekit.plural import list_some, plural
from releasekit.redact import map_all_texts, map_texts

STYLES = {
    Severity.ERROR: "bold red",
    Severity.WARNING: "yellow",
    Severity.NOTE: "cyan",
    Severity.OFF: "dim",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectRead(Result):
    """The project and its release tag."""

    step: ClassVar[str] = "version"
    project: Project

    def describe(self) -> str:
        """Return the version and the commit."""
        commit = self.project.commit
        if tag := self.project.released_as:
            return f"{tag.version} from tag {tag.name} on commit {commit.short}"
        untagged = f"commit {commit.short} has no release tag"
        if commit.tags:
            tags = list_some(commit.tags)
            untagged = f"commit {commit.short} has the tag {tags}, which is no release tag"
        files = plural(len(commit.changed), "file differs", "files differ")
        changed = f"{files} from commit {commit.short}"
        shallow = ", and the clone is shallow" if commit.shallow else ""
        why = changed if self.project.dirty else untagged + shallow
        if development := self.project.development:
            return f"{development.describe()}: {why}"
        return f"{why}: the build backend names the version"

    def add_to(self, outcome: Outcome) -> Outcome:
        """Return the outcome with the project."""
        return replace(outcome, project=self.project)


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordRead(Result):
    """The record that an earlier build left."""

    record: Record

    def add_to(self, outcome: Outcome) -> Outcome:
        """Return the outcome with the record."""
        return replace(outcome, record=self.record)


@dataclass(frozen=True, kw_only=True, slots=True)
class Built(RecordRead):
    """What a build made."""

    step: ClassVar[str] = "build"

    def describe(self) -> str:
        """Return the files with their sizes."""
        return ", ".join(f"{file.filename} ({_size(file.size)})" for file in self.record.files)


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
    """What the checks found; `asked` are the codes of all that were run."""

    step: ClassVar[str] = "check"
    findings: tuple[Finding, ...]
    asked: tuple[str, ...]
    works: str = ""
    """What was installed and imported; "" if that was not done."""

    def describe(self) -> str:
        """Return how many findings there are of each severity, and what was tested."""
        counts = Counter(finding.severity for finding in self.findings)
        words = [
            f"{counts[each]} waived" if each is Severity.OFF else plural(counts[each], each.value)
            for each in Severity
            if counts[each]
        ]
        found = f"{len(self.asked)} checks: {', '.join(words) or 'no findings'}"
        return f"{found}; {self.works}" if self.works else found

    def details(self) -> Iterable[Line]:
        """Return one line per finding; an error is shown with -q too."""
        for finding in self.findings:
            head = (f"  {finding.word:<8} {finding.code}  ", STYLES[finding.severity])
            text = f"{finding.place}: {finding.message}"
            why = f" (reason of the {finding.word}: {finding.reason})" if finding.reason else ""
            waived = f"reason: {finding.reason}"
            end = waived if finding.is_waived else f"fix: {finding.fix}{why}"
            parts = (head, (text, ""), (f"  {end}", "dim"))
            is_error = finding.severity is Severity.ERROR
            yield Line(parts, always=is_error, folded=True)

    def spell_commands(self, render: Render) -> Checked:
        """Return it with the commands in the fixes as they are typed."""
        return replace(self, findings=map_all_texts(self.findings, render, "fix"))

    def add_to(self, outcome: Outcome) -> Outcome:
        """Return the outcome with the findings."""
        return replace(outcome, asked=self.asked, findings=self.findings)


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned(Result):
    """What a release has to do."""

    step: ClassVar[str] = "plan"
    plan: Plan

    def describe(self) -> str:
        """Return how many files there are to upload."""
        counts = {action: len(self.plan.having(action)) for action in Action}
        text = f"{counts[Action.UPLOAD]} to upload, {counts[Action.SKIP]} already published"
        conflicts = counts[Action.CONFLICT]
        return f"{text}, {conflicts} in conflict" if conflicts else text

    def add_to(self, outcome: Outcome) -> Outcome:
        """Return the outcome with the plan."""
        return replace(outcome, plan=self.plan)


@dataclass(frozen=True, kw_only=True, slots=True)
class Published(Result):
    """The index has every file; `uploaded` are the names of those that this run uploaded."""

    step: ClassVar[str] = "publish"
    url: str
    uploaded: tuple[str, ...]

    def describe(self) -> str:
        """Return how much was uploaded, and where to."""
        if not self.uploaded:
            return f"nothing to upload: {self.url} has it all"
        return f"{len(self.uploaded)} uploaded to {self.url}"

    def redact(self, clean: Clean) -> Published:
        """Return it with a clean address."""
        return map_texts(self, clean, "url")

    def add_to(self, outcome: Outcome) -> Outcome:
        """Return the outcome with what was published."""
        return replace(outcome, published=self)


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified(Result):
    """The index serves the same bytes, and the release was installed by hash."""

    step: ClassVar[str] = "verify"
    url: str
    requirement: str
    installed: bool = True
    """False where no wheel of the release is for the Python that proves it."""
    works: str = ""
    """On which Python, with how many dependencies, and what was imported."""

    def describe(self) -> str:
        """Return what was installed, and from where."""
        if not self.installed:
            return f"{self.requirement} downloaded by hash from {self.url}, not installed here"
        return f"{self.requirement} installed by hash from {self.url}, {self.works}"

    def redact(self, clean: Clean) -> Verified:
        """Return it with a clean address."""
        return map_texts(self, clean, "url")

    def add_to(self, outcome: Outcome) -> Outcome:
        """Return the outcome with the proof."""
        return replace(outcome, verified=self)


def _size(size: int) -> str:
    return f"{size} B" if size < 1000 else f"{size / 1000:.1f} kB"
