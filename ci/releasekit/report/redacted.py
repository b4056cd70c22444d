"""An outcome without secrets: what people read is cleaned, what programs compare stays as it is.

Names of files and projects, versions, tags, commits, hashes, codes and paths stay: a password that
is a part of one, by chance, must not damage it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from releasekit.outcome import Outcome

if TYPE_CHECKING:
    from releasekit.consumer.settings import SettingsPlan
    from releasekit.nexus import ServerPlan

T = TypeVar("T")
Clean = Callable[[str], str]


def redact_outcome(outcome: Outcome, clean: Clean) -> Outcome:
    """Return the outcome with all its texts cleaned, as reports may show it."""
    return replace(
        outcome,
        findings=_redact_all(outcome.findings, clean, "message", "fix", "reason"),
        plan=outcome.plan
        and replace(
            _redact(outcome.plan, clean, "url"),
            files=_redact_all(outcome.plan.files, clean, "why"),
        ),
        published=outcome.published and _redact(outcome.published, clean, "url"),
        verified=outcome.verified and _redact(outcome.verified, clean, "url"),
        diagnosis=outcome.diagnosis
        and replace(
            _redact(outcome.diagnosis, clean, "url"),
            rows=_redact_all(outcome.diagnosis.rows, clean, "text", "fix", "ask", "lines"),
        ),
        search=outcome.search
        and replace(
            _redact(outcome.search, clean, "install"),
            query=_redact(outcome.search.query, clean, "text"),
        ),
        settings=outcome.settings and _redact_settings(outcome.settings, clean),
        server=outcome.server and _redact_server(outcome.server, clean),
        notes=_clean(outcome.notes, clean),
        error=tuple((question, clean(answer)) for question, answer in outcome.error),
    )


def _redact_settings(plan: SettingsPlan, clean: Clean) -> SettingsPlan:
    files = (
        replace(file, changes=_redact_all(file.changes, clean, "old", "new")) for file in plan.files
    )
    return replace(_redact(plan, clean, "exports", "poetry"), files=tuple(files))


def _redact_server(plan: ServerPlan, clean: Clean) -> ServerPlan:
    changes = (
        replace(
            _redact(change, clean, "why"),
            differences=_redact_all(change.differences, clean, "old", "new"),
        )
        for change in plan.changes
    )
    return replace(_redact(plan, clean, "url"), changes=tuple(changes))


def _redact_all(values: tuple[T, ...], clean: Clean, *names: str) -> tuple[T, ...]:
    return tuple(_redact(value, clean, *names) for value in values)


def _redact(value: T, clean: Clean, *names: str) -> T:
    cleaned = {name: _clean(getattr(value, name), clean) for name in names}
    return replace(value, **cleaned)  # type: ignore[type-var]


def _clean(value: Any, clean: Clean) -> Any:
    """Clean a text or a tuple of texts; numbers and None stay."""
    if isinstance(value, tuple):
        return tuple(_clean(part, clean) for part in value)
    return clean(value) if isinstance(value, str) else value
