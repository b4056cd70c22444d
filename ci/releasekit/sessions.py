"""The kit's nox sessions: `import releasekit.sessions` in a noxfile is all that a project needs.

The import registers the steps, `release` and `doctor`; `register` takes other names, or a prefix.

Each session is one call of the function behind `python -m releasekit`; its options stand after
`--`. Sessions run in process. One that did not end well raises SystemExit, which nox passes on,
and which stops the sessions after it.
"""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

import nox
from nox import registry

from releasekit.commands import COMMANDS, Command

SHADOWED = """\
{names} came from {folder}, not from where it is installed: `python -m nox` puts that directory
first on sys.path, and the project's code runs in the process that may have the credentials.
Start nox by its console script: {command}"""


def _add_session(name: str, command: Command) -> None:
    def session(session: nox.Session) -> None:
        from releasekit.foreign import drop_directory, find_replacing  # `nox -l` needs none of it

        folder = session.invoked_from
        if Path.cwd() == Path(__file__).parent:
            # nox goes to the directory of its noxfile, here the kit's own: relative paths in the
            # environment, as REQUESTS_CA_BUNDLE, start where nox was started.
            os.chdir(folder)
        before = sys.path.copy()
        drop_directory(folder)
        try:
            # `python -m nox` takes them from the project before any line of ours runs.
            replacing = find_replacing(folder)
            from releasekit.cli import main
            from releasekit.request import Door, render_session

            door = Door(
                started_in=Path(folder),
                folder=Path.cwd(),
                commands=COMMANDS,
                noxfile=str(session._runner.global_config.noxfile),  # nox has no public name for it
                sessions=tuple(_REGISTERED.items()),
            )
            if replacing:
                again = render_session(door, session.name, session.posargs)
                names = ", ".join(sorted(replacing))
                session.warn(SHADOWED.format(names=names, folder=folder, command=again))
            status = main([command.name, *session.posargs], door)
        finally:
            sys.path[:] = before  # sessions of the project may import from its directory
        if status:
            raise SystemExit(status)

    session.__doc__ = command.summary
    nox.session(name=name, venv_backend="none", default=False)(session)


DEFAULT_NAMES = (*(command.name for command in COMMANDS if command.is_step), "doctor")
"""What the import registers: the steps, the whole release and the doctor."""


def register(*, prefix: str = "", names: Iterable[str] = DEFAULT_NAMES) -> None:
    """Register these commands as sessions, in place of those that were registered before.

    Ends nox with status 2 for a name that no command has, or that is a session of the project.
    """
    sessions = registry._REGISTRY  # nox has no public way to take a session back
    for name in _REGISTERED.values():
        sessions.pop(name, None)
    _REGISTERED.clear()
    for name in names:
        command = next((command for command in COMMANDS if command.name == name), None)
        if command is None or f"{prefix}{name}" in sessions:
            from releasekit.errors import ReleasekitError  # `nox -l` needs the names alone
            from releasekit.errors.usage import SESSION_TAKEN, UNKNOWN_SESSION

            error = ReleasekitError(SESSION_TAKEN, name=f"{prefix}{name}")
            if command is None:
                known = ", ".join(command.name for command in COMMANDS)
                error = ReleasekitError(UNKNOWN_SESSION, name=name, names=known)
            sys.stderr.write(f"{error}\n")
            raise SystemExit(error.status)
        _add_session(f"{prefix}{name}", command)
        _REGISTERED[name] = f"{prefix}{name}"


_REGISTERED: dict[str, str] = {}  # by the names of the commands
register()
