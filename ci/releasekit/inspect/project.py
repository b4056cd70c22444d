"""What the project's own files say: where metadata is declared, how its last build went."""

from __future__ import annotations

import contextlib
from pathlib import Path

from releasekit.checks.declared import READERS, Declared, parse_declared
from releasekit.checks.facts import BackendWarning
from releasekit.checks.origins import parse_warnings

LOG_LIMIT = 8 << 20
"""Characters of a build log that are searched."""


def read_declared(root: Path) -> Declared:
    """Return where the project at `root` declares its metadata."""
    texts = {}
    for name in READERS:
        with contextlib.suppress(OSError):
            texts[name] = (root / name).read_text(encoding="utf-8", errors="replace")
    return parse_declared(texts)


def read_backend_warnings(log: Path) -> tuple[BackendWarning, ...]:
    """Return the warnings in a build log; none where there is no log."""
    try:
        with log.open(encoding="utf-8", errors="replace") as file:
            return parse_warnings(file.read(LOG_LIMIT))
    except OSError:
        return ()
