"""A group: its members asked in order, their pages merged."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeVar

from .pages import render_project
from .repository import Repository
from .values import Kind, Link, Page, Refusal, StoredFile, parse_project

T = TypeVar("T")


class Group(Repository):
    """Members in order: the first one that has a file name wins, a failing one is skipped."""

    kind: ClassVar[Kind] = "group"

    def __init__(self, *, name: str, members: tuple[Repository, ...]) -> None:
        super().__init__(name)
        self._members = members

    def find_projects(self) -> tuple[str, ...]:
        """Merge the names of all members, ascending."""
        self.check_online()
        names = {name for member in self._members for name in _ask(member.find_projects) or ()}
        return tuple(sorted(names))

    def find_links(self, asked: str) -> tuple[Link, ...]:
        """Merge the links of all members, ascending by lower-case file name; maybe none."""
        self.check_online()
        links: dict[str, Link] = {}
        for member in self._members:
            for link in _ask(member.find_links, asked) or ():
                links.setdefault(link.filename, link)
        return tuple(sorted(links.values(), key=lambda link: link.filename.lower()))

    def project_page(self, asked: str) -> Page:
        """Give the merged page.

        After the last file of a project was deleted the old page stays, with dead links:
        measured on Nexus 3.30.0-01.
        """
        links = self.find_links(asked)
        with self._lock:
            if not links and asked in self._pages:
                return self._pages[asked]
        return self._keep(asked, render_project(parse_project(asked), links))

    def stale_page(self, asked: str, newest: int) -> Page:
        """Give the page as it was when the file with this serial was the newest."""
        links = tuple(link for link in self.find_links(asked) if link.serial <= newest)
        return self._keep(asked, render_project(parse_project(asked), links))

    def find_file(self, path: str) -> StoredFile:
        """Find a file in the first member that has it."""
        self.check_online()
        for member in self._members:
            file = _ask(member.find_file, path)
            if file is not None:
                return file
        raise Refusal(404)


def _ask(find: Callable[..., T], *arguments: str) -> T | None:
    """Ask a member; whatever it refuses it is skipped for, silently."""
    try:
        return find(*arguments)
    except Refusal:
        return None
