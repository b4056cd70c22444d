"""A thing as the body of a request: what the server's version knows, and nothing else."""

from __future__ import annotations

from typing import Any

from releasekit.nexus.documents import Document, ServerVersion, Value, render_document
from releasekit.nexus.model import Kind, Resource

ANSWER_ONLY = {
    Kind.HOSTED: ("format", "type", "url"),
    Kind.PROXY: ("format", "type", "url"),
    Kind.GROUP: ("format", "type", "url"),
    Kind.ROLE: ("source", "readOnly"),
}
"""Fields of answers that the requests do not have."""
RULE_NAME_SINCE = (3, 94)
"""Before, a request says `routingRule` where the answer says `routingRuleName`: a document that is
put back as it came loses its rule, and Nexus says nothing:
docs/nexus-behaviour.md#rest-repositories; the same on 3.71."""


def render_creation(resource: Resource, version: ServerVersion) -> dict[str, Any]:
    """Return the body that creates a thing."""
    name = (
        ()
        if resource.initial.get("id") or resource.initial.get("userId")
        else (("name", resource.name),)
    )
    document = Document(fields=(*name, *resource.initial.fields, *resource.fields.fields))
    return _render(resource.kind, document, version)


def render_update(
    resource: Resource, found: Document, version: ServerVersion, *, upstream_password: str | None
) -> dict[str, Any]:
    """Return the body that changes a thing: all that it has, with the wanted fields in it."""
    document = found + resource.fields
    if upstream_password and document.get("httpClient.authentication.username"):
        secret: tuple[tuple[str, Value], ...] = (
            ("httpClient.authentication.password", upstream_password),
        )
        document = document + Document(fields=secret)
    return _render(resource.kind, document, version)


def _render(kind: Kind, document: Document, version: ServerVersion) -> dict[str, Any]:
    old = kind is Kind.PROXY and version.numbers < RULE_NAME_SINCE
    fields = tuple(
        ("routingRule" if old and path == "routingRuleName" else path, value)
        for path, value in document.fields
        if value is not None and path not in ANSWER_ONLY.get(kind, ())
    )
    return render_document(Document(fields=fields))
