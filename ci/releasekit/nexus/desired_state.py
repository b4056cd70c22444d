"""The desired state: from the settings, and from what is there where that has a say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from releasekit.config.settings import Settings
from releasekit.nexus.documents import EMPTY, Document, Value
from releasekit.nexus.drift import DESCRIPTION, Found, Kind, Resource

VIEW = "nx-repository-view-pypi"
LOCAL_REALM = "NexusAuthenticatingRealm"
FOREIGN_RULE = (
    "it has the routing rule {name}, and a proxy has one rule only;\n"
    "take that one off it, or make it a BLOCK rule with these matchers too:\n{patterns}"
)
ACCEPT = (
    "it is not accepted, and Nexus serves no package before. It says:\n{text}\n"
    "whoever may agree for your company adds --apply --accept-eula"
)


def want(settings: Settings, found: Found) -> Iterator[Resource]:
    """Yield all resources as they are wanted, in the order in which they must be made."""
    yield from _license(found)
    yield from _realms(found)
    if settings.anonymous is not None:
        yield Resource(kind=Kind.ANONYMOUS, name="", fields=_fields(enabled=settings.anonymous))
    yield _hosted(settings.hosted, "allow_once", found)
    if settings.snapshots:
        yield _hosted(settings.snapshots, "allow", found)
    if settings.group:
        if settings.own_names and not _is_blocked_by_another(settings, found):
            yield _rule(settings, found)
        yield _proxy(settings, found)
        yield _group(settings.group, settings, found)
    yield from _roles(settings)
    yield _publisher(settings, found)


def _fields(**values: Value) -> Document:
    """Return a document; a double underscore stands for the dot of a path."""
    return Document(fields=tuple((key.replace("__", "."), v) for key, v in values.items()))


def _license(found: Found) -> Iterator[Resource]:
    """Want the license agreement accepted, by a human's word alone: it binds the company."""
    document = found.get(Kind.LICENSE, "")
    if document is None:
        return
    accepted = found.accept_eula or document.get("accepted")
    blocker = "" if accepted else ACCEPT.format(text=document.get("disclaimer"))
    yield Resource(kind=Kind.LICENSE, name="", fields=_fields(accepted=True), blocker=blocker)


def _realms(found: Found) -> Iterator[Resource]:
    """Want users of Nexus itself to be able to log in, and leave other realms as they are."""
    document = found.get(Kind.REALMS, "")
    active = document.names("active") if document else ()
    if LOCAL_REALM not in active:
        yield Resource(kind=Kind.REALMS, name="", fields=_fields(active=(*active, LOCAL_REALM)))


def _storage(kind: Kind, name: str, found: Found) -> tuple[Document, Document]:
    """Return the blob store, as a field to keep where it is wrong, else as one to begin with.

    Nexus takes the name of a blob store that does not exist, and then answers 500 to everything.
    """
    chosen = "default" if "default" in found.blob_stores else "".join(found.blob_stores[:1])
    stores = _fields(storage__blobStoreName=chosen)
    document = found.get(kind, name)
    stands = document is None or document.get("storage.blobStoreName") in found.blob_stores
    return (EMPTY, stores) if stands else (stores, EMPTY)


def _hosted(name: str, policy: str, found: Found) -> Resource:
    kept, initial = _storage(Kind.HOSTED, name, found)
    # A cleanup policy would delete releases; development versions may be cleaned up.
    cleanup = _fields(cleanup__policyNames=()) if policy == "allow_once" else EMPTY
    fields = _fields(
        online=True,
        storage__strictContentTypeValidation=True,
        storage__writePolicy=policy,
    )
    return Resource(
        kind=Kind.HOSTED,
        name=name,
        fields=fields + cleanup + kept,
        initial=initial,
        blocker=_find_namesake(Kind.HOSTED, name, found),
    )


def rule_name(settings: Settings) -> str:
    """Return what the routing rule of the proxy is called."""
    return f"{settings.proxy}-own-names"


