"""Side by side, in threads that an interrupt need not wait for."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

THREADS = 4
Item = TypeVar("Item")


def run_in_threads(work: Callable[[Item], None], items: Sequence[Item]) -> None:
    """Do the work for every item, up to four at once; raise the first error after all ended.

    The threads are daemons: Ctrl-C reaches the waiting main thread at once, and a transfer that
    is under way ends with the process (concurrent.futures would wait for it at exit).
    """
    todo: queue.SimpleQueue[Item] = queue.SimpleQueue()
    for item in items:
        todo.put(item)
    errors: list[BaseException] = []

    def run() -> None:
        while not errors:
            try:
                item = todo.get_nowait()
            except queue.Empty:
                return
            try:
                work(item)
            except BaseException as error:  # noqa: BLE001 - raised again in the main thread
                errors.append(error)

    threads = [threading.Thread(target=run, daemon=True) for _ in items[:THREADS]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
