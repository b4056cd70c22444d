"""Status 3, failed: a limit of this machine, whatever it was that met it."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import dataclass

from releasekit.errors.base import ReleasekitError

MEMORY = "memory", "give this job more memory, or raise `ulimit -v`"
PROCESSES = "processes and threads", "raise `ulimit -u` or `ulimit -v`, or the container's limits"
LIMITS = {
    errno.EAGAIN: PROCESSES,  # fork(2): the limit was reached
    errno.EFBIG: ("the size of a file", "raise `ulimit -f`"),
    errno.EMFILE: ("open files", "raise `ulimit -n`"),
    errno.ENFILE: ("open files of all processes", "raise the machine's fs.file-max"),
    errno.ENOMEM: MEMORY,
}
"""What is limited, and how to raise it, by the error of a system call."""


@dataclass(kw_only=True, eq=False)
class LimitReached(ReleasekitError):
    """The machine gives no more of something: neither project nor server are to blame."""

    what = "a limit of this machine was reached: {limited}"
    where = "{place}"
    why = "{reason}"
    next = "{mend}, then run this again: it is safe"
    limited: str
    place: str
    reason: str
    mend: str


def find_limit(raised: BaseException, place: str) -> LimitReached | None:
    """Return the limit that an error comes from; None if it comes from none.

    `place` is named where the error names no file.
    """
    for cause in _find_causes(raised):
        reason = str(cause)
        if isinstance(cause, MemoryError):
            limited, mend = MEMORY
            reason = "no more memory can be allocated"
        elif isinstance(cause, OSError) and cause.errno in LIMITS:
            limited, mend = LIMITS[cause.errno]
            reason, place = cause.strerror or reason, str(cause.filename or place)
        elif isinstance(cause, RuntimeError) and "can't start new thread" in reason:
            limited, mend = PROCESSES
        else:
            continue
        return LimitReached(limited=limited, place=place, reason=reason, mend=mend)
    return None


def _find_causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it was raised from, through the wrappings of build and requests.

    Not what was handled before it (`__context__`): EAGAIN is ordinary where a pipe is read.
    """
    queue, seen = [error], {id(error)}
    while queue:
        yield (cause := queue.pop(0))
        below = (cause.__cause__, *(getattr(cause, name, None) for name in ("exception", "reason")))
        for found in (*below, *cause.args):
            if isinstance(found, BaseException) and id(found) not in seen:
                seen.add(id(found))
                queue.append(found)
