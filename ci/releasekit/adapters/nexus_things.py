"""What administration reads and writes: things by their kind, over the REST API."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from releasekit.adapters.nexus_rest import (
    Rest,
    ask,
    find,
    find_role,
    find_routing_rule,
    find_settings,
    find_user,
    read,
    read_anonymous,
    require,
)
from releasekit.core.desired import Kind
from releasekit.core.nexus import Document, parse_document

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


def find_thing(rest: Rest, kind: Kind, name: str) -> Document | None:
    """Read a thing, None where the server does not have it."""
    match kind:
        case Kind.LICENSE:
            found = find(rest, PATHS[kind], "read the license agreement")
            return None if found is None else parse_document(found)
        case Kind.REALMS:
            active = read(rest, PATHS[kind], "read the realms")
            return Document(fields=(("active", tuple(active)),))
        case Kind.ANONYMOUS:
            return read_anonymous(rest)
        case Kind.HOSTED | Kind.PROXY | Kind.GROUP:
            return find_settings(rest, PATHS[kind].rpartition("/")[2], name)
        case Kind.RULE:
            return find_routing_rule(rest, name)
        case Kind.ROLE:
            return find_role(rest, name)
        case Kind.USER:
            return find_user(rest, name)


def list_blob_stores(rest: Rest) -> tuple[str, ...]:
    """List the names of the blob stores."""
    return tuple(store["name"] for store in read(rest, "blobstores", "list the blob stores"))


def create_thing(rest: Rest, kind: Kind, body: dict[str, Any]) -> None:
    """Create a thing."""
    action = f"create the {kind.value} {body.get('name') or body.get('userId')}"
    require(rest, ask(rest, "POST", PATHS[kind], document=body), action)


def update_thing(rest: Rest, kind: Kind, name: str, body: dict[str, Any]) -> None:
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
