"""The REST API of a Nexus: lenient reading, writes by kind, and refusals as situations.

What a real 3.30 answers decides; newer versions differ in the shapes of their errors. Three traps:
wrong credentials are 401 on every path, even on status; missing rights are 403 with an empty body,
also for nobody; but the settings of a repository are 404 to a user who may not see them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode

from releasekit.errors import NexusRefused, WrongCredentials, access, failed
from releasekit.http.answer import DOCUMENT, Answer, explain_refusal
from releasekit.model.access import Credentials, describe_login
from releasekit.nexus.documents import (
    Component,
    Document,
    Repository,
    ServerVersion,
    parse_document,
    parse_server_version,
    render_document,
)
from releasekit.nexus.drift import Kind, Resource

if TYPE_CHECKING:
    from releasekit.http.client import Client

MOST_PAGES = 20_000
"""Pages of a list that are read; 40,000 components, the most of a Community Edition, have 4,000."""
T = TypeVar("T")
RESOURCES = {
    Kind.LICENSE: ("system/eula", "read the license agreement"),
    Kind.REALMS: ("security/realms/active", "read the realms"),
    Kind.ANONYMOUS: ("security/anonymous", "read the anonymous access"),
    Kind.HOSTED: ("repositories/pypi/hosted", "see the settings of {}"),
    Kind.RULE: ("routing-rules", "read routing rules"),
    Kind.PROXY: ("repositories/pypi/proxy", "see the settings of {}"),
    Kind.GROUP: ("repositories/pypi/group", "see the settings of {}"),
    Kind.ROLE: ("security/roles", "read roles"),
    Kind.USER: ("security/users", "read users"),
}
"""Where a resource is created, with its name behind it changed; and what reading it is called."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rest:
    """The REST API of the Nexus at `url`, as one user; NO_CREDENTIALS ask as nobody."""

    url: str
    client: Client
    credentials: Credentials
    attempts: int = 4  # how often a GET is tried; a change is sent once


def request(
    rest: Rest,
    method: str,
    path: str,
    action: str,
    *,
    document: Mapping[str, Any] | list[str] | None = None,
    text: str = "",
    query: Mapping[str, str] | None = None,
    allow_missing: bool = False,
) -> Answer:
    """Send one request and return a good answer; raise the situation that another one is.

    `path` is below /service/rest/v1, or from the root where it begins with a slash. `action`
    completes "this user may not ..." and "Nexus refused to ...". `allow_missing` returns a 404.
    """
    url = rest.url.rstrip("/") + (path if path.startswith("/") else f"/service/rest/v1/{path}")
    url += f"?{urlencode(query)}" if query else ""
    login, body, media_type = rest.credentials, text.encode() or None, "text/plain"
    if document is not None:
        body, media_type = json.dumps(document).encode(), "application/json"
    if method == "GET":
        answer = rest.client.get(url, credentials=login, limit=DOCUMENT, attempts=rest.attempts)
    else:
        headers = {"Content-Type": media_type} if body else {}
        answer = rest.client.send(method, url, credentials=login, headers=headers, body=body)
    url = answer.url
    if answer.status < 300 or (allow_missing and answer.status == 404):
        return answer
    if answer.status < 500 and (error := explain_refusal(answer, url)):
        raise error
    if answer.status == 401:
        name, source, hint = describe_login(login)
        raise WrongCredentials(
            access.WRONG_API_CREDENTIALS, url=url, username=name, source=source, hint=hint
        )
    if answer.status == 403:
        name = login.username or "nobody"
        raise NexusRefused(access.NOT_ALLOWED_BY_NEXUS, url=url, username=name, action=action)
    location = f", to {answer.location}" if answer.location else ""
    raise NexusRefused(
        failed.NEXUS_REFUSED, url=url, action=action, answer=f"{answer.summary}{location}"
    )


def read(rest: Rest, path: str, action: str, take: Callable[[Any], T], **query: str) -> T:
    """Read a JSON document, and return what `take` finds in it.

    Raises what `request` raises, and NOT_A_NEXUS for other documents: a front server sends them.
    """
    return _parse(request(rest, "GET", path, action, query=query), take)


def _parse(answer: Answer, take: Callable[[Any], T]) -> T:
    try:  # a login page answers 200 too
        return take(answer.parse_json())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _not_a_nexus(answer) from error


def _not_a_nexus(answer: Answer) -> NexusRefused:
    return NexusRefused(
        failed.NOT_A_NEXUS,
        url=answer.url,
        answer=f"{answer.status} {answer.reason}".rstrip(),
        server=answer.headers.get("Server") or "nothing",
    )


def read_version(rest: Rest) -> ServerVersion:
    """Read the version of the server, and see that the credentials are valid.

    Status, open to everybody, is 401 with a wrong password. A front server may put its own name
    into the `Server:` header (nginx does by default): then the description of the API has it.
    Raises WrongCredentials, NOT_A_NEXUS.
    """
    answer = request(rest, "GET", "status", "read the status")
    version = parse_server_version(answer.headers.get("Server")) or read_described_version(rest)
    if version is None:
        raise _not_a_nexus(answer)
    return version


def read_described_version(rest: Rest) -> ServerVersion | None:
    """Read the version in the description of the API, which is open to everybody.

    None where that is no Nexus's. Raises the situations of REST.
    """
    info = read(rest, "/service/rest/swagger.json", "see its API", parse_document)
    if "Nexus" not in str(info.get("info.title")):
        return None
    return parse_server_version(f"Nexus/{info.get('info.version')}")


