"""Resources on a server, the plan that brings them to the desired state, and its steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from releasekit.nexus.documents import EMPTY, Document, Repository, ServerVersion, Value


class Kind(Enum):
    """What a thing on the server is."""

    LICENSE = "license agreement"
    """Of the Community Edition, which serves nothing before it is accepted."""
    REALMS = "realms"
    ANONYMOUS = "anonymous access"
    HOSTED = "hosted repository"
    RULE = "routing rule"
    PROXY = "proxy repository"
    GROUP = "group repository"
    ROLE = "role"
    USER = "user"


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """A thing as it is wanted."""

    kind: Kind
    name: str
    fields: Document
    """What is kept so: a difference is drift."""
    initial: Document = EMPTY
    """What it gets when it is created, and may have otherwise later."""
    blocker: str = ""
    """Why this cannot be brought about by us; empty where it can."""

    def __str__(self) -> str:
        """Name it as messages do."""
        return " ".join(filter(None, (self.kind.value, self.name)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Secrets:
    """Which secrets were given, and whether they fit; never the secrets themselves."""

    publisher_given: bool = False
    publisher_fits: bool = False
    """The publisher can log in with the given password."""
    upstream_given: bool = False
    """A password for the proxy's remote was given."""
    admin_changes: bool = False
    """The administrator has the first password still, and another one is wanted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a server has, of what is wanted."""

    version: ServerVersion
    admin: str
    """The user whom the administration is done as."""
    blob_stores: tuple[str, ...]
    repositories: tuple[Repository, ...]
    """All of them, of every format."""
    documents: tuple[tuple[Kind, str, Document], ...]
    secrets: Secrets = Secrets()
    accept_eula: bool = False
    """Somebody said, in so many words, that the license agreement is accepted."""

    def get(self, kind: Kind, name: str) -> Document | None:
        """Return the document of a thing, None where the server does not have it."""
        found = (document for k, n, document in self.documents if (k, n) == (kind, name))
        return next(found, None)


class Action(Enum):
    """What a plan does about a thing."""

    CREATE = "create"
    CHANGE = "change"
    BLOCKED = "blocked"
    """It stands in the way and is left alone: somebody has to decide."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A field: what it holds, and what it shall hold."""

    path: str
    old: Value
    new: Value


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What is to be done about one thing."""

    resource: Resource
    action: Action
    differences: tuple[Difference, ...] = ()
    why: str = ""
    """Why it is blocked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerPlan:
    """The changes that bring a server to what is wanted, in the order in which they must come."""

    url: str
    version: ServerVersion
    changes: tuple[Change, ...]
    resources: tuple[Resource, ...]
    """All that is wanted, changed or not."""

    @property
    def settled(self) -> int:
        """Return how many things are as they should be."""
        changed = {(change.resource.kind, change.resource.name) for change in self.changes}
        return sum((resource.kind, resource.name) not in changed for resource in self.resources)

    def having(self, action: Action) -> tuple[Change, ...]:
        """Return the changes of one kind."""
        return tuple(change for change in self.changes if change.action is action)


PASSWORD = "password"  # noqa: S105 - the name of a field
SETS = frozenset(("privileges", "roles", "matchers", "cleanup.policyNames"))
"""Lists whose order means nothing; Nexus returns them in one of its own."""


def make_server_plan(url: str, resources: Iterable[Resource], found: Found) -> ServerPlan:
    """Compare what is wanted with what was found."""
    resources, changes = tuple(resources), []
    if found.secrets.admin_changes:  # from the one that Nexus generated at its first start
        admin = Resource(kind=Kind.USER, name=found.admin, fields=EMPTY)
        made = Difference(path=PASSWORD, old="the first one", new="from RELEASEKIT_ADMIN_PASSWORD")
        changes.append(Change(resource=admin, action=Action.CHANGE, differences=(made,)))
    changes += filter(None, (_compare(resource, found) for resource in resources))
    return ServerPlan(url=url, version=found.version, changes=tuple(changes), resources=resources)


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


BLOCKING = (Kind.RULE, Kind.PROXY, Kind.GROUP)
"""What decides which files the group lists: it keeps pages that list what is blocked since."""
DESCRIPTION = "releasekit: names that only hosted repositories may have"
PENDING = f"{DESCRIPTION} (being applied)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Write:
    """Bring a thing to what is wanted; `change` is what that ends, None where it ends nothing."""

    resource: Resource
    change: Change | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Flush:
    """Make a group forget the pages that it keeps."""

    group: str


def order_steps(plan: ServerPlan) -> Iterator[Write | Flush]:
    """Yield the steps of a plan, so that one that is killed can be finished.

    The routing rule says in its description that it is being applied until the group's cache is
    renewed: a run that is killed before that leaves a difference, which the next one finishes.
    """
    changes = {(c.resource.kind, c.resource.name): c for c in plan.changes}
    blocking = any(kind in BLOCKING for kind, _ in changes)
    rule = next((resource for resource in plan.resources if resource.kind is Kind.RULE), None)
    for resource in plan.resources:
        change = changes.get((resource.kind, resource.name))
        if resource is rule and blocking:
            pending = Document(fields=(("description", PENDING),))
            marked = replace(rule, fields=rule.fields + pending)
            yield Write(resource=marked, change=change)
        elif change and change.action is not Action.BLOCKED:
            yield Write(resource=resource, change=change)
        if resource.kind is Kind.GROUP and blocking:
            yield Flush(group=resource.name)
            if rule:
                yield Write(resource=rule, change=None)
