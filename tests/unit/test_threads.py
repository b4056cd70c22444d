from __future__ import annotations

import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from releasekit.process import run
from releasekit.threads import THREADS, begin, run_in_threads


@pytest.mark.parametrize("count", [0, 1, THREADS, 3 * THREADS])
def test_work_is_done_once_for_every_item(count: int) -> None:
    done: list[int] = []

    def work(item: int) -> int:
        done.append(item)
        return 2 * item

    assert run_in_threads(work, range(count)) == [2 * item for item in range(count)]
    assert sorted(done) == list(range(count))


def test_some_are_worked_on_at_once_and_no_more() -> None:
    together = threading.Barrier(THREADS)
    working: list[int] = []
    seen: list[int] = []

    def work(item: int) -> None:
        working.append(item)
        together.wait(timeout=5)
        seen.append(len(working))
        working.remove(item)

    run_in_threads(work, range(2 * THREADS))
    assert len(seen) == 2 * THREADS
    assert max(seen) <= THREADS


def test_error_is_raised_after_what_runs_has_ended() -> None:
    ended: list[str] = []
    all_begun = threading.Barrier(THREADS)

    def work(item: str) -> None:
        all_begun.wait(timeout=5)
        if item == "bad":
            raise ValueError(item)
        time.sleep(0.1)
        ended.append(item)

    slow = [f"slow {number}" for number in range(THREADS - 1)]
    with pytest.raises(ValueError, match=r"^bad$"):
        run_in_threads(work, ["bad", *slow, "never begun"])
    assert sorted(ended) == sorted(slow)


ASK_FOR_MASK = "import signal; print(*signal.pthread_sigmask(signal.SIG_BLOCK, ()))"


def test_threads_take_no_interrupt_and_programs_that_they_start_do(tmp_path: Path) -> None:
    def ask() -> tuple[set[int], str]:
        command = (sys.executable, "-c", ASK_FOR_MASK)
        return signal.pthread_sigmask(signal.SIG_BLOCK, ()), run(
            command, cwd=tmp_path, environ={}
        ).output

    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    interrupts = {signal.SIGINT, signal.SIGTERM}
    assert not interrupts & before
    assert begin(ask).result() == (interrupts, "\n")
    assert run_in_threads(lambda _: ask(), [1]) == [(interrupts, "\n")]
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
