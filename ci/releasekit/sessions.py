"""The kit's nox sessions: `import releasekit.sessions` in a noxfile is all that a project needs.

Each session is one call of the function behind `python -m releasekit`; its options stand after
`--`. Sessions run in process. One that did not end well raises SystemExit, which nox passes on,
and which stops the sessions after it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nox

from releasekit.commands import COMMANDS

SHADOWED = """\
{names} came from {folder}, not from where it is installed: `python -m nox` puts that directory
first on sys.path, and the project's code runs in the process that may have the credentials.
Start nox by its console script: nox -s {session}"""


def _add_session(name: str, summary: str) -> None:
    def session(session: nox.Session) -> None:
        from releasekit.foreign import drop_directory  # `nox -l` needs the names alone

        if Path.cwd() == Path(__file__).parent:
            # nox goes to the directory of its noxfile, here the kit's own: relative paths in the
            # environment, as REQUESTS_CA_BUNDLE, start where nox was started.
            os.chdir(session.invoked_from)
        before = sys.path.copy()
        drop_directory(session.invoked_from)
        try:
            _warn_of_replaced_modules(session)
            from releasekit.cli import main

            status = main([name, *session.posargs])
        finally:
            sys.path[:] = before  # sessions of the project may import from its directory
        if status:
            raise SystemExit(status)

    session.__doc__ = summary
    nox.session(name=name, venv_backend="none", default=False)(session)


def _warn_of_replaced_modules(session: nox.Session) -> None:
    """Say which modules `python -m nox` took from the project before any line of ours ran."""
    from releasekit.foreign import find_replacing

    if replacing := find_replacing(session.invoked_from):
        names = ", ".join(sorted(replacing))
        text = SHADOWED.format(names=names, folder=session.invoked_from, session=session.name)
        session.warn(text)


for _command in COMMANDS:
    _add_session(_command.name, _command.summary)
