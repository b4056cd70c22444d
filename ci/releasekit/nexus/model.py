"""The things on a server, and the plan that brings them to what is wanted."""

from __future__ import annotations

from dataclasses import dataclass
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
