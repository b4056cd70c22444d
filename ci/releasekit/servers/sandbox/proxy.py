"""A proxy repository: an upstream's pages rewritten, its files kept."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import ClassVar, TypeVar

from .blobs import BlobStore
from .mediatype import find_media_type
from .pages import render_project
from .repository import Repository
from .upstream import Failed, NotThere, RemoteIndex, RemoteLink, Unreachable, Upstream
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
        self._rules = tuple(re.compile(pattern) for pattern in blocked)
        self._max_age = max_age
        self._blocked_until = 0.0
        self.invalidate()

    def invalidate(self) -> None:
        """Forget what the upstream said, also what it did not have."""
        super().invalidate()
        self._indexes: dict[str, tuple[float, RemoteIndex]] = {}
        self._missing: dict[str, float] = {}
        self._files: dict[str, StoredFile] = {}

    def find_projects(self) -> tuple[str, ...]:
        """Ask the upstream for its names; its order is kept."""
        self.check_online()
        try:
            return self._ask(self._upstream.fetch_projects)
        except NotThere as error:
            raise Refusal(404) from error

    def find_links(self, asked: str) -> tuple[Link, ...]:
        """List an upstream's links, rewritten, in its order."""
        self._check_route(asked)
        project = parse_project(asked)
        return tuple(_rewrite_link(project, link) for link in self._find_index(project).links)

    def project_page(self, asked: str) -> Page:
        """Give a page with the upstream's ETag; its title lacks the last letter, as measured."""
        links = self.find_links(asked)
        project = parse_project(asked)
        index = self._find_index(project)
        title = project[:-1] if asked.endswith("/") else project
        return Page(body=render_project(title, links), modified=index.modified, etag=index.etag)

    def find_file(self, path: str) -> StoredFile:
        """Find a file that was fetched before, or fetch it by the link its index remembers."""
        self._check_route(f"/{path}")
        if path not in self._files:
            self._files[path] = self._fetch_file(path)
        return self._files[path]

    def _check_route(self, asked: str) -> None:
        """Refuse a path that the routing rule blocks, in the spelling that was asked."""
        self.check_online()
        if any(rule.fullmatch(asked) for rule in self._rules):
            raise Refusal(403, "Routing rules block the requested item from this repository")

    def _find_index(self, project: str) -> RemoteIndex:
        """Give a project's index: a fresh one, else the upstream's, else a stale one."""
        fetched, known = self._indexes.get(project, (0.0, None))
        if known is not None and time.monotonic() - fetched < self._max_age:
            return known
        if time.monotonic() - self._missing.get(project, -self._max_age) < self._max_age:
            raise Refusal(404)
        try:
            index = self._ask(lambda: self._fetch_index(project, known))
        except NotThere as error:
            self._missing[project] = time.monotonic()
            raise Refusal(404) from error
        except Refusal:
            if known is None:
                raise
            return known
        self._indexes[project] = (time.monotonic(), index)
        return index

    def _fetch_index(self, project: str, known: RemoteIndex | None) -> RemoteIndex:
        index = self._upstream.fetch_index(project, known)
        name = normalize_name(project)
        # A page without a single file of the project is no index: measured on Nexus 3.30.0-01.
        if not any(normalize_name(link.filename).startswith(name) for link in index.links):
            raise NotThere(project)
        return index

    def _fetch_file(self, path: str) -> StoredFile:
        project, version, filename = [*path.split("/", 3), "", "", ""][1:4]
        link = self._find_link(project, path)
        try:
            return self._ask(lambda: self._keep_file(path, link, (project, version, filename)))
        except NotThere as error:
            raise Refusal(404) from error

    def _find_link(self, project: str, path: str) -> RemoteLink:
        try:
            index = self._find_index(project)
        except Refusal as error:
            raise Refusal(404) from error
        for link in index.links:
            if _rewrite_link(project, link).path == path:
                return link
        raise Refusal(404)

    def _keep_file(self, path: str, link: RemoteLink, names: tuple[str, str, str]) -> StoredFile:
        with self._upstream.fetch_file(link) as remote:
            blob = self._blobs.write(remote.chunks)
        project, version, filename = names
        return StoredFile(
            path=path,
            project=project,
            version=version,
            filename=filename,
            requires_python=link.requires_python,
            media_type=find_media_type(PurePosixPath(filename).name, blob.file),
            blob=blob,
            modified=remote.modified,
            etag=remote.etag,
        )

    def _ask(self, fetch: Callable[[], T]) -> T:
        """Ask the upstream unless it is blocked; a failure blocks it for a while."""
        if time.monotonic() < self._blocked_until:
            raise Refusal(502)
        try:
            return fetch()
        except (Failed, Unreachable) as error:
            self._blocked_until = time.monotonic() + AUTO_BLOCK
            raise Refusal(503 if isinstance(error, Failed) else 502) from error


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
