"""The kit's nox sessions: `import releasekit.sessions` in a noxfile is all that a project needs.

Each session is one call of the function behind `python -m releasekit`; its options stand after
`--`. Sessions run in process. One that did not end well raises SystemExit, which nox passes on,
and which stops the sessions after it.
"""

from __future__ import annotations

import nox

from releasekit.commands import COMMANDS


def _add_session(name: str, summary: str) -> None:
    def session(session: nox.Session) -> None:
        from releasekit.cli import main  # `nox -l` needs the names alone

        if status := main([name, *session.posargs]):
            raise SystemExit(status)

    session.__doc__ = summary
    nox.session(name=name, venv_backend="none", default=False)(session)


for _command in COMMANDS:
    _add_session(_command.name, _command.summary)
