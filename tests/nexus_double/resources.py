"""Pages and files as HTTP resources: validators and ranges."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime

from .answers import Answer, Headers, Slice, answer
from .request import ParsedRequest
from .values import Page, Refusal, StoredFile

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """Something that GET answers with 200, 206 or 304."""

    content: bytes | Slice
    media_type: str
    modified: float
    etag: str | None

    @property
    def size(self) -> int:
        """The length of the whole content in bytes."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.size


def make_page_resource(page: Page) -> Resource:
    """Serve a page; hosted and group pages have no ETag."""
    return Resource(
        content=page.body, media_type="text/html", modified=page.modified, etag=page.etag
    )


def make_file_resource(file: StoredFile) -> Resource:
    """Serve a file from disk."""
    return Resource(
        content=Slice(file=file.blob.file, start=0, size=file.blob.size),
        media_type=file.media_type,
        modified=file.modified,
        etag=file.etag,
    )


def answer_resource(resource: Resource, request: ParsedRequest) -> Answer:
    """Answer a GET or HEAD with the request's validators and range taken into account."""
    etag: Headers = (("ETag", resource.etag),) if resource.etag else ()
    if _is_unchanged(resource, request.headers):
        return answer(304, etag)
    common: Headers = (
        ("Last-Modified", formatdate(resource.modified, usegmt=True)),
        *etag,
        ("Content-Type", resource.media_type),
    )
    span = _find_span(resource, request.headers) if request.method == "GET" else None
    if span is None:
        return answer(200, common, resource.content)
    start, stop = span
    content_range = ("Content-Range", f"bytes {start}-{stop - 1}/{resource.size}")
    return answer(206, (*common, content_range), _cut(resource.content, start, stop))


def _is_unchanged(resource: Resource, headers: Mapping[str, str]) -> bool:
    """Tell whether the answer is 304: one condition suffices, failed preconditions too.

    The ETag need only be part of the header, and a `*` means nothing: measured on 3.30.0-01.
    """
    since = _parse_date(headers.get("if-modified-since"))
    until = _parse_date(headers.get("if-unmodified-since"))
    modified = int(resource.modified)
    if (since is not None and modified <= since) or (until is not None and modified > until):
        return True
    if resource.etag is None:
        return False
    match = headers.get("if-match")
    return resource.etag in headers.get("if-none-match", "") or (
        match is not None and resource.etag not in match
    )


def _parse_date(text: str | None) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except ValueError:
        return None


def _find_span(resource: Resource, headers: Mapping[str, str]) -> tuple[int, int] | None:
    """Find the one range that the request names; several ranges are answered with the whole.

    The last bytes of a file that has fewer are no range at all: measured on Nexus 3.30.0-01.
    """
    match = _RANGE.fullmatch(headers.get("range", "").strip())
    if match is None or match.group(0) == "bytes=-" or not _is_same(resource, headers):
        return None
    first, last = match.groups()
    if first and last and int(last) < int(first):
        return None
    start = int(first) if first else resource.size - int(last)
    stop = min(int(last) + 1, resource.size) if first and last else resource.size
    if not 0 <= start < stop:
        raise Refusal(416)
    return start, stop


def _is_same(resource: Resource, headers: Mapping[str, str]) -> bool:
    """Tell whether If-Range lets a range through."""
    condition = headers.get("if-range")
    if condition is None or condition == resource.etag:
        return True
    date = _parse_date(condition) if not condition.startswith('"') else None
    return date is not None and int(resource.modified) <= date


def _cut(content: bytes | Slice, start: int, stop: int) -> bytes | Slice:
    if isinstance(content, bytes):
        return content[start:stop]
    return Slice(file=content.file, start=content.start + start, size=stop - start)
