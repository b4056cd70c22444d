"""Resources on a server, the plan that brings them to the desired state, and its steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from typing import Any, ClassVar

from releasekit.nexus.documents import Document, Repository, ServerVersion, Value
from releasekit.outcome import Clean, Line, Outcome, Result
from releasekit.redact import map_all_texts, map_texts


class Kind(Enum):
    """What a resource on the server is."""

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
    """A resource as it is wanted; as a text, its name in messages."""

    kind: Kind
    name: str
    fields: Document  # what is kept so: a difference is drift
    initial: Document = field(default_factory=dict)
    """What it gets when it is created, and may have otherwise later."""
    blocker: str = ""  # why releasekit cannot bring it about; empty where it can

    def __str__(self) -> str:
        return f"{self.kind.value} {self.name}".rstrip()


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a server has, of what is wanted; and what is known of passwords, never themselves."""

    version: ServerVersion
    admin: str  # the user whom the administration is done as
    blob_stores: tuple[str, ...]
    repositories: tuple[Repository, ...]
    documents: dict[tuple[Kind, str], Document]
    has_publisher_password: bool = False
    publisher_can_log_in: bool = False  # the publisher has that password already
    has_upstream_password: bool = False  # somebody set one for the proxy's remote
    admin_changes: bool = False
    """The administrator has the first password still, and another one is wanted."""
    accept_eula: bool = False

    def get(self, kind: Kind, name: str) -> Document | None:
        return self.documents.get((kind, name))


class Action(Enum):
    """What a plan does about a resource."""

    CREATE = "create"
    CHANGE = "change"
    BLOCKED = "blocked"  # it stands in the way and is left alone: somebody has to decide


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A field: what it holds, and what it shall hold; as a text, both in one line."""

    path: str
    old: Value
    new: Value

    def __str__(self) -> str:
        return f"{self.path}: {_show(self.old)} -> {_show(self.new)}"


def _show(value: Value) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What is to be done about one resource."""

    resource: Resource
    action: Action
    differences: tuple[Difference, ...] = ()
    why: str = ""

    def describe(self) -> str:
        return f"{'created' if self.action is Action.CREATE else 'changed'} {self.resource}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerPlan(Result):
    """The changes that bring a server to what is wanted, in the order in which they must come."""

    step: ClassVar[str] = "plan"
    url: str
    version: ServerVersion
    changes: tuple[Change, ...]
    resources: tuple[Resource, ...]  # all that is wanted, changed or not

    @property
    def settled(self) -> int:
        """Return how many resources are as they should be."""
        changed = [change.resource for change in self.changes]
        return sum(resource not in changed for resource in self.resources)

    def having(self, action: Action) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.action is action)

    def count_changes(self) -> str:
        words = {
            "to create": Action.CREATE,
            "to change": Action.CHANGE,
            "in the way": Action.BLOCKED,
        }
        counts = ((len(self.having(action)), word) for word, action in words.items())
        return (
            ", ".join(f"{count} {word}" for count, word in counts if count) or "nothing to change"
        )

    def render(self) -> Iterator[tuple[str, str]]:
        """Yield the lines of the plan, each with its sign; a line of a field has none."""
        for change in self.changes:
            yield SIGNS[change.action][0], str(change.resource)
            yield from (("", line) for line in change.why.splitlines())
            for difference in change.differences:
                path, old, new = difference.path, difference.old, difference.new
                if path in SETS and isinstance(new, tuple) and new:
                    before = old if isinstance(old, tuple) else ()
                    yield "", f"{path}:"
                    yield from (("", f"  - {item}") for item in before if item not in new)
                    yield from (("", f"  + {item}") for item in new if item not in before)
                elif change.action is Action.CREATE:
                    yield "", f"{path}: {_show(new)}"
                else:
                    yield "", str(difference)

    def describe(self) -> str:
        counts = self.count_changes()
        return f"{counts}, {self.settled} as wanted on {self.url}, Nexus {self.version}"

    def details(self) -> Iterable[Line]:
        styles = dict(SIGNS.values())
        for sign, line in self.render():
            yield Line((("          ", ""), (f"{sign:<2}{line}", styles.get(sign, ""))))

    def document(self) -> dict[str, Any]:
        changes = [
            {
                "kind": change.resource.kind.value,
                "name": change.resource.name,
                "action": change.action.value,
                "why": change.why,
                "fields": list(map(asdict, change.differences)),
            }
            for change in self.changes
        ]
        return {
            "server": {
                "url": self.url,
                "version": str(self.version),
                "as_wanted": self.settled,
                "changes": changes,
            }
        }

    def redact(self, clean: Clean) -> ServerPlan:
        changes = tuple(
            replace(
                map_texts(change, clean, "why"),
                differences=map_all_texts(change.differences, clean, "old", "new"),
            )
            for change in self.changes
        )
        return replace(map_texts(self, clean, "url"), changes=changes)


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerSettled(Result):
    """The plan is applied: the server was compared again, and nothing is left to do."""

    step: ClassVar[str] = "apply"
    url: str
    settled: int

    def describe(self) -> str:
        return f"nothing is left to do, {self.settled} as wanted on {self.url}"

    def add_to(self, outcome: Outcome) -> Outcome:
        return outcome  # reports show what was changed


