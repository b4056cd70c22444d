"""Release tags, the versions that they name, and development versions between them (PEP 440)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from packaging.version import Version

from releasekit.plural import plural

DEFAULT_PATTERNS = ("v{version}", "{version}")  # messages suggest the first
# Where a pattern has the version; {version:_} stands for 1_2_3.
PLACE = re.compile(r"\{version(?::([-_]{1,2}|[.,/]))?\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseTag:
    """A git tag and the version it names."""

    name: str
    version: Version


def parse_tag(name: str, patterns: Sequence[str]) -> ReleaseTag | None:
    """Return the version that a tag names after the first pattern that fits, or None."""
    for before, separator, after in map(split_pattern, patterns):
        match = re.fullmatch(f"{re.escape(before)}(.+){re.escape(after)}", name)
        # A digit first: PEP 440 itself would read "v1.0" of the pattern "{version}".
        if match is None or not match[1][0].isdigit():
            continue
        public, plus, local = match[1].partition("+")
        if separator != "." and "." in public:
            continue
        try:
            version = Version(public.replace(separator, ".") + plus + local)
        except ValueError:  # InvalidVersion, or too many digits
            continue
        return ReleaseTag(name=name, version=version)
    return None


def split_pattern(pattern: str) -> tuple[str, str, str]:
    """Return what stands before the version, between its numbers, and after it."""
    before, separator, after = PLACE.split(pattern)
    return before, separator or ".", after


def render_tag(version: str, patterns: Sequence[str]) -> str:
    """Return the tag that the first pattern gives a version."""
    before, separator, after = split_pattern(patterns[0])
    public, plus, local = version.partition("+")
    return f"{before}{public.replace('.', separator)}{plus}{local}{after}"


def propose_patterns(names: Sequence[str]) -> dict[str, ReleaseTag]:
    """Return patterns by which tags would name versions, each with the tag that shows it."""
    found: dict[str, ReleaseTag] = {}
    for name in names:
        for pattern in _guess_patterns(name):
            if tag := parse_tag(name, (pattern,)):
                found.setdefault(pattern, tag)
                break
    return found


def _guess_patterns(name: str) -> Iterator[str]:
    """Yield patterns for what may be the version in a tag, the likeliest first."""
    starts = [match.start() for match in re.finditer(r"(?<!\d)\d", name)]
    # Last come numbers that end a word, as in demo2-1.0; a v is no word.
    starts.sort(key=lambda start: not re.search(r"(?:^|[^A-Za-z])[vV]?$", name[:start]))
    for start in starts:
        for separator, place in ((".", "{version}"), ("_", "{version:_}"), ("-", "{version:-}")):
            # A version as PEP 440 has it (appendix B), with the separator between its numbers.
            like = re.compile(
                rf"\d+(?:{re.escape(separator)}\d+)+"
                r"(?:[-_.]?(?:alpha|beta|a|b|c|rc|preview|pre|post|rev|r|dev)[-_.]?\d+)*"
                r"(?:\+[\w.]+)?(?![A-Za-z\d]|\.[xX])"
            )
            if match := like.match(name, start):
                yield f"{name[:start]}{place}{name[match.end() :]}"
    if match := re.search(r"(?<=[-_/.])\d+$", name):
        yield f"{name[: match.start()]}{{version}}"


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """What a commit comes after.

    The last release is the nearest release tag among the commits that it is made of; a .devN is no
    release. Commits are counted since then, or since the beginning. The clone may have tags at all.
    """

    last: ReleaseTag | None
    commits: int
    has_tags: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class StatedVersion:
    """A version that stands in a file where it can be written anew.

    The keys are the tables and the key, or section and option.
    """

    file: str
    keys: tuple[str, ...]
    version: Version

    @property
    def place(self) -> str:
        """Return the key and the file, as a sentence names them."""
        *tables, key = self.keys
        return f"{key} in [{'.'.join(tables)}] of {self.file}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Development:
    """A development version, and what it was made from."""

    stated: StatedVersion
    history: History

    @property
    def version(self) -> Version:
        """Return the version: the same one for the same commit."""
        return next_version(self.stated.version, self.history)

    def describe(self) -> str:
        """Return the version, and what it counts."""
        last = self.history.last
        since = f"since {last.name}" if last else "and no release tag yet"
        counted = f"{plural(self.history.commits, 'commit')} {since}"
        return f"{self.version} ({self.stated.version} in {self.stated.file}, {counted})"


def next_version(stated: Version, history: History) -> Version:
    """Return the stated version with .devN, or else the version after the last release.

    It is above the last release, as with setuptools-scm (`guess-next-dev`) and dunamai (`bump`):
    the next patch, or the next candidate after a candidate.
    """
    number = f".dev{history.commits}"
    found = Version(re.sub(r"\.dev\d+$", "", stated.public) + number)
    last = history.last.version if history.last else None
    if last is None or found > last:
        return found
    numbers, suffix = list(last.release), ""
    if last.pre:  # 1.0.dev5 is below 1.0rc1
        suffix = f"{last.pre[0]}{last.pre[1] + 1}"
    else:
        numbers += [0] * (3 - len(numbers))
        numbers[-1] += 1
    return Version(f"{last.epoch}!{'.'.join(map(str, numbers))}{suffix}{number}")
