"""An upload: from the form of a client to stored files, or a refusal.

The order of the checks was measured on Nexus 3.30.0-01.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import IO

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request

from .blobs import BlobStore, read_chunks
from .faults import CutBody, LoseAnswer, Refuse
from .hosted import Hosted
from .mediatype import check_content
from .state import State, name_file
from .values import Refusal, StoredFile

# A long description comes as a form field.
MAX_FIELD = 64 * 1024 * 1024


class Cut(Exception):
    """The connection is to be cut, or the client has cut it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadForm:
    """The parts of an upload's form that the server looks at; all others are ignored."""

    name: str
    version: str
    filename: str
    content: IO[bytes]
    md5_digest: str | None
    requires_python: str
    signature: UploadFile | None


async def receive_upload(request: Request, hosted: Hosted, state: State) -> None:
    """Read an upload to its end, then store it or raise a Refusal; Cut ends the connection."""
    fault = state.take_upload_fault()
    if isinstance(fault, CutBody):
        await _receive_some(request, fault.after)
    form = await _receive_form(request)
    try:
        if isinstance(fault, Refuse):
            raise Refusal(fault.status, fault.message)
        await asyncio.sleep(state.faults.upload_delay)
        await run_in_threadpool(store_upload, parse_form(form), hosted, state)
    finally:
        await form.close()
    if isinstance(fault, LoseAnswer):
        raise Cut if fault.status is None else Refusal(fault.status)


async def _receive_some(request: Request, size: int) -> None:
    """Read so many bytes of the body, then cut the connection."""
    async for chunk in request.stream():
        size -= len(chunk)
        if size <= 0:
            break
    raise Cut


async def _receive_form(request: Request) -> FormData:
    """Read the whole body; files go to disk as they come."""
    try:
        return await request.form(max_part_size=MAX_FIELD)
    except ClientDisconnect as error:
        raise Cut from error
    except (MultiPartException, KeyError) as error:
        raise Refusal(500) from error


def parse_form(form: FormData) -> UploadForm:
    """Read the form of an upload; name and version may be empty, but not absent."""
    name, version = _find_text(form, "name"), _find_text(form, "version")
    content, signature = form.get("content"), form.get("gpg_signature")
    if (
        form.get(":action") != "file_upload"
        or len(form.getlist("content")) > 1
        or name is None
        or version is None
        or not isinstance(content, UploadFile)
    ):
        raise Refusal(500)
    return UploadForm(
        name=name,
        version=version,
        filename=content.filename or "",
        content=content.file,
        md5_digest=_find_text(form, "md5_digest"),
        requires_python=(_find_text(form, "requires_python") or "").strip(),
        signature=signature if isinstance(signature, UploadFile) else None,
    )


def _find_text(form: FormData, field: str) -> str | None:
    """Find the text of a field; one that is there twice is joined by a line end."""
    values = [value for value in form.getlist(field) if isinstance(value, str)]
    return "\n".join(values) if values else None


def store_upload(form: UploadForm, hosted: Hosted, state: State) -> None:
    """Check an upload and store its files: all of them or none."""
    file = _write_file(form, state.blobs, form.content, form.filename)
    if form.md5_digest is not None and form.md5_digest.lower() != file.blob.md5:
        raise Refusal(
            400, f"Digests do not match, found: {file.blob.md5}, expected: {form.md5_digest}"
        )
    hosted.check_policy(file)
    if hosted.strict:
        check_content(file.path, file.blob.file)
    files = [file]
    if form.signature is not None:
        files.append(_store_signature(form, form.signature, hosted, state))
    hosted.add(*files)


def _store_signature(
    form: UploadForm, signature: UploadFile, hosted: Hosted, state: State
) -> StoredFile:
    """Write a signature; it keeps the name that it was sent under."""
    file = _write_file(form, state.blobs, signature.file, signature.filename or "")
    if hosted.strict:
        check_content(file.path, file.blob.file)
    return file


def _write_file(
    form: UploadForm, blobs: BlobStore, content: IO[bytes], filename: str
) -> StoredFile:
    blob = blobs.write(read_chunks(content))
    return name_file(
        blob,
        project=form.name,
        version=form.version,
        filename=filename,
        requires_python=form.requires_python if content is form.content else "",
    )
