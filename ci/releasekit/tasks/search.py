"""Searching the group: by the REST search, and by the index for what that does not show.

The REST search shows what this user may browse and what a proxy has fetched already. A user who
may only read gets an empty answer or 403 (measured on 3.30), a front server may hide the REST API;
the index serves them all.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from releasekit.consumer.environments import read_installed_versions
from releasekit.consumer.search import (
    Query,
    SearchResult,
    explain_nothing,
    find_names,
    normalize_name,
    parse_query,
    parse_versions,
    render_install_line,
    select_hits,
)
from releasekit.errors import (
    CredentialsNeeded,
    NexusRefused,
    NotAllowedByNexus,
    NotANexus,
    NothingFound,
    NotPermitted,
    WrongCredentials,
)
from releasekit.events import Began, Note, Searched, Working
from releasekit.index.pages import Index, read_names, read_page
from releasekit.model.credentials import Credentials
from releasekit.nexus.documents import Component
from releasekit.nexus.rest import open_rest, search_components
from releasekit.tasks.pip_config import describe_consumer
from releasekit.tasks.task import Task

NO_FILE = "ca-bundle is not one file: the line needs what nox -s pip-config -- --apply writes"
MOST_PAGES = 20
"""Projects whose versions are read from the index, a request each."""


def search_group(task: Task) -> None:
    """Find projects, their versions, and which is installed; raises NothingFound."""
    query = parse_query(task.word)
    consumer = replace(describe_consumer(task), ca_file=_find_ca_file(task))
    python = _find_python(task)
    task.notify(Began(step="search"))
    found = read_installed_versions(python, task.network.environ)
    installed = {normalize_name(name): version for name, version in found.items()}
    index = _open_index(task)
    try:
        components = _find_components(task, index, query)
    except WrongCredentials as error:
        if index.credentials.username:
            raise
        raise CredentialsNeeded(url=error.url, answer="401") from error
    hits = select_hits(query, components, installed)
    install = render_install_line(hits[0], consumer)
    result = SearchResult(query=query, hits=hits, environment=str(python), install=install)
    task.notify(Searched(result=result))
    if task.settings.ca_bundle and not consumer.ca_file:
        task.notify(Note(text=NO_FILE))


def _find_components(task: Task, index: Index, query: Query) -> tuple[Component, ...]:
    """Return what matches, at least one version; raises NothingFound."""
    found = _search_rest(task, query, index.credentials)
    if not query.has_wildcards and not _has_name(found, query.name):
        found += _read_unfetched(task, index, query.name, found)
    if not select_hits(query, found, {}):
        found += _search_index(task, index, query, found)
    return found


def _read_unfetched(
    task: Task, index: Index, name: str, found: tuple[Component, ...]
) -> tuple[Component, ...]:
    """Return a project that a proxy serves although nobody fetched it yet."""
    try:
        return _read_project(task, index, name)
    except NotPermitted:  # to browse, but not to read
        if found:
            return ()
        raise


def _search_index(
    task: Task, index: Index, query: Query, known: tuple[Component, ...]
) -> tuple[Component, ...]:
    """Return what the index has under names that match; raises NothingFound."""
    names: tuple[str, ...] = ()
    if not _has_name(known, query.name):  # else it is the version that is not there
        task.notify(Working(text="reading the names of all projects"))
        names = read_names(index)
    matching = find_names(query, names)
    pages = [_read_project(task, index, name) for name in matching[:MOST_PAGES]]
    found = tuple(component for page in pages for component in page)
    if not select_hits(query, found, {}):
        reason, mend = explain_nothing(query, (*known, *found), names)
        raise NothingFound(word=query.text, url=index.url, reason=reason, mend=mend)
    if (unread := len(matching) - MOST_PAGES) > 0:
        task.notify(Note(text=f"{unread} more name(s) match: give a longer word"))
    return found


def _has_name(components: tuple[Component, ...], name: str) -> bool:
    return any(normalize_name(component.name) == name for component in components)


def _search_rest(task: Task, query: Query, reader: Credentials) -> tuple[Component, ...]:
    repository = _repository(task)
    try:
        with open_rest(task.url, task.network, reader) as rest:
            return tuple(search_components(rest, name=query.pattern, repository=repository))
    except (NotAllowedByNexus, NotANexus, NexusRefused):
        return ()


def _read_project(task: Task, index: Index, name: str) -> tuple[Component, ...]:
    page = read_page(index, name)
    versions = parse_versions(name, (file.filename for file in page.files))
    return tuple(
        Component(repository=_repository(task), name=name, version=version, assets=())
        for version in versions
    )


def _open_index(task: Task) -> Index:
    url = f"{task.url}/repository/{_repository(task)}/"
    return Index(url=url, network=task.network, credentials=task.reader)


def _repository(task: Task) -> str:
    return task.settings.group or task.settings.hosted


def _find_python(task: Task) -> Path:
    """Return the Python that is asked: the named one, the active environment's, or this one."""
    active = task.environ.get("VIRTUAL_ENV")
    named = task.root / Path(task.python).expanduser() if task.python else None
    for folder in filter(None, (named, Path(active) if active else None)):
        if folder.is_dir() and (folder / "bin" / "python").exists():
            return folder / "bin" / "python"
    return named or Path(sys.executable)


def _find_ca_file(task: Task) -> Path | None:
    """Return `ca-bundle` where it is a file, as pip's --cert takes it."""
    bundle = task.settings.ca_bundle
    path = task.root / Path(bundle).expanduser() if bundle and "-----" not in bundle else None
    return path if path and path.is_file() else None
