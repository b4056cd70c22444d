"""Interrupts that are not lost.

Python drops a KeyboardInterrupt that is raised where nobody can catch it, as in the import system's
callbacks: 2 of 250 that came at random moments of a release. So it is remembered, and raised again
at the next event.
"""

from __future__ import annotations  # sys.UnraisableHookArgs is for type checkers alone

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator

SIGNALS = (signal.SIGINT, signal.SIGTERM)
_interrupted = threading.Event()
_deferred = threading.Event()


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Make SIGTERM, which CI sends on cancel, arrive like Ctrl-C."""
    show = sys.unraisablehook

    def show_others(dropped: sys.UnraisableHookArgs) -> None:
        if not (_interrupted.is_set() and dropped.exc_type is KeyboardInterrupt):
            show(dropped)

    sys.unraisablehook = show_others  # Python shows a traceback of what it drops
    try:
        with handled_by(interrupt):
            yield
    finally:
        sys.unraisablehook = show
        _interrupted.clear()
        # `python -m` ends by SIGINT, whatever the status, where the last text that was executed (by
        # the making of a dataclass, in an import) was interrupted: this is the last text.
        exec("")  # noqa: S102


@contextlib.contextmanager
def handled_by(handler: Callable[..., object]) -> Iterator[None]:
    """Have a handler called for interrupts in the block; only the main thread is interrupted."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in find_heeded()}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


def find_heeded() -> list[signal.Signals]:
    """Return the signals that are not ignored, as Ctrl-C is below a shell's `&`."""
    return [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]


def interrupt(*_: object) -> None:
    """Remember an interrupt, and raise it."""
    _interrupted.set()
    if not _deferred.is_set():
        raise KeyboardInterrupt


@contextlib.contextmanager
def interrupts_deferred(*, until_event: bool = False) -> Iterator[None]:
    """Raise an interrupt that comes in the block at its end, or at the next event after it.

    In another thread than the main one, which alone is interrupted, this does nothing.
    """
    if _deferred.is_set() or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = _interrupted.is_set()
    _deferred.set()
    try:
        yield
    finally:
        _deferred.clear()
    if _interrupted.is_set() and not (before or until_event):
        raise KeyboardInterrupt


@contextlib.contextmanager
def interrupts_end_prompts() -> Iterator[None]:
    """Have an interrupt end a prompt, also one that came just before the prompt began to read.

    Python calls handlers between two steps of its own: such a read would last until a key is
    pressed. A timer interrupts it, Python looks for signals, and reads on where there are none
    (PEP 475). In another thread than the main one this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 0.2, 0.2)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def is_interrupted() -> bool:
    """Tell whether there was an interrupt."""
    return _interrupted.is_set()


def raise_again() -> None:
    """Raise KeyboardInterrupt where there was an interrupt."""
    if _interrupted.is_set():
        raise KeyboardInterrupt
