"""Status 3, failed: a limit of this machine, whatever it was that met it."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator

from releasekit.errors.base import ReleasekitError
from releasekit.errors.failed import LIMIT_REACHED

MEMORY = "memory", "give this job more memory, or raise `ulimit -v`"
PROCESSES = "processes and threads", "raise `ulimit -u` or `ulimit -v`, or the container's limits"
NO_THREAD = "can't start new thread"
LIMITS = {
    errno.EAGAIN: PROCESSES,  # fork(2): the limit was reached
    errno.EFBIG: ("the size of a file", "raise `ulimit -f`"),
    errno.EMFILE: ("open files", "raise `ulimit -n`"),
    errno.ENFILE: ("open files of all processes", "raise the machine's fs.file-max"),
    errno.ENOMEM: MEMORY,
}
"""What is limited, and how to raise it, by the error of a system call."""
SPACE = "space on the disk", "make room"
PROGRAM_LIMITS = LIMITS | {errno.ENOSPC: SPACE, errno.EDQUOT: SPACE}
RUST_ERROR = re.compile(r"^.*\(os error (\d+)\)", re.MULTILINE)
"""How uv and other programs written in Rust give the error of a system call."""
PYTHON_ERROR = re.compile(r"\w*Error: \[Errno (\d+)\] ")
"""How the last line of Python's traceback does."""
FILE = re.compile(r"[`'\"](?P<quoted>/[^`'\"]+)[`'\"]| to (?P<copy>/[^`'\"]+?): ")
"""How both name the file that they could not write: in quotes, or as "copy file from A to B: "."""
NO_ROOM = re.compile(r"failed to map segment|malloc failure|\] ASN1 lib")
"""How the dynamic linker says that an extension module finds no room (glibc 2.36), and OpenSSL 3,
in an SSLError, that it gets no more memory; damaged certificates are refused before."""


def find_limit(raised: BaseException, place: str) -> ReleasekitError | None:
    """Return the limit that an error comes from; None if it comes from none.

    `place` is named where the error names no file. The wrappings are those of build and urllib3;
    what was handled before the error does not count: EAGAIN is ordinary where a pipe is read.
    """
    for cause in find_causes(raised, "exception", "reason"):
        reason = str(cause)
        # SystemError: CPython 3.11, where a C function has no memory for its own error.
        if isinstance(cause, MemoryError | SystemError):
            limited, fix = MEMORY
            reason = "no more memory can be allocated"
        elif isinstance(cause, ImportError | OSError) and NO_ROOM.search(reason):
            limited, fix = MEMORY
        elif isinstance(cause, OSError) and cause.errno in LIMITS:
            limited, fix = LIMITS[cause.errno]
            reason, place = cause.strerror or reason, str(cause.filename or place)
        elif isinstance(cause, RuntimeError) and NO_THREAD in reason:
            limited, fix = PROCESSES
        else:
            continue
        return _reach(limited, place, reason, fix)
    return None


def find_limit_in(output: str, place: str) -> ReleasekitError | None:
    """Return the limit by which a program ended, as it says; None if it says nothing of one.

    The last line counts where it is Python's: a backend may go on after an error.
    """
    last = output.rstrip().rpartition("\n")[2].strip()
    found = [(match[0].strip(), int(match[1])) for match in RUST_ERROR.finditer(output)]
    found += [(last, int(match[1])) for match in (PYTHON_ERROR.match(last),) if match]
    for reason, number in found:
        if number in PROGRAM_LIMITS:
            limited, fix = PROGRAM_LIMITS[number]
            named = FILE.search(reason)
            return _reach(limited, named[named.lastgroup or 0] if named else place, reason, fix)
    if last.partition(":")[0] == "MemoryError" or last == f"RuntimeError: {NO_THREAD}":
        limited, fix = MEMORY if last.startswith("Memory") else PROCESSES
        return _reach(limited, place, last, fix)
    return None


def _reach(limited: str, place: str, reason: str, fix: str) -> ReleasekitError:
    return ReleasekitError(LIMIT_REACHED, limited=limited, place=place, reason=reason, fix=fix)


def find_causes(
    error: BaseException, *wrapped: str, with_context: bool = False
) -> Iterator[BaseException]:
    """Yield an error and all below it, each once: causes, arguments, and what libraries wrap.

    `wrapped` are the attributes in which they keep it. What was handled when an error was raised
    (`__context__`) counts only if that is asked for.
    """
    queue, seen = [error], {id(error)}
    while queue:
        yield (cause := queue.pop(0))
        context = cause.__context__ if with_context else None
        kept = (getattr(cause, name, None) for name in wrapped)
        for found in (cause.__cause__, context, *kept, *cause.args):
            if isinstance(found, BaseException) and id(found) not in seen:
                seen.add(id(found))
                queue.append(found)
