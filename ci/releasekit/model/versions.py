"""Release tags and the versions they name (PEP 440)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from packaging.version import Version

DEFAULT_PATTERNS = ("v{version}", "{version}")
"""With or without the v; the first is the one that messages suggest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseTag:
    """A git tag and the version it names."""

    name: str
    version: Version


class DifferentVersionsError(ValueError):
    """Raised by `choose_tag` with the tags that disagree."""

    def __init__(self, tags: Sequence[ReleaseTag]) -> None:
        super().__init__(", ".join(tag.name for tag in tags))


def parse_tag(name: str, patterns: Sequence[str]) -> ReleaseTag | None:
    """Return the version that a tag names after the first pattern that fits, or None."""
    for pattern in patterns:
        before, after = pattern.split("{version}")
        match = re.fullmatch(f"{re.escape(before)}(.+){re.escape(after)}", name)
        try:
            # A digit first: PEP 440 itself would read "v1.0" of the pattern "{version}".
            if match and match[1][0].isdigit():
                return ReleaseTag(name=name, version=Version(match[1]))
        except ValueError:  # InvalidVersion, or too many digits
            continue
    return None


def choose_tag(tags: Sequence[ReleaseTag]) -> ReleaseTag | None:
    """Return the one tag to release, or None where there is none.

    A candidate and its final version on one commit are everyday: the highest version wins. So do
    two spellings of one version. Tags of different releases raise DifferentVersionsError.
    """
    if len({Version(tag.version.base_version) for tag in tags}) > 1:  # 1.0 and 1.0.0 are one
        raise DifferentVersionsError(sorted(tags, key=lambda tag: tag.version))
    return max(tags, key=lambda tag: (tag.version, tag.name), default=None)


def render_tag(version: str, patterns: Sequence[str]) -> str:
    """Return the tag that the first pattern gives a version."""
    return patterns[0].replace("{version}", version)
