"""What the three kinds of repositories have in common."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

from .pages import render_project, render_root
from .values import Kind, Link, Page, Refusal, StoredFile, parse_project

ROOT = "/simple/"
FROZEN = "Nexus Repository Manager is in read-only mode"


class Repository(ABC):
    """A named repository that lists projects, links and files.

    `offline` and `frozen` are faults; a frozen one serves no page that it has not served before.
    """

    kind: ClassVar[Kind]

    def __init__(self, name: str) -> None:
        self.name = name
        self.offline = False
        self.frozen = False
        self._lock = threading.RLock()
        self._pages: dict[str, Page] = {}

    @abstractmethod
    def find_projects(self) -> tuple[str, ...]:
        """List the names of all projects."""

    @abstractmethod
    def find_links(self, path: str) -> tuple[Link, ...]:
        """List the links of the project page at this path, in the spelling of the request."""

    @abstractmethod
    def find_file(self, path: str) -> StoredFile:
        """Find the file at this path."""

    def root_page(self) -> Page:
        """Give the page that lists all projects."""
        return self._keep(ROOT, lambda: render_root(self.find_projects()))

    def project_page(self, path: str) -> Page:
        """Give the page of one project."""
        return self._keep(path, lambda: render_project(parse_project(path), self.find_links(path)))

    def check_online(self) -> None:
        """Refuse everything while the repository is offline."""
        if self.offline:
            raise Refusal(503, "Repository offline")

    def invalidate(self) -> None:
        """Forget the pages that were made."""
        with self._lock:
            self._pages.clear()

    def _keep(self, path: str, render: Callable[[], bytes]) -> Page:
        """Give a page that was made before, or make it and keep it, with the time."""
        with self._lock:
            kept = self._pages.get(name_page(path))
            return kept or self._make(path, render())

    def _make(self, path: str, body: bytes) -> Page:
        """Keep a new page, unless nothing may be written."""
        if self.frozen:
            raise Refusal(503, FROZEN)
        page = self._pages[name_page(path)] = Page(body=body, modified=time.time())
        return page


def name_page(path: str) -> str:
    """Give the one name of a page whose path may end with a slash or without."""
    return f"{path.rstrip('/')}/"
