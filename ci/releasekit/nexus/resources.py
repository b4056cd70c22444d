"""What administration reads and writes: resources by their kind, over the REST API."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from releasekit.nexus.documents import (
    Document,
    ServerVersion,
    Value,
    parse_document,
    render_document,
)
from releasekit.nexus.drift import Kind, Resource
from releasekit.nexus.rest import (
    Rest,
    ask,
    find_document,
    find_settings,
    read,
    require,
)

PATHS = {
    Kind.LICENSE: "system/eula",
    Kind.REALMS: "security/realms/active",
    Kind.ANONYMOUS: "security/anonymous",
    Kind.HOSTED: "repositories/pypi/hosted",
    Kind.RULE: "routing-rules",
    Kind.PROXY: "repositories/pypi/proxy",
    Kind.GROUP: "repositories/pypi/group",
    Kind.ROLE: "security/roles",
    Kind.USER: "security/users",
}
"""Where a thing is created; with its name behind it, where it is changed."""


def find_resource(rest: Rest, kind: Kind, name: str) -> Document | None:
    """Read a thing, None where the server does not have it."""
    path = PATHS[kind]
    match kind:
        case Kind.LICENSE:
            return find_document(rest, path, "read the license agreement")
        case Kind.REALMS:
            return read(
                rest,
                path,
                "read the realms",
                lambda found: Document(fields=(("active", tuple(found)),)),
            )
        case Kind.ANONYMOUS:
            return read(rest, path, "read the anonymous access", parse_document)
        case Kind.HOSTED | Kind.PROXY | Kind.GROUP:
            return find_settings(rest, path.rpartition("/")[2], name)
        case Kind.RULE:
            return find_document(rest, f"{path}/{quote(name)}", "read routing rules")
        case Kind.ROLE:
            return find_document(rest, f"{path}/{quote(name)}", "read roles")
        case Kind.USER:  # userId, source, status, roles: never a password
            return read(
                rest, path, "read users", lambda found: _take_user(found, name), userId=name
            )


def _take_user(found: Any, name: str) -> Document | None:
    """Return the user of that name: the query means "begins with", in some versions."""
    return next((parse_document(user) for user in found if user["userId"] == name), None)


def list_blob_stores(rest: Rest) -> tuple[str, ...]:
    """List the names of the blob stores."""

    def take(found: Any) -> tuple[str, ...]:
        return tuple(store["name"] for store in found)

    return read(rest, "blobstores", "list the blob stores", take)


def create_resource(rest: Rest, kind: Kind, body: dict[str, Any]) -> None:
    """Create a thing."""
    action = f"create the {kind.value} {body.get('name') or body.get('userId')}"
    require(rest, ask(rest, "POST", PATHS[kind], document=body), action)


def update_resource(rest: Rest, kind: Kind, name: str, body: dict[str, Any]) -> None:
    """Write a whole thing that is there."""
    path = "/".join(filter(None, (PATHS[kind], quote(name))))
    document = body["active"] if kind is Kind.REALMS else body
    action = " ".join(filter(None, ("change the", kind.value, name)))
    method = "POST" if kind is Kind.LICENSE else "PUT"
    require(rest, ask(rest, method, path, document=document), action)


def set_password(rest: Rest, username: str, password: str) -> None:
    """Give a user of Nexus itself another password."""
    path = f"security/users/{quote(username)}/change-password"
    action = f"change the password of the user {username}"
    require(rest, ask(rest, "PUT", path, text=password), action)


def invalidate_cache(rest: Rest, repository: str) -> None:
    """Make a proxy or a group forget the pages that it keeps."""
    path = f"repositories/{quote(repository)}/invalidate-cache"
    require(rest, ask(rest, "POST", path), f"invalidate the cache of {repository}")


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
