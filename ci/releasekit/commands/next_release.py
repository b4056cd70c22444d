"""What is due to be released, as far as it can be known before a tag and a build."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.utils import NormalizedName
from packaging.version import Version

from releasekit import git
from releasekit.archives import read_dist
from releasekit.context import NexusContext
from releasekit.errors import ReleasekitError
from releasekit.inspect.static_metadata import read_declared
from releasekit.model.dists import Dist, NotADistError, parse_filename
from releasekit.model.project import find_release_tag
from releasekit.workspace import check_file, list_folder


@dataclass(frozen=True, kw_only=True, slots=True)
class NextRelease:
    """A name and a version, None where they are not known yet; and the dists of that version."""

    name: NormalizedName | None
    version: Version | None
    dists: tuple[Dist, ...] = ()


def find_next_release(ctx: NexusContext) -> NextRelease:
    """Find the name in files, the version in the tag on HEAD, the dists in dist/."""
    declared = read_declared(ctx.root)
    built = tuple(_read_dists(ctx))
    names = {dist.named.name for dist in built}
    name = declared.name or (names.pop() if len(names) == 1 else None)
    version = _read_tag(ctx) or declared.version
    dists = (d for d in built if (d.named.name, d.named.version) == (name, version))
    return NextRelease(name=name, version=version, dists=tuple(dists))


def _read_tag(ctx: NexusContext) -> Version | None:
    """Read the release tag on HEAD; a release says what is wrong with tags, and with git."""
    with contextlib.suppress(ReleasekitError):
        commit = git.read_commit(ctx.root, ctx.network.git_environ)
        wanted = ctx.environ.get("RELEASEKIT_TAG") or None
        tag = find_release_tag(commit, ctx.settings.tag_patterns, wanted)
        return tag.version if tag else None
    return None


def _read_dists(ctx: NexusContext) -> Iterator[Dist]:
    for path in list_folder(ctx.root / "dist", "*", root=ctx.root):
        with contextlib.suppress(NotADistError, OSError):
            parse_filename(path.name)
            yield read_dist(check_file(path, root=ctx.root))
