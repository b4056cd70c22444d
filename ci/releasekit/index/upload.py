"""Uploading, with the form of twine 7, one POST per attempt.

twine's own `Repository.upload` repeats a POST on 5xx without asking whether the file arrived
(twine 7.0.0, repository.py), and prints; so the POST itself is made here.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twine.exceptions import TwineException
from twine.package import PackageFile
from urllib3.filepost import choose_boundary, encode_multipart_formdata

from releasekit.archives import BLOCK, UNREADABLE
from releasekit.errors import NotBuilt, ReleasekitError, failed, refused
from releasekit.http.answer import Answer
from releasekit.model.dists import Dist
from releasekit.model.published import describe_page

if TYPE_CHECKING:
    from releasekit.index.pages import Index

STORED = 4 << 20
"""Bytes per second that a slow server stores. It does so after the last byte has come, and answers
when it is done: a large file that is taken for lost would be sent again."""

OnSent = Callable[[int, int], None]
"""Called with the bytes sent so far and the size of the form."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """How one POST went."""

    error: ReleasekitError | None
    reason: str
    final: bool
    """True where another attempt would be answered the same."""
    exists: bool = False
    """True where the server says that it has a file of this name."""
    wait: float = 0
    """Seconds that the server asks to wait before another attempt."""


def upload_once(dist: Dist, index: Index, on_sent: OnSent) -> Attempt:
    """POST one dist to a repository, once.

    Only the bytes that were checked go up: they are hashed as they are sent, and where something
    changed the file meanwhile, its end is not sent. `on_sent` may raise to stop the upload.
    """
    try:
        blocks = _read_checked(dist)
        first = next(blocks)  # of most files all there is: a changed one is not even begun
        content_type, start, end = _make_form(dist)
        size = len(start) + dist.size + len(end)
        answer = index.client.send(
            "POST",
            index.url,
            credentials=index.publisher,
            headers={"Content-Type": content_type, "Content-Length": str(size)},
            body=_report(itertools.chain((start, first), blocks, (end,)), size, on_sent),
            patience=size / STORED,
        )
    except _ChangedError:
        reason = f"{dist.filename} was changed after it was checked"
        changed = NotBuilt(refused.FILES_CHANGED, dist=str(dist.path.parent), reason=reason)
        return Attempt(error=changed, reason=reason, final=True)
    except ReleasekitError as failure:
        return Attempt(error=failure, reason=failure.answers()["why"], final=False)
    except (TwineException, *UNREADABLE) as error:
        unreadable = ReleasekitError(
            failed.UPLOAD_FAILED,
            filename=dist.filename,
            url=index.url,
            reason=str(error),
            attempts="once",
        )
        return Attempt(error=unreadable, reason=str(error), final=True)
    return _judge(answer, index)


def _judge(answer: Answer, index: Index) -> Attempt:
    """Tell what was answered; whether the file is stored, only the index tells (any 2xx)."""
    if 200 <= answer.status < 300:
        reason = f"the server answered {answer.status} {answer.reason}".rstrip()
        if answer.body.strip():
            kind = answer.headers.get("Content-Type", "no type").partition(";")[0]
            text = answer.text
            page = f'the page "{describe_page(text)}"' if "<" in text else f"a body of {kind}"
            reason += f", with {page}"
        return Attempt(error=None, reason=reason, final=True)
    wait = index.client.find_wait(answer)
    # Nexus answers 400 "... updating assets" (docs/nexus-behaviour.md#refused-uploads).
    is_of_nexus = answer.status == 400 and "updating assets" in answer.message
    return Attempt(
        error=index.explain_upload(answer),
        reason=f"the server answered {answer.summary}",
        final=answer.status < 500 and wait is None,
        exists=answer.status == 409 or is_of_nexus,
        wait=wait or 0,
    )


class _ChangedError(Exception):
    """The file has other bytes than those that were checked."""


class _Package(PackageFile):
    """twine's view of a dist; it does not read the whole file once more for its digests."""

    def __init__(self, filename: str, *others: Any) -> None:
        super().__init__(os.devnull, *others)
        self.filename, self.basefilename = filename, Path(filename).name
        self.blake2_256_digest = None  # as where FIPS forbids it


def _make_form(dist: Dist) -> tuple[str, bytes, bytes]:
    """Return the content type of twine's form, and what comes before and after the file in it.

    Values become fields as in a private method of `twine.repository` (7.0.0); with its import a
    small project's release takes 1.05 times the CPU seconds.
    """
    package = _Package.from_filename(str(dist.path), comment=None)
    package.sha2_digest = dist.sha256
    fields: list[tuple[str, Any]] = []
    for name, value in package.metadata_dictionary().items():
        values: Any = [value] if isinstance(value, str) else value
        match value:
            case {}:  # project_urls
                values = [f"{label}, {url}" for label, url in value.items()]
            case list() if name == "keywords":
                values = [", ".join(value)]
        fields += [(name, one) for one in values]
    fields += [(":action", "file_upload"), ("protocol_version", "1")]
    fields.append(("content", (dist.filename, b"", "application/octet-stream")))
    boundary = choose_boundary()
    text, content_type = encode_multipart_formdata(fields, boundary)
    end = f"\r\n--{boundary}--\r\n".encode()
    return content_type, text.removesuffix(end), end


def _report(blocks: Iterable[bytes], size: int, on_sent: OnSent) -> Iterator[bytes]:
    sent = 0
    for block in blocks:
        yield block
        sent += len(block)
        on_sent(sent, size)


def _read_checked(dist: Dist) -> Iterator[bytes]:
    """Yield the bytes of a dist, the last of them only if all are those that were checked."""
    sha256, left = hashlib.sha256(), dist.size
    try:
        opened = dist.path.open("rb")
    except OSError as error:  # it is gone
        raise _ChangedError from error
    with opened as file:
        block = file.read(BLOCK)
        while True:
            following = file.read(BLOCK)
            sha256.update(block)
            left -= len(block)
            if left < 0 or not (following or sha256.hexdigest() == dist.sha256):
                raise _ChangedError
            yield block
            if not following:
                return
            block = following