SIGNS = {
    Action.CREATE: ("+", "green"),
    Action.CHANGE: ("~", "yellow"),
    Action.BLOCKED: ("!", "bold red"),
}
PASSWORD = "password"  # noqa: S105 - the name of a field
SETS = ("privileges", "roles", "matchers", "cleanup.policyNames")
"""Lists whose order means nothing; Nexus returns them in one of its own."""


def make_server_plan(url: str, resources: Iterable[Resource], found: Found) -> ServerPlan:
    """Compare what is wanted with what was found."""
    resources, changes = tuple(resources), []
    if found.admin_changes:  # from the one that Nexus generated at its first start
        admin = Resource(kind=Kind.USER, name=found.admin, fields={})
        made = Difference(path=PASSWORD, old="the first one", new="from RELEASEKIT_ADMIN_PASSWORD")
        changes.append(Change(resource=admin, action=Action.CHANGE, differences=(made,)))
    changes += filter(None, (_compare(resource, found) for resource in resources))
    return ServerPlan(url=url, version=found.version, changes=tuple(changes), resources=resources)


def _compare(resource: Resource, found: Found) -> Change | None:
    document = found.get(resource.kind, resource.name)
    differences, blocker = find_differences(resource.fields, document), resource.blocker
    if resource.kind is Kind.USER:
        new = "from RELEASEKIT_PUBLISHER_PASSWORD"
        if document is None:
            new = new if found.has_publisher_password else "generated, shown once"
            differences.append(Difference(path=PASSWORD, old=None, new=new))
        elif found.has_publisher_password and not found.publisher_can_log_in:
            differences.append(Difference(path=PASSWORD, old="another one", new=new))
    if not differences and not blocker:
        return None
    username = document.get("httpClient.authentication.username") if document else None
    if resource.kind is Kind.PROXY and username and not found.has_upstream_password:
        # Nexus refuses one without the other: docs/nexus-behaviour.md#rest-repositories.
        blocker = blocker or (
            f"it logs in to its remote as {username}, and Nexus does not tell the password:\n"
            "set RELEASEKIT_PROXY_PASSWORD to it, and run this again"
        )
    if blocker:
        return Change(resource=resource, action=Action.BLOCKED, why=blocker)
    action = Action.CREATE if document is None else Action.CHANGE
    return Change(resource=resource, action=action, differences=tuple(differences))


def find_differences(wanted: Document, found: Document | None) -> list[Difference]:
    """Return the wanted fields that hold something else, or all of them where nothing is there."""
    return [
        Difference(path=path, old=found.get(path) if found else None, new=value)
        for path, value in wanted.items()
        if found is None or _normalise(path, found.get(path)) != _normalise(path, value)
    ]


def _normalise(path: str, value: Value) -> Value:
    if path in SETS:
        return tuple(sorted(value)) if isinstance(value, tuple) else ()
    if path == "storage.writePolicy":  # returned as it was sent; the pages send capitals
        return str(value).lower()
    return str(value).rstrip("/") if path == "proxy.remoteUrl" else value


DESCRIPTION = "releasekit: names that only hosted repositories may have"
PENDING = f"{DESCRIPTION} (being applied)"


def order_steps(plan: ServerPlan) -> Iterator[Change | str]:
    """Yield the steps of a plan, so that one that is killed can be finished.

    A name is that of a group, which is to forget the pages that it keeps.
    The routing rule says in its description that it is being applied until the group's cache is
    renewed: a run that is killed before that leaves a difference, which the next one finishes.
    """
    changes = {(c.resource.kind, c.resource.name): c for c in plan.changes}
    # What decides which files the group lists: it keeps pages that list what is blocked since.
    blocking = any(kind in (Kind.RULE, Kind.PROXY, Kind.GROUP) for kind, _ in changes)
    rule = next((resource for resource in plan.resources if resource.kind is Kind.RULE), None)
    for resource in plan.resources:
        change = changes.get((resource.kind, resource.name))
        if resource is rule and blocking:
            pending = replace(rule, fields=rule.fields | {"description": PENDING})
            unchanged = Change(resource=rule, action=Action.CHANGE)
            yield replace(change or unchanged, resource=pending)
        elif change and change.action is not Action.BLOCKED:
            yield change
        if resource.kind is Kind.GROUP and blocking:
            yield resource.name
            if rule:
                yield Change(resource=rule, action=Action.CHANGE)
