"""A hosted repository: an index in memory over blobs on disk."""

from __future__ import annotations

from typing import ClassVar

from .repository import ROOT, Repository
from .values import Kind, Link, Page, Refusal, StoredFile, WritePolicy, parse_project


class Hosted(Repository):
    """Files under their logical paths, with a write policy."""

    kind: ClassVar[Kind] = "hosted"

    def __init__(self, *, name: str, policy: WritePolicy) -> None:
        super().__init__(name)
        self._policy = policy
        self._files: dict[str, StoredFile] = {}

    def add(self, *files: StoredFile) -> None:
        """Store the files of one upload if the policy allows it; one of two at once wins."""
        with self._lock:
            for file in files:
                self.check_policy(file)
            self.put(*files)

    def check_policy(self, file: StoredFile) -> None:
        """Refuse a file that the policy does not let in: measured on Nexus 3.30.0-01."""
        if self._policy == "deny":
            if f"/simple/{file.project}/" in self._pages:
                raise Refusal(400, f"Repository does not allow deleting assets: {self.name}")
            raise Refusal(400, f"Repository is read only: {self.name}")
        if self._policy == "allow_once" and file.path in self._files:
            raise Refusal(400, f"Repository does not allow updating assets: {self.name}")

    def put(self, *files: StoredFile) -> None:
        """Store files whatever the policy says."""
        with self._lock:
            self._files.update((file.path, file) for file in files)

    def delete(self, filename: str) -> None:
        """Delete a file by its name; KeyError when it is not there."""
        with self._lock:
            paths = [path for path, file in self._files.items() if file.filename == filename]
            if not paths:
                raise KeyError(filename)
            for path in paths:
                del self._files[path]

    def find_all(self) -> tuple[StoredFile, ...]:
        """List all files, ascending by path."""
        with self._lock:
            return tuple(file for _, file in sorted(self._files.items()))

    def find_projects(self) -> tuple[str, ...]:
        """List the normalized names, ascending."""
        self.check_online()
        return tuple(sorted({file.project for file in self.find_all()}))

    def find_links(self, asked: str) -> tuple[Link, ...]:
        """List a project's links, descending by path; only the normalized name is known."""
        self.check_online()
        project = parse_project(asked)
        files = [file for file in self.find_all() if file.project == project]
        if not files:
            raise Refusal(404)
        return tuple(_render_link(file) for file in reversed(files))

    def find_file(self, path: str) -> StoredFile:
        """Find a file by its exact path."""
        self.check_online()
        with self._lock:
            if path not in self._files:
                raise Refusal(404)
            return self._files[path]

    def root_page(self) -> Page:
        """Give the root page, which a repository that may not be written to cannot make."""
        if self._policy == "deny" and ROOT not in self._pages:
            raise Refusal(400, f"Repository is read only: {self.name}")
        return super().root_page()


def _render_link(file: StoredFile) -> Link:
    """Give a file's line; pages of this server version carry only md5."""
    return Link(
        path=file.path,
        filename=file.filename,
        fragment=f"md5={file.blob.md5}",
        requires_python=file.requires_python,
        serial=file.blob.serial,
    )
