"""An interrupt that nobody could catch ends a run all the same, and none is left for the next."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
import weakref

import pytest

from releasekit.signals import interruptible, interrupts_deferred, raise_again


class Resource:
    """Something that a weak reference may point at."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_is_dropped_is_raised_at_the_next_event(number: signal.Signals) -> None:
    resource, handlers = (
        Resource(),
        [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)],
    )
    # The import system's locks end by such callbacks; what they raise Python cannot hand on.
    watched = weakref.ref(resource, lambda _: os.kill(os.getpid(), number))
    with interruptible():
        raise_again()
        del resource
        assert watched() is None
        with pytest.raises(KeyboardInterrupt):
            raise_again()
    raise_again()
    assert handlers == [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]


def test_an_interrupt_is_raised_where_it_comes() -> None:
    with interruptible(), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGTERM)


def test_what_a_shell_has_set_aside_stays_so() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interruptible():
            os.kill(os.getpid(), signal.SIGINT)
            raise_again()
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("until_event", [False, True])
def test_an_interrupt_waits_until_a_block_has_ended(until_event: bool) -> None:
    done = []
    with interruptible():
        with contextlib.suppress(KeyboardInterrupt):
            with interrupts_deferred(until_event=until_event), interrupts_deferred():
                os.kill(os.getpid(), signal.SIGTERM)
                done.append("block")
            done.append("what follows")
        with pytest.raises(KeyboardInterrupt):
            raise_again()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
    assert done == ["block", *(["what follows"] if until_event else [])]


PROMPT = """
import _thread, getpass, signal, threading, time
from releasekit.signals import interruptible, interrupts_end_prompts

def be_interrupted():
    time.sleep(0.5)
    _thread.interrupt_main(signal.SIGTERM)  # the handler is due, but no read is ended by a signal

with interruptible(), interrupts_end_prompts():
    threading.Thread(target=be_interrupted).start()
    try:
        {read}
    except KeyboardInterrupt:
        print("interrupted")
print(signal.getitimer(signal.ITIMER_REAL), signal.getsignal(signal.SIGALRM) == signal.SIG_DFL)
"""


@pytest.mark.parametrize("read", ["input('username: ')", "getpass.getpass('password: ')"])
def test_an_interrupt_just_before_a_prompt_reads_ends_it(read: str) -> None:
    ours, theirs = pty.openpty()
    words = (sys.executable, "-c", PROMPT.format(read=read))
    subprocess.run(
        ("setsid", "--ctty", "--wait", *words),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        check=True,
        timeout=60,
    )
    shown = os.read(ours, 4096)
    for descriptor in (ours, theirs):
        os.close(descriptor)
    assert b"interrupted\r\n(0.0, 0.0) True\r\n" in shown