def _is_blocked_by_another(settings: Settings, found: Found) -> bool:
    """Tell whether the proxy has another rule, which blocks the own names already."""
    name = _current_rule(settings, found)
    document = found.get(Kind.RULE, name) if name and name != rule_name(settings) else None
    if document is None or document.get("mode") != "BLOCK":
        return False
    return set(block_patterns(settings.own_names)) <= set(document.names("matchers"))


def _current_rule(settings: Settings, found: Found) -> str:
    document = found.get(Kind.PROXY, settings.proxy)
    return str((document and document.get("routingRuleName")) or "")


def _rule(settings: Settings, found: Found) -> Resource:
    """Want the own names blocked; what else a rule of ours blocks stays blocked.

    Another team's configuration may share the proxy: to let a name through is a human's decision.
    """
    name = rule_name(settings)
    document = found.get(Kind.RULE, name)
    also = document.names("matchers") if document and document.get("mode") == "BLOCK" else ()
    patterns = tuple(sorted({*block_patterns(settings.own_names), *also}))
    fields = _fields(description=DESCRIPTION, mode="BLOCK", matchers=patterns)
    return Resource(kind=Kind.RULE, name=name, fields=fields)


def _proxy(settings: Settings, found: Found) -> Resource:
    name, age = settings.proxy, settings.proxy_max_age
    kept, initial = _storage(Kind.PROXY, name, found)
    remote = rule = EMPTY
    if settings.proxy_remote:
        remote = _fields(proxy__remoteUrl=root_url(settings.proxy_remote))
    blocker = _find_namesake(Kind.PROXY, name, found)
    if settings.own_names and not _is_blocked_by_another(settings, found):
        rule = _fields(routingRuleName=rule_name(settings))
        current = _current_rule(settings, found)
        if current not in ("", rule_name(settings)):
            patterns = "\n".join(block_patterns(settings.own_names))
            blocker = blocker or FOREIGN_RULE.format(name=current, patterns=patterns)
    if found.get(Kind.PROXY, name) is None and not settings.proxy_remote:
        blocker = blocker or "set proxy-remote: the address of the index that it fetches from"
    fields = remote + _fields(
        online=True,
        storage__strictContentTypeValidation=True,
        proxy__contentMaxAge=age,
        proxy__metadataMaxAge=age,
        negativeCache__enabled=True,
        negativeCache__timeToLive=age,
        httpClient__blocked=False,
        httpClient__autoBlock=True,
    )
    return Resource(
        kind=Kind.PROXY, name=name, fields=fields + rule + kept, initial=initial, blocker=blocker
    )


def root_url(remote: str) -> str:
    """Return the address below which Nexus asks for simple/NAME/: it adds `simple` itself."""
    return remote.rstrip("/").removesuffix("/simple").rstrip("/") + "/"


def _group(name: str, settings: Settings, found: Found) -> Resource:
    document = found.get(Kind.GROUP, name)
    members = document.names("group.memberNames") if document else ()
    wanted = order_members(members, hosted=settings.hosted, proxy=settings.proxy)
    kept, initial = _storage(Kind.GROUP, name, found)
    return Resource(
        kind=Kind.GROUP,
        name=name,
        fields=_fields(online=True, group__memberNames=wanted) + kept,
        initial=_fields(storage__strictContentTypeValidation=True) + initial,
        blocker=_find_namesake(Kind.GROUP, name, found),
    )


def order_members(members: tuple[str, ...], *, hosted: str, proxy: str) -> tuple[str, ...]:
    """Return the members with hosted before proxy: the first one that has a file serves it.

    Other members stay, in their order.
    """
    if proxy not in members:
        members = (*members, proxy)
    if hosted in members and members.index(hosted) < members.index(proxy):
        return members
    others = tuple(member for member in members if member != hosted)
    place = others.index(proxy) if hosted in members else 0
    return (*others[:place], hosted, *others[place:])


def _find_namesake(kind: Kind, name: str, found: Found) -> str:
    """Return why a repository cannot have its name: Nexus ignores case there."""
    wanted = {Kind.HOSTED: "hosted", Kind.PROXY: "proxy", Kind.GROUP: "group"}[kind]
    for repository in found.repositories:
        if repository.name.lower() != name.lower():
            continue
        if (repository.name, repository.format, repository.type) != (name, "pypi", wanted):
            there = f"{repository.format} {repository.type} repository {repository.name}"
            return f"the {there} has that name: choose another one"
    return ""


