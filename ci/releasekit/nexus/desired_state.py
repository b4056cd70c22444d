"""The desired state: from the settings, and from what is there where that has a say."""

import re
from collections.abc import Iterable, Iterator

from releasekit.config.settings import Settings
from releasekit.nexus.documents import Document, list_names
from releasekit.nexus.drift import DESCRIPTION, Found, Kind, Resource

LOCAL_REALM = "NexusAuthenticatingRealm"


def want(settings: Settings, found: Found) -> Iterator[Resource]:
    """Yield all resources as they are wanted, in the order in which they must be made."""
    if (agreement := found.get(Kind.LICENSE, "")) is not None:
        # It binds the company, so only a human's word accepts it.
        blocker = (
            "it is not accepted, and Nexus serves no package before. It says:\n"
            f"{agreement.get('disclaimer')}\n"
            "whoever may agree for your company adds --apply --accept-eula"
        )
        yield Resource(
            kind=Kind.LICENSE,
            name="",
            fields={"accepted": True},
            blocker="" if found.accept_eula or agreement.get("accepted") else blocker,
        )
    active = list_names(found.get(Kind.REALMS, ""), "active")
    if LOCAL_REALM not in active:  # users of Nexus itself can log in; other realms stay
        yield Resource(kind=Kind.REALMS, name="", fields={"active": (*active, LOCAL_REALM)})
    if settings.anonymous is not None:
        yield Resource(kind=Kind.ANONYMOUS, name="", fields={"enabled": settings.anonymous})
    yield _want_hosted(settings.hosted, "allow_once", found)
    if settings.snapshots:
        yield _want_hosted(settings.snapshots, "allow", found)
    if settings.group:
        blocks = bool(settings.own_names) and not _is_blocked_by_another(settings, found)
        if blocks:
            yield _want_rule(settings, found)
        yield _want_proxy(settings, found, blocks=blocks)
        yield _want_group(settings.group, settings, found)
    yield from _want_roles(settings)
    yield _want_publisher(settings, found)


def _want_repository(
    kind: Kind,
    name: str,
    found: Found,
    fields: Document,
    *,
    initial: Document | None = None,
    blocker: str = "",
) -> Resource:
    """Return a repository in a blob store that exists, kept as a field where another is there.

    Nexus takes the name of a blob store that does not exist, and then answers 500 to everything.
    It ignores case in names of repositories.
    """
    document = found.get(kind, name)
    chosen = "default" if "default" in found.blob_stores else "".join(found.blob_stores[:1])
    store: Document = {"storage.blobStoreName": chosen}
    stands = document is None or document.get("storage.blobStoreName") in found.blob_stores
    for other in found.repositories:
        described = f"{other.format} {other.type} repository {other.name}"
        if other.name.lower() == name.lower() and described != f"pypi {kind.value} {name}":
            blocker = f"the {described} has that name: choose another one"
            break
    return Resource(
        kind=kind,
        name=name,
        fields=fields if stands else fields | store,
        initial=(initial or {}) | (store if stands else {}),
        blocker=blocker,
    )


def _want_hosted(name: str, policy: str, found: Found) -> Resource:
    # A cleanup policy would delete releases; development versions may be cleaned up.
    cleanup: Document = {"cleanup.policyNames": ()} if policy == "allow_once" else {}
    fields: Document = {
        "online": True,
        "storage.strictContentTypeValidation": True,
        "storage.writePolicy": policy,
    }
    return _want_repository(Kind.HOSTED, name, found, fields | cleanup)


def rule_name(settings: Settings) -> str:
    """Return what the routing rule of the proxy is called."""
    return f"{settings.proxy}-own-names"


def _is_blocked_by_another(settings: Settings, found: Found) -> bool:
    name = _current_rule(settings, found)
    patterns = set(block_patterns(settings.own_names))
    return name != rule_name(settings) and patterns <= set(_list_blocked(found, name))


def _list_blocked(found: Found, name: str) -> tuple[str, ...]:
    """Return the patterns that a routing rule blocks; none of one that is missing, or allows."""
    rule = found.get(Kind.RULE, name) or {}
    return list_names(rule, "matchers") if rule.get("mode") == "BLOCK" else ()


def _current_rule(settings: Settings, found: Found) -> str:
    document = found.get(Kind.PROXY, settings.proxy) or {}
    return str(document.get("routingRuleName") or "")


def _want_rule(settings: Settings, found: Found) -> Resource:
    """Want the own names blocked; what else a rule of ours blocks stays blocked.

    Another team's configuration may share the proxy: to let a name through is a human's decision.
    """
    name = rule_name(settings)
    patterns = {*block_patterns(settings.own_names), *_list_blocked(found, name)}
    return Resource(
        kind=Kind.RULE,
        name=name,
        fields={"description": DESCRIPTION, "mode": "BLOCK", "matchers": tuple(sorted(patterns))},
    )


