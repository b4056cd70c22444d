"""The errors below an error."""

from __future__ import annotations

from collections.abc import Iterator


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
