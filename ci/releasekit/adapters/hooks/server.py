"""Runs in a build environment: imports the build backend once, then runs each hook in a fork.

This is a script for the environment's Python, with the standard library alone. What stands in a
line of its standard input is one hook: the arguments and the directory that a process of its own
would have got, and its environment. When it has ended, a line with the mark and its status follows
what it wrote.
"""

from __future__ import annotations

import sys

# The directory of this script, as pyproject-hooks does: nothing in it is a module of the backend's.
sys.path[:] = [path for path in sys.path if path != __file__.rpartition("/")[0]]

import contextlib  # noqa: E402
import importlib  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import runpy  # noqa: E402


def main(backend: str, mark: str) -> None:
    """Serve until the input ends; in a fork, be the hook and return as its process would end."""
    if backend:
        with contextlib.suppress(BaseException):  # the hook says it in its own words
            importlib.import_module(backend)
    for line in sys.stdin:
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if not child:
            return _run_hook(**json.loads(line))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.write(1, f"{mark} {status}\n".encode())
    return None


def _run_hook(argv: list[str], cwd: str, environ: dict[str, str]) -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115 - as long as the process
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = argv
    runpy.run_path(argv[0], run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
