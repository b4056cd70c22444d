"""The results of `search` and `pip-config`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from releasekit.consumer.search import SearchResult
from releasekit.consumer.settings import FilePlan, SettingsPlan
from releasekit.outcome import Clean, Line, Result, Table
from releasekit.plural import plural
from releasekit.redact import map_all_texts, map_texts

STYLES = {"+": "green", "~": "yellow"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Searched(Result):
    """A search found something."""

    step: ClassVar[str] = "search"
    result: SearchResult

    def describe(self) -> str:
        """Return how many projects were found."""
        count = len({hit.name for hit in self.result.hits})
        return f"{plural(count, 'project')} for {self.result.query.text}"

    def details(self) -> Iterable[Line | Table]:
        """Return the hits, and how the first one is installed."""
        rows = (
            (hit.name, hit.version, hit.installed or "", hit.repository) for hit in self.result.hits
        )
        yield Table(("name", "version", "installed", "repository"), tuple(rows))
        yield _labelled("python", self.result.environment)
        yield _labelled("install", self.result.install)

    def document(self) -> dict[str, Any]:
        """Return what was found; the versions of a hit are newest first."""
        hits = [
            {
                "name": hit.name,
                "version": hit.version,
                "versions": list(hit.versions),
                "installed": hit.installed,
                "repository": hit.repository,
            }
            for hit in self.result.hits
        ]
        document = {
            "query": self.result.query.text,
            "environment": self.result.environment,
            "install": self.result.install,
            "hits": hits,
        }
        return {"search": document}

    def redact(self, clean: Clean) -> Searched:
        """Return it with clean texts."""
        query = map_texts(self.result.query, clean, "text")
        return replace(self, result=replace(map_texts(self.result, clean, "install"), query=query))


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingsPlanned(Result):
    """It is known what the settings of pip and uv need."""

    step: ClassVar[str] = "plan"
    plan: SettingsPlan

    def describe(self) -> str:
        """Return how much there is to write."""
        if not self.plan.changed:
            return f"nothing to change: pip and uv are set up ({self.plan.place})"
        return f"{plural(self.plan.count, 'setting')} to write ({self.plan.place})"

    def details(self) -> Iterable[Line]:
        """Return what is to be written, and lines for a shell and for poetry."""
        for file in self.plan.changed:
            yield Line((("          ", ""), (str(file.path), "bold")))
            for change in file.changes:
                sign, old = ("+", "") if change.old is None else ("~", f"{change.old} -> ")
                line = f"{sign:<2}{change.key}: {old}{change.new}"
                yield Line((("            ", ""), (line, STYLES[sign])))
        for label, lines in (("shell", self.plan.exports), ("poetry", self.plan.poetry)):
            yield from (_labelled(label, line) for line in lines)

    def document(self) -> dict[str, Any]:
        """Return what is planned for the files of a place."""
        document = {
            "place": self.plan.place,
            "files": [_file_document(file) for file in self.plan.files],
            "shell": list(self.plan.exports),
            "poetry": list(self.plan.poetry),
        }
        return {"settings": document}

    def redact(self, clean: Clean) -> Result:
        """Return it with clean texts."""
        files = tuple(
            replace(file, changes=map_all_texts(file.changes, clean, "old", "new"))
            for file in self.plan.files
        )
        plan = replace(map_texts(self.plan, clean, "exports", "poetry"), files=files)
        return replace(self, plan=plan)


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingsWritten(SettingsPlanned):
    """The settings of pip and uv are in their files."""

    step: ClassVar[str] = "write"

    def describe(self) -> str:
        """Return the files that were written, and where the old ones are."""
        if not self.plan.changed:
            return "nothing was left to write"
        kept = [str(file.backup) for file in self.plan.changed if file.backup]
        backups = f"; what was there is kept as {', '.join(kept)}" if kept else ""
        return f"{', '.join(file.path.name for file in self.plan.changed)}{backups}"

    def details(self) -> Iterable[Line]:
        """Return nothing: the plan showed it."""
        return ()


def _labelled(label: str, text: str) -> Line:
    return Line(((f"{label:<9} ", "bold"), (text, "")))


def _file_document(file: FilePlan) -> dict[str, Any]:
    return {
        "path": str(file.path),
        "backup": str(file.backup) if file.backup else None,
        "changes": [{"key": c.key, "old": c.old, "new": c.new} for c in file.changes],
    }
