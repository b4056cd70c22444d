"""Searching the group: by the REST search, and by the index for what that does not show.

The REST search shows what this user may browse and what a proxy has fetched already. A user who
may only read gets an empty answer or 403 (docs/nexus-behaviour.md#rest-search-and-lists), a front
server may hide the REST API; the index serves them all.
"""

import contextlib
import sys
from dataclasses import replace
from pathlib import Path

from packaging.utils import canonicalize_name

from releasekit.commands.pip_config import describe_consumer
from releasekit.consumer.search import (
    Query,
    Searched,
    explain_nothing,
    find_names,
    parse_query,
    parse_versions,
    read_installed_versions,
    render_install_line,
    select_hits,
)
from releasekit.context import NexusContext
from releasekit.errors import (
    NexusRefused,
    NotPermitted,
    ReleasekitError,
    WrongCredentials,
    access,
    refused,
)
from releasekit.index.layouts import open_index, repository_url
from releasekit.index.pages import Index
from releasekit.nexus.documents import Component
from releasekit.nexus.rest import Rest, search_components
from releasekit.plural import plural

MOST_PAGES = 20
"""Projects whose versions are read from the index, a request each."""


def run(ctx: NexusContext) -> None:
    """Find projects, their versions, and which is installed; raises NOTHING_FOUND."""
    query = parse_query(ctx.options.word)
    consumer = replace(describe_consumer(ctx), ca_file=_find_ca_file(ctx))
    python = _find_python(ctx)
    ctx.progress.begin("search")
    installed = read_installed_versions(python, ctx.network.environ)
    url = repository_url(ctx.url, _repository(ctx))
    index = open_index(url, client=ctx.network.client, reader=ctx.reader)
    try:
        components = _find_components(ctx, index, query)
    except WrongCredentials as error:
        if ctx.reader.username:
            raise
        raise ReleasekitError(
            access.CREDENTIALS_NEEDED, url=error.fields["url"], answer="401"
        ) from error
    hits = select_hits(query, components, installed)
    install = render_install_line(hits[0], consumer)
    ctx.progress.finish(Searched(query=query, hits=hits, environment=str(python), install=install))
    if ctx.settings.ca_bundle and not consumer.ca_file:
        ctx.progress.note(
            "ca-bundle is not one file: the line needs what [[pip-config --apply]] writes"
        )


def _find_components(ctx: NexusContext, index: Index, query: Query) -> tuple[Component, ...]:
    """Return what matches, at least one version; raises NOTHING_FOUND."""
    found: tuple[Component, ...] = ()
    with contextlib.suppress(NexusRefused):
        rest = Rest(url=ctx.url, client=ctx.network.client, credentials=ctx.reader)
        found = tuple(search_components(rest, name=query.pattern, repository=_repository(ctx)))
    if not query.has_wildcards and not _has_name(found, query.name):
        try:  # a project that a proxy serves although nobody fetched it yet
            found += _read_project(ctx, index, query.name)
        except NotPermitted:  # to browse, but not to read
            if not found:
                raise
    if select_hits(query, found, {}):
        return found
    names: tuple[str, ...] = ()
    if not _has_name(found, query.name):  # else it is the version that is not there
        ctx.progress.work("reading the names of all projects")
        names = index.read_names()
    matching = find_names(query, names)
    for name in matching[:MOST_PAGES]:
        found += _read_project(ctx, index, name)
    if not select_hits(query, found, {}):
        reason, fix = explain_nothing(query, found, names)
        raise ReleasekitError(
            refused.NOTHING_FOUND, word=query.text, url=index.url, reason=reason, fix=fix
        )
    if (unread := len(matching) - MOST_PAGES) > 0:
        more = plural(unread, "more name matches", "more names match")
        ctx.progress.note(f"{more}: give a longer word")
    return found


def _has_name(components: tuple[Component, ...], name: str) -> bool:
    return any(canonicalize_name(component.name) == name for component in components)


def _read_project(ctx: NexusContext, index: Index, name: str) -> tuple[Component, ...]:
    page = index.read_page(name)
    versions = parse_versions(name, (file.filename for file in page.files))
    return tuple(
        Component(repository=_repository(ctx), name=name, version=version) for version in versions
    )


def _repository(ctx: NexusContext) -> str:
    return ctx.settings.group or ctx.settings.hosted


def _find_python(ctx: NexusContext) -> Path:
    """Return the Python that is asked: the named one, the active environment's, or this one."""
    active = ctx.environ.get("VIRTUAL_ENV")
    named = ctx.resolve(ctx.options.python) if ctx.options.python else None
    for folder in filter(None, (named, Path(active) if active else None)):
        if folder.is_dir() and (folder / "bin" / "python").exists():
            return folder / "bin" / "python"
    return named or Path(sys.executable)


def _find_ca_file(ctx: NexusContext) -> Path | None:
    """Return `ca-bundle` where it is a file, as pip's --cert takes it."""
    bundle = ctx.settings.ca_bundle
    path = ctx.resolve(bundle) if bundle and "-----" not in bundle else None
    return path if path and path.is_file() else None
