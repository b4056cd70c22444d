"""Build hooks: each in a process of its own, forked from one that has the backend imported.

A hook must not see what another one did to its process (PEP 517), and most of the time of a hook is
the start of Python and the import of the backend (setuptools 80: 0.3 s of 0.45 s, four times). The
small project's release takes 1.42 times the CPU seconds where `process.run` runs the hooks, whose
interface this is.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import json
import os
import secrets
import select
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from releasekit.process import Finished, Log, start_program, stop


class Hooks:
    """Run hooks; the processes that have the backend imported end with the stack."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        self._servers: dict[tuple[str, str], _Server] = {}
        self._mark = f"end-of-hook-{secrets.token_hex(8)}"

    def run(
        self, command: Sequence[str], *, cwd: Path, environ: Mapping[str, str], log: Log
    ) -> Finished:
        """Run what pyproject-hooks would start, as `process.run`: PYTHON SCRIPT HOOK DIRECTORY."""
        python, *argv = command
        # Variables by which pyproject-hooks 1.2 tells its script what to import. A backend that
        # lies in the project is another one in the sdist: the hook imports it.
        backend, _, _ = environ["_PYPROJECT_HOOKS_BUILD_BACKEND"].partition(":")
        if "_PYPROJECT_HOOKS_BACKEND_PATH_JSON" in environ:
            backend = ""
        if (python, backend) not in self._servers:
            server = str(Path(__file__).with_name("server.py"))
            command = (python, server, backend, self._mark)
            started = start_program(command, cwd, environ, stdin=subprocess.PIPE)
            process = self._stack.enter_context(started)
            self._stack.callback(stop, process)
            self._servers[python, backend] = _Server(command, process)
        hook = json.dumps({"argv": argv, "cwd": str(cwd), "environ": dict(environ)})
        return self._servers[python, backend].ask(hook, self._mark, log)


class _Server:
    """The program server.py, which runs one hook after another."""

    def __init__(self, command: tuple[str, ...], process: subprocess.Popen[bytes]) -> None:
        self._command, self._process = command, process
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._decoder = io.IncrementalNewlineDecoder(decoder, translate=True)
        self._unread = ""

    def ask(self, line: str, mark: str, log: Log) -> Finished:
        """Have a hook run, and return what was written until the mark, and the status after it.

        A program that ends instead has the status that it ended with.
        """
        if self._process.stdin:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(f"{line}\n".encode())
                self._process.stdin.flush()
        lines = []
        while written := self._read_line():
            text, end, status = written.partition(mark)
            if text:  # the last line may have no end of its own
                lines.append(text)
                log(text.rstrip("\n"))
            if end:
                return Finished(command=self._command, status=int(status), output="".join(lines))
        status_at_end = self._process.wait() or 1
        return Finished(command=self._command, status=status_at_end, output="".join(lines))

    def _read_line(self) -> str:
        """Return the next line; no text is the end."""
        while "\n" not in self._unread:
            data = self._read()
            self._unread += self._decoder.decode(data, final=not data)
            if not data:
                break
        line, end, self._unread = self._unread.partition("\n")
        return line + end

    def _read(self) -> bytes:
        if self._process.stdout is None:
            return b""
        output, has_ended = self._process.stdout.fileno(), False
        # Where it was killed, what it had started may go on, and hold the other end.
        while not select.select([output], [], [], 0 if has_ended else 1)[0]:
            if has_ended:
                return b""
            has_ended = self._process.poll() is not None
        return os.read(output, io.DEFAULT_BUFFER_SIZE)


@contextlib.contextmanager
def open_hooks() -> Iterator[Hooks]:
    """Provide what runs hooks."""
    with contextlib.ExitStack() as stack:
        yield Hooks(stack)
