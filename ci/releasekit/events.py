"""What happens during a release, as values: the terminal and the reports are made from these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a release need not load what the administration knows, nor the other way
    from releasekit.checks.model import Finding
    from releasekit.consumer.search import SearchResult
    from releasekit.consumer.settings import SettingsPlan
    from releasekit.doctor import Diagnosis
    from releasekit.model.plan import Plan
    from releasekit.model.project import Project
    from releasekit.model.record import Record
    from releasekit.nexus import Change, ServerPlan


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetChosen:
    """It is known where this run goes; the url is empty for a step that asks no index."""

    url: str
    sandbox: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosed:
    """The step doctor is done; `place` is the file that holds the configuration."""

    diagnosis: Diagnosis
    place: str

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return the rows that are not well as findings."""
        from releasekit.checks.declared import Place
        from releasekit.doctor import list_findings

        return list_findings(self.diagnosis.rows, Place(file=self.place))


@dataclass(frozen=True, kw_only=True, slots=True)
class Began:
    """A step has begun."""

    step: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """Something to know that stops nothing."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Working:
    """What a long step is doing now, for a terminal only."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """A line of a program that was started, shown with -v."""

    line: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """Bytes of a file's upload that have been sent so far."""

    filename: str
    sent: int
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectRead:
    """The step version is done."""

    project: Project


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """The step build is done."""

    record: Record


@dataclass(frozen=True, kw_only=True, slots=True)
class Gathered:
    """The step gather is done: what several builds made is one release."""

    record: Record


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordRead:
    """What an earlier build left was read."""

    record: Record


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """The step check is done; `asked` are the codes of the checks, silent ones too."""

    findings: tuple[Finding, ...]
    asked: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """The step plan is done."""

    plan: Plan


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """The step publish is done; `uploaded` are the file names of this run."""

    url: str
    uploaded: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """The step verify is done: served with the same bytes and installed by hash."""

    url: str
    requirement: str
    not_installed: tuple[str, ...] = ()
    """Wheels for other platforms: downloaded by hash."""
    installed: bool = True
    """False where no wheel of the release is for the Python that proves it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Searched:
    """A search found something."""

    result: SearchResult


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingsPlanned:
    """It is known what the settings of pip and uv need."""

    plan: SettingsPlan


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingsWritten:
    """The settings of pip and uv stand in their files."""

    plan: SettingsPlan


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerPlanned:
    """The server was compared with what is wanted of it."""

    plan: ServerPlan


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerChanged:
    """One change was made, read back and compared."""

    change: Change


@dataclass(frozen=True, kw_only=True, slots=True)
class CacheRenewed:
    """A group forgot the pages that it kept."""

    group: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PasswordMade:
    """A password was made up: to be shown once, and kept nowhere."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerSettled:
    """The plan is carried out: the server was compared again, and nothing is left to do."""

    plan: ServerPlan


Event = (
    TargetChosen
    | Diagnosed
    | Began
    | Note
    | Working
    | Output
    | Sent
    | ProjectRead
    | Built
    | Gathered
    | RecordRead
    | Checked
    | Planned
    | Published
    | Verified
    | Searched
    | SettingsPlanned
    | SettingsWritten
    | ServerPlanned
    | ServerChanged
    | CacheRenewed
    | PasswordMade
    | ServerSettled
)
Notify = Callable[[Event], None]