def publisher_name(settings: Settings) -> str:
    """Return what the publisher, role and user, of the hosted repository is called."""
    return f"{settings.hosted}-publisher"


def _roles(settings: Settings) -> Iterator[Resource]:
    """Want a publisher who has the least that a release needs, and a reader.

    `add` uploads, `edit` is not needed; `read` proves what is published, `browse` shows the
    repositories to doctor and search: see docs/nexus-behaviour.md#rights-to-upload.
    """
    snapshots = [settings.snapshots] if settings.snapshots else []
    uploads = [settings.hosted, *snapshots]
    source = settings.group or settings.hosted
    sources = sorted({source, *uploads})  # publish reads what it uploads to as the reader, too
    reading = {f"{name}-{right}" for name in sources for right in ("browse", "read")}
    rights = {f"{name}-{right}" for name in uploads for right in ("add", "browse", "read")}
    for name, wanted, description in (
        (publisher_name(settings), rights | reading, f"uploads to {' and '.join(uploads)}"),
        (f"{source}-reader", reading, f"reads {', '.join(sources)}"),
    ):
        privileges = tuple(sorted(f"{VIEW}-{right}" for right in wanted))
        yield Resource(
            kind=Kind.ROLE,
            name=name,
            fields=_fields(privileges=privileges, roles=()),
            initial=_fields(id=name, name=name, description=f"releasekit: {description}"),
        )


def _publisher(settings: Settings, found: Found) -> Resource:
    name = publisher_name(settings)
    document = found.get(Kind.USER, name)
    source = document.get("source") if document else "default"
    blocker = "" if source == "default" else f"a user of the source {source} has that name"
    if name == found.admin:
        blocker = "this administration is done as that user"
    return Resource(
        kind=Kind.USER,
        name=name,
        fields=_fields(status="active", roles=(name,)),
        initial=_fields(
            userId=name,
            firstName="Publisher",
            lastName=settings.hosted,
            emailAddress="publisher@example.com",
        ),
        blocker=blocker,
    )


SEPARATORS = re.compile("[-_.]+")


def block_patterns(own_names: Iterable[str]) -> tuple[str, ...]:
    """Return a pattern of a routing rule for each name, in every spelling (PEP 503), sorted.

    A rule of Nexus matches the whole path below the repository, as it was requested and decoded,
    with the query behind it: docs/nexus-behaviour.md#routing-rules. The patterns are Java's.
    """
    names = {SEPARATORS.sub("[-_.]+", name.lower()).replace("*", "[^/?]*") for name in own_names}
    return tuple(sorted(rf"(?is)/(?:simple|packages)/{name}(?:[/?].*)?" for name in names))


def find_notes(settings: Settings, found: Found) -> Iterator[str]:
    """Yield what an administrator should know beside the plan."""
    if not settings.group:
        yield "no group is configured: group, proxy and routing rule are left alone"
    elif not settings.own_names:
        yield "own-names is not set: a public package may shadow one of yours"
    anonymous = found.get(Kind.ANONYMOUS, "")
    if settings.anonymous is None and anonymous and anonymous.get("enabled"):
        yield "everybody may read without a password; `anonymous = false` would end that"
    admin = found.get(Kind.USER, found.admin)
    if admin and admin.get("status") == "changepassword" and not found.secrets.admin_changes:
        yield (
            f"{found.admin} has the password that Nexus generated at its first start: "
            "set RELEASEKIT_ADMIN_PASSWORD to a new one, and name the file of the first one "
            "with --first-password"
        )
    rule = found.get(Kind.RULE, rule_name(settings))
    if rule and rule.get("mode") == "BLOCK" and settings.own_names:
        ours = block_patterns(settings.own_names)
        if also := [pattern for pattern in rule.names("matchers") if pattern not in ours]:
            names = ", ".join(also)
            yield f"{rule_name(settings)} blocks more than own-names, and goes on: {names}"
