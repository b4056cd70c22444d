"""Status 3, failed: a limit of this machine, whatever it was that met it."""

import errno
import re
from collections.abc import Iterator

from releasekit.errors import ReleasekitError
from releasekit.errors.failed import LIMIT_REACHED

Limit = tuple[str, str]  # what is limited, and how to raise it
MEMORY = "memory", "give this job more memory, or raise `ulimit -v`"
PROCESSES = "processes and threads", "raise `ulimit -u` or `ulimit -v`, or the container's limits"
SPACE = "space on the disk", "free some of it"
NO_THREAD = "can't start new thread"
LIMITS = {
    errno.EAGAIN: PROCESSES,  # fork(2): the limit was reached
    errno.EFBIG: ("the size of a file", "raise `ulimit -f`"),
    errno.EMFILE: ("open files", "raise `ulimit -n`"),
    errno.ENFILE: ("open files of all processes", "raise the machine's fs.file-max"),
    errno.ENOMEM: MEMORY,
}
FILE = re.compile(r"[`'\"](?P<quoted>/[^`'\"]+)[`'\"]| to (?P<copy>/[^`'\"]+?): ")
"""How programs name the file that they could not write: quoted, or after "copy file from A to"."""
NO_MEMORY = re.compile(r"failed to map segment|malloc failure|\] ASN1 lib")
"""How the dynamic linker says that there is no memory for an extension module (glibc 2.36), and
OpenSSL 3, in an SSLError, that it gets no more; damaged certificates are refused before."""


def find_limit(raised: BaseException, place: str) -> ReleasekitError | None:
    """Return the limit that an error comes from; None if it comes from none.

    `place` is named where the error names no file. The wrappings are those of build and urllib3;
    what was handled before the error does not count: EAGAIN is ordinary where a pipe is read.
    """
    for cause in find_causes(raised, "exception", "reason"):
        reason = str(cause)
        # SystemError: CPython 3.11, where a C function has no memory for its own error.
        if isinstance(cause, MemoryError | SystemError):
            return _reach(MEMORY, place, "no more memory can be allocated")
        if isinstance(cause, ImportError | OSError) and NO_MEMORY.search(reason):
            return _reach(MEMORY, place, reason)
        if isinstance(cause, OSError) and cause.errno in LIMITS:
            place = str(cause.filename or place)
            return _reach(LIMITS[cause.errno], place, cause.strerror or reason)
        if isinstance(cause, RuntimeError) and NO_THREAD in reason:
            return _reach(PROCESSES, place, reason)
    return None


def refuse_limit(output: str, place: str) -> None:
    """Raise LIMIT_REACHED for a program that ended by a limit, as it says.

    The last line counts where it is Python's: a backend may go on after an error.
    """
    last = output.rstrip().rpartition("\n")[2].strip()
    of_rust = re.finditer(r"^.*\(os error (\d+)\)", output, re.MULTILINE)  # uv, and others
    of_python = re.finditer(r"^\w*Error: \[Errno (\d+)\] .*", last)
    limits = LIMITS | {errno.ENOSPC: SPACE, errno.EDQUOT: SPACE}
    for found in (*of_rust, *of_python):
        if limit := limits.get(int(found[1])):
            file = FILE.search(found[0])
            place = file[file.lastgroup or 0] if file else place
            raise _reach(limit, place, found[0].strip())
    if last.partition(":")[0] == "MemoryError":
        raise _reach(MEMORY, place, last)
    if last == f"RuntimeError: {NO_THREAD}":
        raise _reach(PROCESSES, place, last)


def _reach(limit: Limit, place: str, reason: str) -> ReleasekitError:
    limited, fix = limit
    return ReleasekitError(LIMIT_REACHED, limited=limited, place=place, reason=reason, fix=fix)


def find_causes(
    error: BaseException, *wrapped: str, with_context: bool = False
) -> Iterator[BaseException]:
    """Yield an error and all below it, each once: causes, arguments, and what libraries wrap.

    `wrapped` are the attributes in which they keep it. What was handled when an error was raised
    (`__context__`) counts only `with_context`.
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
