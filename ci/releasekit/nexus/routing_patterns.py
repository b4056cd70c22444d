"""The organisation's own names, as the patterns of a routing rule.

A rule of Nexus matches the whole path below the repository, as it was requested and decoded, with
the query behind it: docs/nexus-behaviour.md#routing-rules. The patterns are Java's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

SEPARATORS = re.compile("[-_.]+")


def block_patterns(own_names: Iterable[str]) -> tuple[str, ...]:
    """Return a pattern for each name, in every spelling that means it (PEP 503), sorted."""
    return tuple(sorted({_pattern(name) for name in own_names}))


def _pattern(name: str) -> str:
    spelled = SEPARATORS.sub("[-_.]+", name.lower()).replace("*", "[^/?]*")
    return rf"(?is)/(?:simple|packages)/{spelled}(?:[/?].*)?"
