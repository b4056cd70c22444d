"""What a running double holds, and what tests read and change while it runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from .blobs import BlobStore
from .faults import Faults, UploadFault
from .hosted import Hosted
from .mediatype import find_media_type
from .repository import Repository
from .values import Blob, StoredFile, normalize_name


@dataclass(frozen=True, kw_only=True, slots=True)
class LoggedRequest:
    """One request that was answered; a cut connection has no status.

    `path` is as sent, without the query; `error` is set when the double itself failed.
    """

    method: str
    path: str
    status: int | None
    username: str | None
    error: str | None = None


class State:
    """Repositories, faults and the log of requests; safe to use from any thread."""

    def __init__(
        self, *, repositories: Iterable[Repository], blobs: BlobStore, faults: Faults
    ) -> None:
        listed = tuple(repositories)
        self.repositories = {repository.name: repository for repository in listed}
        if len(self.repositories) != len(listed):
            raise ValueError("two repositories of the double have the same name")
        self.blobs = blobs
        self._lock = threading.Lock()
        self._log: list[LoggedRequest] = []
        self.faults = faults

    @property
    def faults(self) -> Faults:
        """What goes wrong now; what was used up is gone from it."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        with self._lock:
            self._faults = faults
            self._newest = self.blobs.newest
            for repository in self.repositories.values():
                repository.offline = repository.name in faults.offline
                repository.frozen = faults.read_only

    def take_upload_fault(self) -> UploadFault:
        """Use up the fault for the next upload."""
        with self._lock:
            if not self._faults.uploads:
                return None
            first, *rest = self._faults.uploads
            self._faults = replace(self._faults, uploads=tuple(rest))
            return first

    def take_stale_page(self) -> int | None:
        """Use up one stale page: the serial of the newest file it shows, None when it is fresh."""
        with self._lock:
            if self._faults.stale_pages < 1:
                return None
            self._faults = replace(self._faults, stale_pages=self._faults.stale_pages - 1)
            return self._newest

    def take_cut_download(self) -> bool:
        """Use up one download that stops half-way."""
        with self._lock:
            left = self._faults.cut_downloads
            self._faults = replace(self._faults, cut_downloads=max(0, left - 1))
            return left > 0

    @property
    def requests_log(self) -> tuple[LoggedRequest, ...]:
        """All requests so far, in the order of their answers."""
        return tuple(self._log)

    def log(self, request: LoggedRequest) -> None:
        """Add a request to the log."""
        self._log.append(request)

    def clear_log(self) -> None:
        """Forget the requests so far."""
        self._log.clear()

    def store(
        self,
        repository: str,
        *,
        project: str,
        version: str,
        filename: str,
        content: bytes,
        requires_python: str = "",
    ) -> StoredFile:
        """Put a file straight into a hosted repository, past policy and faults."""
        blob = self.blobs.write([content])
        stored = name_file(
            blob,
            project=project,
            version=version,
            filename=filename,
            requires_python=requires_python,
        )
        self.find_hosted(repository).put(stored)
        return stored

    def delete(self, repository: str, filename: str) -> None:
        """Delete a file from a hosted repository; KeyError when it is not there."""
        self.find_hosted(repository).delete(filename)

    def find_files(self, repository: str) -> tuple[StoredFile, ...]:
        """List the files of a hosted repository, ascending by path."""
        return self.find_hosted(repository).find_all()

    def find_hosted(self, repository: str) -> Hosted:
        """Find a hosted repository by name; KeyError when there is none."""
        found = self.repositories[repository]
        if not isinstance(found, Hosted):
            raise KeyError(repository)
        return found

    def invalidate_caches(self) -> None:
        """Forget what proxy and group remember, as the server's invalidate-cache does."""
        for repository in self.repositories.values():
            repository.invalidate()


def name_file(
    blob: Blob, *, project: str, version: str, filename: str, requires_python: str
) -> StoredFile:
    """Give a blob its place in a repository: version and file name stay as they were sent.

    Pages show only the last part of a file name.
    """
    name = normalize_name(project)
    return StoredFile(
        path=f"packages/{name}/{version}/{filename}",
        project=name,
        version=version,
        filename=filename.rpartition("/")[2],
        requires_python=requires_python,
        media_type=find_media_type(filename, blob.file),
        blob=blob,
        modified=time.time(),
        etag=f'"{{SHA1{{{blob.sha1}}}}}"',
    )
