"""Foreign programs that do not outlive the kit, even if it is killed."""

from __future__ import annotations

GUARD = """\
import os, select, signal
if not os.fork():
    for output in (1, 2):
        os.close(output)
    kit = select.poll()
    kit.register(0, 0)
    kit.poll()
    os.killpg(0, signal.SIGKILL)
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
"""
"""The beginning of a program in Python that `process.run` starts as `guarded`.

Another process waits until nobody holds the other end of standard input any more (POLLHUP, the only
event that `register(0, 0)` asks for), and then kills the session: whatever was left behind, too.
The program itself has an empty standard input.
"""
EXECUTE = f"{GUARD}import sys; os.execv(sys.argv[1], sys.argv[1:])"
"""A program in Python that becomes another program."""
