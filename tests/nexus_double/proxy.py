"""A proxy repository: an upstream's pages rewritten, its files kept."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import ClassVar, TypeVar

from .blobs import BlobStore
from .mediatype import check_content, find_media_type
from .pages import render_project, render_root
from .repository import Repository
from .upstream import Failed, NotThere, RemoteIndex, RemoteLink, RemoteRoot, Unreachable, Upstream
from .values import Kind, Link, Page, Refusal, StoredFile, normalize_name, parse_project

T = TypeVar("T")
# Measured on Nexus 3.30.0-01: an upstream that failed is asked again after so many seconds.
AUTO_BLOCK = 40.5


class Proxy(Repository):
    """An upstream behind a cache, a negative cache, auto-blocking and a routing rule."""

    kind: ClassVar[Kind] = "proxy"

    def __init__(
        self,
        *,
        name: str,
        upstream: Upstream,
        blobs: BlobStore,
        blocked: Sequence[str],
        max_age: float,
    ) -> None:
        super().__init__(name)
        self._upstream = upstream
        self._blobs = blobs
        self.block(*blocked)
        self._max_age = max_age
        self._blocked_until = 0.0
        self._root: tuple[float, RemoteRoot] | None = None
        self._indexes: dict[str, tuple[float, RemoteIndex]] = {}
        self._files: dict[str, StoredFile] = {}
        self._missing: set[str] = set()
        self._checked_after = 0.0

    def block(self, *patterns: str) -> None:
        """Set the routing rule: the paths that are refused."""
        self._rules = tuple(map(re.compile, patterns))

    def invalidate(self) -> None:
        """Forget what the upstream did not have, and ask again for what it had.

        What it does not give again is served on: measured on Nexus 3.30.0-01.
        """
        super().invalidate()
        self._missing.clear()
        self._checked_after = time.monotonic()

    def find_projects(self) -> tuple[str, ...]:
        """List an upstream's names in its order."""
        return self._find_root().names

    def root_page(self) -> Page:
        """Give the root with the upstream's ETag."""
        root = self._find_root()
        return Page(body=render_root(root.names), modified=root.modified, etag=root.etag)

    def find_links(self, path: str) -> tuple[Link, ...]:
        """List an upstream's links, rewritten, in its order."""
        self._check_route(path)
        project = parse_project(path)
        return _rewrite_links(project, self._find_index(project))

    def project_page(self, path: str) -> Page:
        """Give a page with the upstream's ETag; its title lacks the last letter, as measured."""
        self._check_route(path)
        project = parse_project(path)
        index = self._find_index(project)
        body = render_project(project[:-1], _rewrite_links(project, index))
        return Page(body=body, modified=index.modified, etag=index.etag)

    def find_file(self, path: str) -> StoredFile:
        """Find a file that was fetched before, or fetch it by the link its index remembers."""
        self._check_route(f"/{path}")
        if path not in self._files:
            # For a signature the server fetches the signed file, and then refuses it.
            link = self._find_link(path.removesuffix(".asc"))
            self._files[path] = self._remember_missing(path, lambda: self._fetch_file(path, link))
        return self._files[path]

    def _check_route(self, path: str) -> None:
        """Refuse a path that the routing rule blocks, in the spelling of the request."""
        if any(rule.fullmatch(path) for rule in self._rules):
            raise Refusal(403, "Routing rules block the requested item from this repository")

    def _find_root(self) -> RemoteRoot:
        """Give the list of projects: a fresh one, else the upstream's, else a stale one."""
        if self._root is not None and self._is_fresh(self._root[0]):
            return self._root[1]
        known = self._root[1] if self._root else None
        try:
            root = self._ask(lambda: self._upstream.fetch_root(known))
        except (NotThere, Refusal) as error:
            if known is not None:
                return known
            raise (error if isinstance(error, Refusal) else Refusal(404)) from error
        self._root = (time.monotonic(), root)
        return root

    def _find_index(self, project: str) -> RemoteIndex:
        """Give a project's index: a fresh one, else the upstream's, else a stale one."""
        fetched, known = self._indexes.get(project, (0.0, None))
        if known is not None and self._is_fresh(fetched):
            return known
        try:
            index = self._remember_missing(project, lambda: self._fetch_index(project, known))
        except Refusal:
            if known is None:
                raise
            return known
        self._indexes[project] = (time.monotonic(), index)
        return index

    def _find_known(self, project: str) -> RemoteIndex | None:
        """Give the index that is remembered, however old it is."""
        return self._indexes[project][1] if project in self._indexes else None

    def _is_fresh(self, fetched: float) -> bool:
        return fetched > self._checked_after and time.monotonic() - fetched < self._max_age

    def _remember_missing(self, name: str, fetch: Callable[[], T]) -> T:
        """Fetch a page or a file; what the upstream does not have is not fetched again."""
        if name in self._missing:
            raise Refusal(404)
        try:
            return self._ask(fetch)
        except NotThere as error:
            self._missing.add(name)
            raise Refusal(404) from error

    def _fetch_index(self, project: str, known: RemoteIndex | None) -> RemoteIndex:
        index = self._upstream.fetch_index(project, known)
        name = normalize_name(project)
        # A page without a single file of the project is no index: measured on Nexus 3.30.0-01.
        if not any(normalize_name(link.filename).startswith(name) for link in index.links):
            raise NotThere(project)
        return index

    def _find_link(self, path: str) -> RemoteLink:
        """Find the link of a file in its project's index, which must be readable."""
        project = [*path.split("/"), ""][1]
        try:
            index = self._find_known(project) or self._find_index(project)
        except Refusal as error:
            raise Refusal(404) from error
        found = [link for link in index.links if _rewrite_link(project, link).path == path]
        if not found:
            raise Refusal(404)
        return found[0]

    def _fetch_file(self, path: str, link: RemoteLink) -> StoredFile:
        with self._upstream.fetch_file(link) as remote:
            blob = self._blobs.write(remote.chunks)
        check_content(path, blob.file)
        project, version, filename = path.split("/", 3)[1:]
        return StoredFile(
            path=path,
            project=project,
            version=version,
            filename=filename,
            requires_python=link.requires_python,
            media_type=find_media_type(filename, blob.file),
            blob=blob,
            modified=remote.modified,
            etag=remote.etag,
        )

    def _ask(self, fetch: Callable[[], T]) -> T:
        """Ask the upstream unless it is blocked; a failure blocks it for a while.

        What cannot be stored cannot be fetched either: measured on Nexus 3.30.0-01.
        """
        if time.monotonic() < self._blocked_until:
            raise Refusal(502)
        try:
            found = fetch()
        except (Failed, Unreachable) as error:
            self._blocked_until = time.monotonic() + AUTO_BLOCK
            raise Refusal(503 if isinstance(error, Failed) else 502) from error
        if self.frozen:
            raise Refusal(502)
        return found


def _rewrite_links(project: str, index: RemoteIndex) -> tuple[Link, ...]:
    return tuple(_rewrite_link(project, link) for link in index.links)


def _rewrite_link(project: str, link: RemoteLink) -> Link:
    return Link(
        path=f"packages/{project}/{parse_version(link.filename)}/{link.filename}",
        filename=link.filename,
        fragment=link.fragment,
        requires_python=link.requires_python,
    )


def parse_version(filename: str) -> str:
    """Cut the version from a file name the way the server does, right or wrong."""
    if filename.endswith(".whl"):
        return [*filename.split("-"), ""][1]
    stem = re.sub(r"(\.tar)?\.[A-Za-z][A-Za-z0-9]*$", "", filename)
    # Measured on Nexus 3.30.0-01: ExtLib_odd.tar.gz has the version xtLib_odd.
    return stem.rpartition("-")[2] if "-" in stem else stem[1:]
