"""The project at one commit, and whether that commit may be released."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from releasekit.errors import ReleasekitError
from releasekit.errors.refused import (
    DIRTY_TREE,
    NO_RELEASE_TAG,
    SHALLOW_CLONE,
    TAG_NOT_ON_HEAD,
    TAGS_DISAGREE,
    TAGS_NAME_NO_VERSION,
)
from releasekit.model.versions import (
    Development,
    History,
    ReleaseTag,
    parse_tag,
    propose_patterns,
    render_tag,
)
from releasekit.plural import list_some

SHOWN = 5


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
        """Return the abbreviated commit id of messages."""
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
        """Tell whether tracked files differ from the commit."""
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
        raise ReleasekitError(TAG_NOT_ON_HEAD, root=root, commit=short, tag=wanted, tags=there)
    names = (wanted,) if wanted is not None else commit.tags
    found = [tag for name in names if (tag := parse_tag(name, patterns))]
    if wanted is not None and not found:
        raise _no_version(commit, (wanted,), patterns)
    if len({Version(tag.version.base_version) for tag in found}) > 1:  # 1.0 and 1.0.0 are one
        tags = ", ".join(tag.name for tag in sorted(found, key=lambda tag: tag.version))
        best = max(found, key=lambda tag: tag.version).name
        raise ReleasekitError(TAGS_DISAGREE, root=root, commit=short, tags=tags, first=best)
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
    if project.tag is None and commit.tags:
        raise _no_version(commit, commit.tags, patterns)
    if project.tag is None:
        raise no_release_tag(commit, patterns)
    if commit.changed:
        raise dirty_tree(commit, f"the tag {project.tag.name}")


def dirty_tree(commit: Commit, source: str) -> ReleasekitError:
    """Return the error for a tree that differs from what is released: a tag, or a commit."""
    files = list_some(commit.changed, SHOWN)
    return ReleasekitError(DIRTY_TREE, root=str(commit.root), files=files, source=source)


def no_release_tag(commit: Commit, patterns: Sequence[str]) -> ReleasekitError:
    """Return the error for a commit without a release tag; a shallow clone may lack its tags."""
    root = str(commit.root)
    if commit.shallow:
        return ReleasekitError(SHALLOW_CLONE, root=root, commit=commit.short)
    tag = render_tag("1.2.3", patterns)
    return ReleasekitError(NO_RELEASE_TAG, root=root, commit=commit.short, tag=tag)


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
        TAGS_NAME_NO_VERSION,
        root=str(commit.root),
        commit=commit.short,
        tags=", ".join(tags),
        why="\n".join(explain_tags(tags, patterns)),
        fix="set that pattern" if proposed else "set `tag` in [tool.releasekit] to your pattern",
        example=render_tag(version, patterns),
    )
