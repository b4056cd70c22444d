# /// script
# dependencies = ["nox", "releasekit"]
# ///
"""The kit's own release sessions, and the sessions that develop it: `nox -l` lists both."""

from __future__ import annotations

import nox

import releasekit.sessions  # noqa: F401 - the kit's sessions, as in any project

nox.options.sessions = ["lint", "tests", "core"]
