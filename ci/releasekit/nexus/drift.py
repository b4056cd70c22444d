"""What is there compared with what is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from releasekit.nexus.documents import EMPTY, Document, Value
from releasekit.nexus.model import (
    Action,
    Change,
    Difference,
    Found,
    Kind,
    Resource,
    ServerPlan,
)

PASSWORD = "password"  # noqa: S105 - the name of a field
SETS = frozenset(("privileges", "roles", "matchers", "cleanup.policyNames"))
"""Lists whose order means nothing; Nexus returns them in one of its own."""


def make_server_plan(url: str, resources: Iterable[Resource], found: Found) -> ServerPlan:
    """Compare what is wanted with what was found."""
    resources = tuple(resources)
    changes = tuple(
        change for resource in resources if (change := _compare(resource, found)) is not None
    )
    return ServerPlan(
        url=url,
        version=found.version,
        changes=(*_change_admin(found), *changes),
        resources=resources,
    )


def _change_admin(found: Found) -> Iterator[Change]:
    """Yield the change of the password that Nexus generated at its first start."""
    if found.secrets.admin_changes:
        resource = Resource(kind=Kind.USER, name=found.admin, fields=EMPTY)
        made = Difference(path=PASSWORD, old="the first one", new="from RELEASEKIT_ADMIN_PASSWORD")
        yield Change(resource=resource, action=Action.CHANGE, differences=(made,))


def _compare(resource: Resource, found: Found) -> Change | None:
    document = found.get(resource.kind, resource.name)
    differences = (
        *find_differences(resource.fields, document),
        *_compare_password(resource, found),
    )
    if not differences and not resource.blocker:
        return None
    blocker = resource.blocker or _find_lost_password(resource, document, found)
    if blocker:
        return Change(resource=resource, action=Action.BLOCKED, why=blocker)
    action = Action.CREATE if document is None else Action.CHANGE
    return Change(resource=resource, action=action, differences=differences)


def find_differences(wanted: Document, found: Document | None) -> tuple[Difference, ...]:
    """Return the wanted fields that hold something else, or all of them where nothing is there."""
    return tuple(
        Difference(path=path, old=found.get(path) if found else None, new=value)
        for path, value in wanted.fields
        if found is None or _normalise(path, found.get(path)) != _normalise(path, value)
    )


def _normalise(path: str, value: Value) -> Value:
    if path in SETS:
        return tuple(sorted(value)) if isinstance(value, tuple) else ()
    if path == "storage.writePolicy":  # returned as it was sent; the pages send capitals
        return str(value).lower()
    if path == "proxy.remoteUrl":
        return str(value).rstrip("/")
    return value


def _compare_password(resource: Resource, found: Found) -> Iterator[Difference]:
    if resource.kind is not Kind.USER:
        return
    new = "from RELEASEKIT_PUBLISHER_PASSWORD"
    if found.get(resource.kind, resource.name) is None:
        given = found.secrets.publisher_given
        yield Difference(path=PASSWORD, old=None, new=new if given else "generated, shown once")
    elif found.secrets.publisher_given and not found.secrets.publisher_fits:
        yield Difference(path=PASSWORD, old="another one", new=new)


def _find_lost_password(resource: Resource, document: Document | None, found: Found) -> str:
    """Return why a proxy with credentials for its remote cannot be written.

    Nexus shows the user and not the password, and refuses one without the other:
    docs/nexus-behaviour.md#rest-repositories.
    """
    if resource.kind is not Kind.PROXY or document is None or found.secrets.upstream_given:
        return ""
    username = document.get("httpClient.authentication.username")
    if not username:
        return ""
    return (
        f"it logs in to its remote as {username}, and Nexus does not tell the password:\n"
        "set RELEASEKIT_PROXY_PASSWORD to it, and run this again"
    )
