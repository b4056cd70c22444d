"""A project at one commit: its release tags, its version (PEP 440), and if it may be released."""

import contextlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from releasekit.errors import ReleasekitError, refused
from releasekit.plural import list_some, plural

DEFAULT_PATTERNS = ("v{version}", "{version}")  # messages suggest the first
SHOWN = 5  # names in one message
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
        public, plus, local = match[1].partition("+") if match else ("", "", "")
        if public[:1].isdigit() and (separator == "." or "." not in public):
            with contextlib.suppress(ValueError):  # InvalidVersion, or too many digits
                return ReleaseTag(
                    name=name, version=Version(public.replace(separator, ".") + plus + local)
                )
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
        *tables, key = self.keys
        return f"{key} in [{'.'.join(tables)}] of {self.file}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Development:
    """A development version, and what it was made from."""

    stated: StatedVersion
    history: History

    @property
    def version(self) -> Version:
        """Return the stated version with .devN, or else the version after the last release.

        It is the same for the same commit, and above the last release, as with setuptools-scm
        (`guess-next-dev`) and dunamai (`bump`): the next patch, or the next candidate after a
        candidate.
        """
        number = f".dev{self.history.commits}"
        found = Version(re.sub(r"\.dev\d+$", "", self.stated.version.public) + number)
        last = self.history.last.version if self.history.last else None
        if last is None or found > last:
            return found
        numbers, suffix = list(last.release), ""
        if last.pre:  # 1.0.dev5 is below 1.0rc1
            suffix = f"{last.pre[0]}{last.pre[1] + 1}"
        else:
            numbers += [0] * (3 - len(numbers))
            numbers[-1] += 1
        return Version(f"{last.epoch}!{'.'.join(map(str, numbers))}{suffix}{number}")

    def describe(self) -> str:
        last = self.history.last
        since = f"since {last.name}" if last else "and no release tag yet"
        commits = plural(self.history.commits, "commit")
        return f"{self.version} ({self.stated.version} in {self.stated.file}, {commits} {since})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """What git says of the commit that is checked out, at the top directory of its repository.

    The time is the committer's, in seconds since the epoch: SOURCE_DATE_EPOCH of the build. Changed
    are tracked files that differ from the commit; untracked files never get into a build.
    """

    root: Path
    sha: str
    time: int
    tags: tuple[str, ...]
    changed: tuple[str, ...]
    shallow: bool

    @property
    def short(self) -> str:
        return self.sha[:10]


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """A project directory at a commit, with its release tag if it has one.

    Where no tag names what is built, the history says what the commit comes after, and the
    development version is written into the checkout; None if the build backend makes it.
    """

    root: Path
    commit: Commit
    tag: ReleaseTag | None
    history: History | None = None
    development: Development | None = None

    @property
    def dirty(self) -> bool:
        return bool(self.commit.changed)

    @property
    def released_as(self) -> ReleaseTag | None:
        """Return the tag that names what is built; none names a changed tree."""
        return None if self.dirty else self.tag


def find_release_tag(
    commit: Commit, patterns: Sequence[str], wanted: str | None = None
) -> ReleaseTag | None:
    """Return the release tag on a commit, or None; `wanted` names one (--tag).

    A candidate and its final version on one commit are everyday: the highest version wins. So do
    two spellings of one version. Raises TAGS_DISAGREE for tags of different releases,
    TAG_NOT_ON_HEAD, and TAGS_NAME_NO_VERSION for a wanted tag alone.
    """
    root, short = str(commit.root), commit.short
    if wanted is not None and wanted not in commit.tags:
        there = ", ".join(commit.tags) or "none"
        raise ReleasekitError(
            refused.TAG_NOT_ON_HEAD, root=root, commit=short, tag=wanted, tags=there
        )
    names = (wanted,) if wanted is not None else commit.tags
    found = [tag for name in names if (tag := parse_tag(name, patterns))]
    if wanted is not None and not found:
        raise _no_version(commit, (wanted,), patterns)
    if len({Version(tag.version.base_version) for tag in found}) > 1:  # 1.0 and 1.0.0 are one
        tags = ", ".join(tag.name for tag in sorted(found, key=lambda tag: tag.version))
        best = max(found, key=lambda tag: tag.version).name
        raise ReleasekitError(refused.TAGS_DISAGREE, root=root, commit=short, tags=tags, first=best)
    return max(found, key=lambda tag: (tag.version, tag.name), default=None)


def find_rival_tags(project: Project, patterns: Sequence[str]) -> tuple[str, ...]:
    """Return the tags on HEAD that name another version than the one that is released.

    A candidate and its final version share a commit; a backend that asks git has to find the
    chosen one.
    """
    if project.released_as is None:
        return ()
    tags = (parse_tag(name, patterns) for name in project.commit.tags)
    return tuple(tag.name for tag in tags if tag and tag.version != project.released_as.version)


def refuse_unreleasable(project: Project, patterns: Sequence[str]) -> None:
    """Refuse what no real index may get: a commit without a release tag, a changed tree.

    Raises NO_RELEASE_TAG, TAGS_NAME_NO_VERSION and DIRTY_TREE.
    """
    commit = project.commit
    if project.tag is None:
        tags = commit.tags
        raise _no_version(commit, tags, patterns) if tags else no_release_tag(commit, patterns)
    if commit.changed:
        raise dirty_tree(commit, f"the tag {project.tag.name}")


def dirty_tree(commit: Commit, source: str) -> ReleasekitError:
    """Return the error for a tree that differs from what is released: a tag, or a commit."""
    return ReleasekitError(
        refused.DIRTY_TREE,
        root=str(commit.root),
        files=list_some(commit.changed, SHOWN),
        source=source,
    )


def no_release_tag(commit: Commit, patterns: Sequence[str]) -> ReleasekitError:
    """Return the error for a commit without a release tag; a shallow clone may lack its tags."""
    root, short = str(commit.root), commit.short
    if commit.shallow:
        return ReleasekitError(refused.SHALLOW_CLONE, root=root, commit=short)
    return ReleasekitError(
        refused.NO_RELEASE_TAG, root=root, commit=short, tag=render_tag("1.2.3", patterns)
    )


def explain_tags(tags: Sequence[str], patterns: Sequence[str]) -> tuple[str, ...]:
    """Return why tags are no release tags, and by which patterns they would be; for none nothing.

    The key `tag` is one pattern: of several tags, who releases knows which are meant.
    """
    if not tags:
        return ()
    return (
        f"{list_some(tags, SHOWN)}: no match for {' or '.join(patterns)}",
        *(
            f"tag = {json.dumps(pattern, ensure_ascii=False)} in [tool.releasekit] "
            f"makes {tag.name} the version {tag.version}"
            for pattern, tag in list(propose_patterns(tags).items())[:SHOWN]
        ),
    )


def _no_version(commit: Commit, tags: Sequence[str], patterns: Sequence[str]) -> ReleasekitError:
    proposed = propose_patterns(tags)
    version = next((str(tag.version) for tag in proposed.values()), "1.2.3")
    return ReleasekitError(
        refused.TAGS_NAME_NO_VERSION,
        root=str(commit.root),
        commit=commit.short,
        tags=", ".join(tags),
        why="\n".join(explain_tags(tags, patterns)),
        fix="set that pattern" if proposed else "set `tag` in [tool.releasekit] to your pattern",
        example=render_tag(version, patterns),
    )