def _want_proxy(settings: Settings, found: Found, *, blocks: bool) -> Resource:
    """Want a proxy; `blocks` if the routing rule for the own names belongs to it."""
    fields: Document = {}
    blocker, age = "", settings.proxy_max_age
    if settings.proxy_remote:
        # Nexus adds `simple` to the address itself.
        root = settings.proxy_remote.rstrip("/").removesuffix("/simple").rstrip("/")
        fields["proxy.remoteUrl"] = f"{root}/"
    elif found.get(Kind.PROXY, settings.proxy) is None:
        blocker = "set proxy-remote: the address of the index that it fetches from"
    fields |= {
        "online": True,
        "storage.strictContentTypeValidation": True,
        "proxy.contentMaxAge": age,
        "proxy.metadataMaxAge": age,
        "negativeCache.enabled": True,
        "negativeCache.timeToLive": age,
        "httpClient.blocked": False,
        "httpClient.autoBlock": True,
    }
    if blocks:
        fields["routingRuleName"] = rule_name(settings)
        current = _current_rule(settings, found)
        if current not in ("", rule_name(settings)):
            lines = (
                f"it has the routing rule {current}, and a proxy has one rule only;",
                "take that one off it, or make it a BLOCK rule with these matchers too:",
            )
            blocker = "\n".join((*lines, *block_patterns(settings.own_names)))
    return _want_repository(Kind.PROXY, settings.proxy, found, fields, blocker=blocker)


def _want_group(name: str, settings: Settings, found: Found) -> Resource:
    members = list_names(found.get(Kind.GROUP, name), "group.memberNames")
    wanted = order_members(members, hosted=settings.hosted, proxy=settings.proxy)
    return _want_repository(
        Kind.GROUP,
        name,
        found,
        {"online": True, "group.memberNames": wanted},
        initial={"storage.strictContentTypeValidation": True},
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


def publisher_name(settings: Settings) -> str:
    """Return what the publisher, role and user, of the hosted repository is called."""
    return f"{settings.hosted}-publisher"


def reader_name(settings: Settings) -> str:
    """Return what the role is called that reads what is installed from."""
    return f"{settings.group or settings.hosted}-reader"


def _want_roles(settings: Settings) -> Iterator[Resource]:
    """Want a publisher who has the least that a release needs, and a reader.

    `add` uploads, `edit` is not needed; `read` proves what is published, `browse` shows the
    repositories to doctor and search: see docs/nexus-behaviour.md#rights-to-upload.
    """
    uploads = [settings.hosted, *filter(None, [settings.snapshots])]
    source = settings.group or settings.hosted
    sources = sorted({source, *uploads})  # publish reads what it uploads to as the reader, too
    reading = {f"{name}-{right}" for name in sources for right in ("browse", "read")}
    rights = {f"{name}-{right}" for name in uploads for right in ("add", "browse", "read")}
    for name, wanted, description in (
        (publisher_name(settings), rights | reading, f"uploads to {' and '.join(uploads)}"),
        (reader_name(settings), reading, f"reads {', '.join(sources)}"),
    ):
        privileges = tuple(sorted(f"nx-repository-view-pypi-{right}" for right in wanted))
        yield Resource(
            kind=Kind.ROLE,
            name=name,
            fields={"privileges": privileges, "roles": ()},
            initial={"id": name, "name": name, "description": f"releasekit: {description}"},
        )


def _want_publisher(settings: Settings, found: Found) -> Resource:
    name = publisher_name(settings)
    source = (found.get(Kind.USER, name) or {"source": "default"}).get("source")
    blocker = "" if source == "default" else f"a user of the source {source} has that name"
    return Resource(
        kind=Kind.USER,
        name=name,
        fields={"status": "active", "roles": (name,)},
        initial={
            "userId": name,
            "firstName": "Publisher",
            "lastName": settings.hosted,
            "emailAddress": "publisher@example.com",
        },
        blocker="this administration is done as that user" if name == found.admin else blocker,
    )


def block_patterns(own_names: Iterable[str]) -> tuple[str, ...]:
    """Return a pattern of a routing rule for each name, in every spelling (PEP 503), sorted.

    A rule of Nexus matches the whole path below the repository, as it was requested and decoded,
    with the query behind it: docs/nexus-behaviour.md#routing-rules. The patterns are Java's.
    """
    separator = "[-_.]+"
    names = {
        re.sub(separator, separator, name.lower()).replace("*", "[^/?]*") for name in own_names
    }
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
    if admin and admin.get("status") == "changepassword" and not found.admin_changes:
        yield (
            f"{found.admin} has the password that Nexus generated at its first start: "
            "set RELEASEKIT_ADMIN_PASSWORD to a new one, and name the file of the first one "
            "with --first-password"
        )
    if settings.own_names:
        ours, blocked = (
            block_patterns(settings.own_names),
            _list_blocked(found, rule_name(settings)),
        )
        if also := ", ".join(pattern for pattern in blocked if pattern not in ours):
            yield f"{rule_name(settings)} blocks more than own-names, and goes on: {also}"
