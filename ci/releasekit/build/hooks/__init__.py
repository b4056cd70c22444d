"""Build hooks: each in a process of its own, forked from one that has the backend imported.

A hook must not see what another one did to its process (PEP 517), and most of the time of a hook is
the start of Python and the import of the backend (setuptools 80: 0.3 s of 0.45 s, four times). The
small project's release takes 1.42 times the CPU seconds where `process.run` runs the hooks, whose
interface this is.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from releasekit.process import Conversation, Finished, Log, open_conversation

SERVER = Path(__file__).with_name("server.py")
BACKEND, BACKEND_PATH = "_PYPROJECT_HOOKS_BUILD_BACKEND", "_PYPROJECT_HOOKS_BACKEND_PATH_JSON"
"""Variables by which pyproject-hooks 1.2 tells its script what to import."""


class Hooks:
    """Run hooks; the processes that have the backend imported end with it."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        self._servers: dict[tuple[str, str], Conversation] = {}
        self._mark = f"end-of-hook-{secrets.token_hex(8)}"

    def run(
        self, command: Sequence[str], *, cwd: Path, environ: Mapping[str, str], log: Log
    ) -> Finished:
        """Run what pyproject-hooks would start, as `process.run`: PYTHON SCRIPT HOOK DIRECTORY."""
        python, *argv = command
        server = self._find_server(python, cwd, environ)
        hook = json.dumps({"argv": argv, "cwd": str(cwd), "environ": dict(environ)})
        return server.ask(hook, self._mark, log)

    def _find_server(self, python: str, cwd: Path, environ: Mapping[str, str]) -> Conversation:
        # A backend that lies in the project is another one in the sdist: the hook imports it.
        backend = "" if BACKEND_PATH in environ else environ[BACKEND].partition(":")[0]
        found = self._servers.get((python, backend))
        if found is None:
            found = self._stack.enter_context(
                open_conversation(
                    (python, str(SERVER), backend, self._mark),
                    cwd=cwd,
                    environ=environ,
                )
            )
            self._servers[python, backend] = found
        return found


@contextlib.contextmanager
def open_hooks() -> Iterator[Hooks]:
    """Provide what runs hooks."""
    with contextlib.ExitStack() as stack:
        yield Hooks(stack)
