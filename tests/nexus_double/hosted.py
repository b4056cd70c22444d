"""A hosted repository: an index in memory over blobs on disk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from .repository import FROZEN, ROOT, Repository
from .values import Kind, Link, Page, Refusal, StoredFile, WritePolicy, parse_project


class Hosted(Repository):
    """Files under their logical paths, with a write policy.

    A strict one looks at what an archive holds before it stores it.
    """

    kind: ClassVar[Kind] = "hosted"

    def __init__(self, *, name: str, policy: WritePolicy, strict: bool = True) -> None:
        super().__init__(name)
        self.policy = policy
        self.strict = strict
        self._files: dict[str, StoredFile] = {}

    def add(self, *files: StoredFile) -> None:
        """Store the files of one upload if the policy allows it; one of two at once wins."""
        with self._lock:
            for file in files:
                self.check_policy(file)
            if self.frozen:
                raise Refusal(503, FROZEN)
            self.put(*files)

    def check_policy(self, file: StoredFile) -> None:
        """Refuse a file that the policy does not let in: measured on Nexus 3.30.0-01.

        An upload takes the pages that list it away, and a policy of deny forbids even that.
        """
        if self.policy == "deny" and any(name in self._pages for name in self._find_changed(file)):
            raise Refusal(400, f"Repository does not allow deleting assets: {self.name}")
        if self.policy != "allow" and file.path in self._files:
            raise Refusal(400, f"Repository does not allow updating assets: {self.name}")
        self._check_writable()

    def _check_writable(self) -> None:
        if self.policy == "deny":
            raise Refusal(400, f"Repository is read only: {self.name}")

    def put(self, *files: StoredFile) -> None:
        """Store files whatever the policy says."""
        with self._lock:
            for file in files:
                self._forget(self._find_changed(file))
                self._files[file.path] = file

    def delete(self, filename: str) -> None:
        """Delete a file by its name; KeyError when it is not there."""
        with self._lock:
            files = [file for file in self._files.values() if file.filename == filename]
            if not files:
                raise KeyError(filename)
            for file in files:
                del self._files[file.path]
                self._forget((ROOT, _name_page(file)))

    def _forget(self, names: Iterable[str]) -> None:
        for name in names:
            self._pages.pop(name, None)

    def _find_changed(self, file: StoredFile) -> tuple[str, ...]:
        """List the pages that an upload takes away; the root only for a new project."""
        known = any(other.project == file.project for other in self._files.values())
        return (_name_page(file),) if known else (ROOT, _name_page(file))

    def find_all(self) -> tuple[StoredFile, ...]:
        """List all files, ascending by path."""
        with self._lock:
            return tuple(file for _, file in sorted(self._files.items()))

    def find_projects(self) -> tuple[str, ...]:
        """List the normalized names, ascending."""
        return tuple(sorted({file.project for file in self.find_all()}))

    def find_links(self, path: str) -> tuple[Link, ...]:
        """List a project's links, descending by path; only the normalized name is known."""
        project = parse_project(path)
        files = [file for file in self.find_all() if file.project == project]
        if not files:
            raise Refusal(404)
        return tuple(_render_link(file) for file in reversed(files))

    def find_file(self, path: str) -> StoredFile:
        """Find a file by its exact path."""
        with self._lock:
            if path not in self._files:
                raise Refusal(404)
            return self._files[path]

    def _make(self, path: str, body: bytes) -> Page:
        """Keep a new page: a file like any other, which a policy of deny forbids."""
        self._check_writable()
        return super()._make(path, body)


def _name_page(file: StoredFile) -> str:
    return f"{ROOT}{file.project}/"


def _render_link(file: StoredFile) -> Link:
    """Give a file's line; pages of this server version carry only md5."""
    return Link(
        path=file.path,
        filename=file.filename,
        fragment=f"md5={file.blob.md5}",
        requires_python=file.requires_python,
        serial=file.blob.serial,
    )
