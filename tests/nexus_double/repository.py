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
    def find_links(self, asked: str) -> tuple[Link, ...]:
        """List the links of the project page at this path, as it was asked."""

    @abstractmethod
    def find_file(self, path: str) -> StoredFile:
        """Find the file at this path."""

    def root_page(self) -> Page:
        """Give the page that lists all projects."""
        return self._keep(ROOT, lambda: render_root(self.find_projects()))

    def project_page(self, asked: str) -> Page:
        """Give the page of one project."""
        return self._keep(
            asked, lambda: render_project(parse_project(asked), self.find_links(asked))
        )

    def check_online(self) -> None:
        """Refuse everything while the repository is offline."""
        if self.offline:
            raise Refusal(503, "Repository offline")

    def invalidate(self) -> None:
        """Forget the pages that were made."""
        with self._lock:
            self._pages.clear()

    def _keep(self, asked: str, render: Callable[[], bytes]) -> Page:
        """Give a page that was made before, or make it and keep it, with the time."""
        with self._lock:
            kept = self._pages.get(name_page(asked))
            return kept or self._make(asked, render())

    def _make(self, asked: str, body: bytes) -> Page:
        """Keep a new page, unless nothing may be written."""
        if self.frozen:
            raise Refusal(503, FROZEN)
        page = self._pages[name_page(asked)] = Page(body=body, modified=time.time())
        return page


def name_page(asked: str) -> str:
    """Give the one name of a page that may be asked with and without a slash in the end."""
    return f"{asked.rstrip('/')}/"
