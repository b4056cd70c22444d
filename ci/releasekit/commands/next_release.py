"""What is due to be released, as far as it can be known before a tag and a build."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from packaging.utils import NormalizedName
from packaging.version import Version

from releasekit import git
from releasekit.archives import read_dist
from releasekit.context import NexusContext
from releasekit.doctor import probe
from releasekit.doctor.facts import Answer, NameFacts, VersionFacts
from releasekit.doctor.release import CONTROL
from releasekit.errors import ReleasekitError
from releasekit.index.layouts import simple_url
from releasekit.inspect.static_metadata import read_declared
from releasekit.model.dists import Dist, NotADistError, parse_filename
from releasekit.model.plan import compare
from releasekit.model.project import find_release_tag
from releasekit.model.simple_page import ProjectPage
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


def read_name(
    user: probe.Visitor,
    admin: probe.Visitor,
    proxy_url: str,
    release: NextRelease,
    control: Answer | None,
) -> NameFacts:
    """Ask the proxy for the project's page."""
    if release.name is None:
        return NameFacts(name=None)
    url = f"{simple_url(proxy_url)}{release.name}/"
    answer, page = _read_page(user, admin, url)
    return NameFacts(name=release.name, answer=answer, files=len(page.files), control=control)


def read_control(user: probe.Visitor, admin: probe.Visitor, proxy_url: str) -> Answer:
    """Ask the proxy for a project that every public index has; a page without files is none."""
    url = f"{simple_url(proxy_url)}{CONTROL}/"
    answer, page = _read_page(user, admin, url)
    return answer if page.files or answer.status != 200 else replace(answer, is_foreign=True)


def read_version(
    user: probe.Visitor,
    admin: probe.Visitor,
    hosted_url: str,
    release: NextRelease,
    *,
    is_hosted: bool,
) -> VersionFacts:
    """Read what the hosted repository has of the version, and compare what is built with it."""
    if release.name is None or release.version is None:
        return VersionFacts(version=None)
    url = f"{simple_url(hosted_url)}{release.name}/"
    answer, page = _read_page(user, admin, url)
    published = tuple(f.filename for f in page.files if _is_of(f.filename, release.version))
    plan = compare(release.dists, page, url=hosted_url) if release.dists else None
    return VersionFacts(
        version=release.version, answer=answer, is_hosted=is_hosted, published=published, plan=plan
    )


def _read_page(user: probe.Visitor, admin: probe.Visitor, url: str) -> tuple[Answer, ProjectPage]:
    """Read a project's page as the publisher; as the administrator if that user may not."""
    answer, page = probe.read_project(user, url)
    if answer.status in (401, 403) and admin is not user:
        return probe.read_project(admin, url)
    return answer, page


def _is_of(filename: str, version: Version) -> bool:
    with contextlib.suppress(NotADistError):
        return parse_filename(filename).version == version
    return False
