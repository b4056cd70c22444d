"""What GET and HEAD find in a repository."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import PurePosixPath

from .answers import Answer, answer_not_browseable
from .group import Group
from .repository import ROOT, Repository
from .request import ParsedRequest
from .resources import Resource, answer_resource, make_file_resource, make_page_resource
from .state import State
from .values import Page, Refusal

_PROJECT = re.compile(r"/simple/[A-Za-z0-9._-]+/?")
# Of a project whose name has one letter no file is ever found: measured on Nexus 3.30.0-01.
_FILE = re.compile(r"/packages/[^/]{2,}/[^/]+/(?:.*/)?[^/]+")
_DIRECTORY = ("/", "/index.html", "/index.htm")


def needs_read(path: str, method: str) -> bool:
    """Tell whether a path is one that needs the right to read."""
    return _is_page(path) or _is_file(path) or _is_directory(path, method)


def _is_page(path: str) -> bool:
    return path == ROOT or bool(_PROJECT.fullmatch(path))


def _is_file(path: str) -> bool:
    return bool(_FILE.fullmatch(path))


def _is_directory(path: str, method: str) -> bool:
    return method == "GET" and path.endswith(_DIRECTORY)


def answer_get(repository: Repository, path: str, request: ParsedRequest, state: State) -> Answer:
    """Answer a GET or HEAD of a path in a repository."""
    if _is_page(path):
        resource = make_page_resource(_find_page(repository, path, state))
        # Measured on Nexus 3.30.0-01: a group knows no ranges of its pages.
        whole = request.without("range") if isinstance(repository, Group) else request
        return answer_resource(resource, whole)
    if _is_file(path):
        return _answer_file(repository, path, request, state)
    if _is_directory(path, request.method):
        return answer_not_browseable(repository.name, repository.kind, request.base)
    raise Refusal(404)


def _find_page(repository: Repository, path: str, state: State) -> Page:
    if path == ROOT:
        return repository.root_page()
    if isinstance(repository, Group):
        newest = state.take_stale_page()
        if newest is not None:
            return repository.stale_page(path, newest)
    return repository.project_page(path)


def _answer_file(repository: Repository, path: str, request: ParsedRequest, state: State) -> Answer:
    if not isinstance(repository, Group):
        return answer_resource(_find_resource(repository, path), request)
    filename = PurePosixPath(path).name
    if filename in state.faults.dead_links:
        raise Refusal(404)
    resource = _find_resource(repository, path)
    if filename in state.faults.other_bytes:
        resource = _make_other(state.faults.other_bytes[filename], resource)
    try:
        found = answer_resource(resource, request)
    except Refusal as error:
        # Measured on Nexus 3.30.0-01: through a group there is no 416.
        raise Refusal(404) from error
    return replace(found, cut=state.take_cut_download())


def _find_resource(repository: Repository, path: str) -> Resource:
    return make_file_resource(repository.find_file(path.removeprefix("/")))


def _make_other(content: bytes, resource: Resource) -> Resource:
    digest = hashlib.new("sha1", content, usedforsecurity=False).hexdigest()
    return replace(resource, content=content, etag=f'"{{SHA1{{{digest}}}}}"')
