"""What --json tells of a search and of settings, beside the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from releasekit.consumer.search import SearchResult
    from releasekit.consumer.settings import FilePlan, SettingsPlan


def search_document(result: SearchResult) -> dict[str, Any]:
    """Return what was found; the versions of a hit are newest first."""
    return {
        "query": result.query.text,
        "environment": result.environment,
        "install": result.install,
        "hits": [
            {
                "name": hit.name,
                "version": hit.version,
                "versions": list(hit.versions),
                "installed": hit.installed,
                "repository": hit.repository,
            }
            for hit in result.hits
        ],
    }


def settings_document(plan: SettingsPlan) -> dict[str, Any]:
    """Return what was planned for the files of a place."""
    return {
        "place": plan.place,
        "files": [_file_document(file) for file in plan.files],
        "shell": list(plan.exports),
        "poetry": list(plan.poetry),
    }


def _file_document(file: FilePlan) -> dict[str, Any]:
    return {
        "path": str(file.path),
        "backup": str(file.backup) if file.backup else None,
        "changes": [{"key": c.key, "old": c.old, "new": c.new} for c in file.changes],
    }