def list_repositories(rest: Rest) -> tuple[Repository, ...]:
    """List the repositories that this user may browse, all formats."""

    def take(found: Any) -> tuple[Repository, ...]:
        return tuple(
            Repository(
                name=item["name"],
                format=item["format"],
                type=item["type"],
                remote=((item.get("attributes") or {}).get("proxy") or {}).get("remoteUrl"),
            )
            for item in found
        )

    return read(rest, "repositories", "list the repositories", take)


def list_blob_stores(rest: Rest) -> tuple[str, ...]:
    """List the names of the blob stores."""
    return read(
        rest,
        "blobstores",
        "list the blob stores",
        lambda found: tuple(store["name"] for store in found),
    )


def search_components(rest: Rest, **query: str) -> Iterator[Component]:
    """Search what this user may browse; a new upload is found after about a second.

    `query`: name (wildcards, lower case), version, q, repository (a group finds its members')...
    A page has 10, 50 or 100 components, by version and path. A server whose pages begin again, or
    have no end, is none (NOT_A_NEXUS).
    """
    seen: set[str] = set()
    query = {"format": "pypi", **query}

    def take(page: Any) -> tuple[list[Component], str | None]:
        token = page.get("continuationToken")
        if token in seen or len(seen) > MOST_PAGES:
            raise ValueError("these pages have no end")
        components = [
            Component(
                repository=item["repository"], name=item["name"], version=item.get("version") or ""
            )
            for item in page["items"]
        ]
        return components, token and str(token)

    while True:
        components, token = read(rest, "search", "search", take, **query)
        yield from components
        if not token:
            return
        seen.add(token)
        query["continuationToken"] = token


def find_resource(rest: Rest, kind: Kind, name: str) -> Document | None:
    """Read a resource, None where there is none, or this user may not see it.

    The settings of a repository need the privilege nx-repository-admin-pypi-NAME-read:
    docs/nexus-behaviour.md#settings-of-a-repository.
    """
    path, action = RESOURCES[kind]

    def take_user(found: Any) -> Document | None:
        # The query means "begins with", in some versions.
        return next((parse_document(user) for user in found if user["userId"] == name), None)

    match kind:
        case Kind.REALMS:
            return read(rest, path, action, lambda found: parse_document({"active": list(found)}))
        case Kind.ANONYMOUS:
            return read(rest, path, action, parse_document)
        case Kind.USER:  # userId, source, status, roles: never a password
            return read(rest, path, action, take_user, userId=name)
    path = f"{path}/{quote(name)}".rstrip("/")
    answer = request(rest, "GET", path, action.format(name), allow_missing=True)
    return None if answer.status == 404 else _parse(answer, parse_document)


def create_resource(rest: Rest, kind: Kind, body: dict[str, Any]) -> None:
    """Create a resource."""
    action = f"create the {kind.value} {body.get('name') or body.get('userId')}"
    request(rest, "POST", RESOURCES[kind][0], action, document=body)


def update_resource(rest: Rest, kind: Kind, name: str, body: dict[str, Any]) -> None:
    """Write a whole resource that is there."""
    request(
        rest,
        "POST" if kind is Kind.LICENSE else "PUT",
        f"{RESOURCES[kind][0]}/{quote(name)}".rstrip("/"),
        f"change the {kind.value} {name}".rstrip(),
        document=body["active"] if kind is Kind.REALMS else body,
    )


def set_password(rest: Rest, username: str, password: str) -> None:
    """Give a user of Nexus itself another password."""
    path = f"security/users/{quote(username)}/change-password"
    request(rest, "PUT", path, f"change the password of the user {username}", text=password)


def invalidate_cache(rest: Rest, repository: str) -> None:
    """Make a proxy or a group forget the pages that it keeps."""
    path = f"repositories/{quote(repository)}/invalidate-cache"
    request(rest, "POST", path, f"invalidate the cache of {repository}")


ANSWER_ONLY = {
    **dict.fromkeys((Kind.HOSTED, Kind.PROXY, Kind.GROUP), ("format", "type", "url")),
    Kind.ROLE: ("source", "readOnly"),
}
"""Fields of answers that the requests do not have."""


def render_body(
    resource: Resource,
    found: Document | None,
    version: ServerVersion,
    *,
    upstream_password: str | None = None,
) -> dict[str, Any]:
    """Return the body that creates a resource, or changes all that was found of it."""
    name = {} if resource.kind in (Kind.ROLE, Kind.USER) else {"name": resource.name}
    before = {**name, **resource.initial} if found is None else found
    document: Document = {**before, **resource.fields}
    if upstream_password and document.get("httpClient.authentication.username"):
        document["httpClient.authentication.password"] = upstream_password
    # Before 3.94, a request says `routingRule` where the answer says `routingRuleName`: a document
    # that is put back as it came loses its rule, and Nexus says nothing:
    # docs/nexus-behaviour.md#rest-repositories; the same on 3.71.
    old = resource.kind is Kind.PROXY and version.numbers < (3, 94)
    fields: Document = {
        "routingRule" if old and path == "routingRuleName" else path: value
        for path, value in document.items()
        if value is not None and path not in ANSWER_ONLY.get(resource.kind, ())
    }
    return render_document(fields)
