"""Interrupts that are not lost.

Python drops a KeyboardInterrupt that is raised where nobody can catch it, as in the import system's
callbacks: 2 of 250 that came at random moments of a release. So it is remembered, and raised again
at the next event.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

_interrupted = threading.Event()


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Make SIGTERM, which CI sends on cancel, arrive like Ctrl-C."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:  # as below a shell's `&`
            signal.signal(number, interrupt)
    try:
        yield
    finally:
        _interrupted.clear()
        for number, handler in before.items():
            signal.signal(number, handler)
        # `python -m` ends by SIGINT, whatever the status, where the last text that was executed (by
        # the making of a dataclass, in an import) was interrupted: this is the last text.
        exec("")  # noqa: S102


def interrupt(*_: object) -> None:
    """Remember an interrupt, and raise it."""
    _interrupted.set()
    raise KeyboardInterrupt


def raise_again() -> None:
    """Raise KeyboardInterrupt where there was an interrupt."""
    if _interrupted.is_set():
        raise KeyboardInterrupt
