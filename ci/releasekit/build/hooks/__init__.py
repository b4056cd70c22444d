"""Build hooks: each in a process of its own, forked from one that has the backend imported.

A hook must not see what another one did to its process (PEP 517), and most of the time of a hook is
the start of Python and the import of the backend (setuptools 80: 0.3 s of 0.45 s, four times). The
small project's release takes 1.42 times the CPU seconds where `process.run` runs the hooks, whose
interface this is.
"""

from __future__ import annotations

import contextlib
import json
import math
import secrets
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from releasekit.process import Finished, Log, Watch, read_lines, start_program, stop


class Hooks(contextlib.ExitStack):
    """Run hooks; the processes that have the backend imported end with the block."""

    def __init__(self) -> None:
        super().__init__()
        self._servers: dict[tuple[str, ...], tuple[subprocess.Popen[bytes], Iterator[str]]] = {}
        self._mark = f"end-of-hook-{secrets.token_hex(8)}"

    def run(
        self, command: Sequence[str], *, cwd: Path, environ: Mapping[str, str], log: Log
    ) -> Finished:
        """Run what pyproject-hooks would start, as `process.run`: PYTHON SCRIPT HOOK DIRECTORY.

        The result has what was written until the mark, and the status after it. A server that ends
        instead has the status that it ended with.
        """
        python, *argv = command
        # Variables by which pyproject-hooks 1.2 tells its script what to import. A backend that
        # lies in the project is another one in the sdist: the hook imports it.
        backend, _, _ = environ["_PYPROJECT_HOOKS_BUILD_BACKEND"].partition(":")
        if "_PYPROJECT_HOOKS_BACKEND_PATH_JSON" in environ:
            backend = ""
        server = (python, str(Path(__file__).with_name("server.py")), backend, self._mark)
        if server not in self._servers:
            process = self.enter_context(start_program(server, cwd, environ, stdin=subprocess.PIPE))
            self.callback(stop, process)
            # Where it was killed, what it had started would go on.
            self.enter_context(contextlib.closing(Watch(process, math.inf, None, None)))
            self._servers[server] = process, read_lines(process)
        process, output = self._servers[server]
        hook = json.dumps({"argv": argv, "cwd": str(cwd), "environ": dict(environ)})
        if process.stdin:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(f"{hook}\n".encode())
                process.stdin.flush()
        lines = []
        for line in output:
            text, end, status = line.partition(self._mark)
            if text:  # the last line may have no end of its own
                lines.append(text)
                log(text.rstrip("\n"))
            if end:
                return Finished(command=server, status=int(status), output="".join(lines))
        return Finished(command=server, status=process.wait() or 1, output="".join(lines))
