"""All entries. They stand in modules by status, where the code that raises them takes them from."""

from __future__ import annotations

from releasekit.errors import access, failed, refused, usage
from releasekit.errors.base import Entry

ENTRIES: tuple[Entry, ...] = tuple(
    entry
    for module in (refused, usage, access, failed)
    for entry in vars(module).values()
    if isinstance(entry, Entry)
)
"""In the order of their codes."""
