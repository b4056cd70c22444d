"""Release tags and the versions they name (PEP 440)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from packaging.version import Version

DEFAULT_PATTERNS = ("v{version}", "{version}")
"""With or without the v; the first is the one that messages suggest."""
PLACE = re.compile(r"\{version(?::([-_]{1,2}|[.,/]))?\}")
"""Where a pattern has the version; {version:_} stands for 1_2_3."""
VERSION_LIKE = (
    r"\d+(?:{0}\d+)+(?:[-_.]?(?:alpha|beta|a|b|c|rc|preview|pre|post|rev|r|dev)[-_.]?\d+)*"
    r"(?:\+[\w.]+)?(?![A-Za-z\d]|\.[xX])"
)
"""A version in a tag (PEP 440, appendix B), with {0} between the numbers."""


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
    for before, separator, after in map(split_pattern, patterns):
        match = re.fullmatch(f"{re.escape(before)}(.+){re.escape(after)}", name)
        try:
            # A digit first: PEP 440 itself would read "v1.0" of the pattern "{version}".
            if match and match[1][0].isdigit():
                return ReleaseTag(name=name, version=Version(_put_dots(match[1], separator)))
        except ValueError:  # InvalidVersion, or too many digits
            continue
    return None


def split_pattern(pattern: str) -> tuple[str, str, str]:
    """Return what stands before the version, between its numbers, and after it."""
    before, separator, after = PLACE.split(pattern)
    return before, separator or ".", after


def _put_dots(text: str, separator: str) -> str:
    public, plus, local = text.partition("+")
    if separator == ".":
        return text
    if "." in public:
        raise ValueError(f"the numbers in {text} have dots between them")
    return public.replace(separator, ".") + plus + local


def propose_patterns(names: Sequence[str]) -> dict[str, ReleaseTag]:
    """Return patterns by which tags would name versions, each with the tag that shows it."""
    found: dict[str, ReleaseTag] = {}
    for name in names:
        for before, separator, after in _find_versions(name):
            place = "{version}" if separator == "." else f"{{version:{separator}}}"
            if tag := parse_tag(name, (f"{before}{place}{after}",)):
                found.setdefault(f"{before}{place}{after}", tag)
                break
    return found


def _find_versions(name: str) -> Iterator[tuple[str, str, str]]:
    """Yield what stands before, between the numbers of, and after what may be the version in a tag.

    The likeliest is first.
    """
    starts = [match.start() for match in re.finditer(r"(?<!\d)\d", name)]
    starts.sort(key=lambda start: _is_in_a_word(name, start))
    for start in starts:
        for separator in "._-":
            like = re.compile(VERSION_LIKE.format(re.escape(separator)))
            if match := like.match(name, start):
                yield name[:start], separator, name[match.end() :]
    if match := re.search(r"(?<=[-_/.])\d+$", name):
        yield name[: match.start()], ".", ""


def _is_in_a_word(name: str, start: int) -> bool:
    """Tell whether a number ends a word, as in demo2-1.0; a v is no word."""
    return re.search(r"(?:^|[^A-Za-z])[vV]?$", name[:start]) is None


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
    before, separator, after = split_pattern(patterns[0])
    public, plus, local = version.partition("+")
    return f"{before}{public.replace('.', separator)}{plus}{local}{after}"
