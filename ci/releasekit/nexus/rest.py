"""The REST API of a Nexus: lenient reading, and refusals as situations.

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

from releasekit.errors import NexusRefused, WrongCredentials
from releasekit.errors.access import NOT_ALLOWED_BY_NEXUS, WRONG_API_CREDENTIALS
from releasekit.errors.failed import NEXUS_REFUSED, NOT_A_NEXUS
from releasekit.http.answer import DOCUMENT, Answer
from releasekit.http.refusals import explain_refusal
from releasekit.model.credentials import Credentials, describe_login
from releasekit.nexus.documents import (
    Component,
    Document,
    Repository,
    ServerVersion,
    parse_document,
    parse_server_version,
)

if TYPE_CHECKING:
    from releasekit.http.client import Client

PREFIX = "service/rest/v1"
MOST_PAGES = 20_000
"""Pages of a list that are read; 40,000 components, the most of a Community Edition, have 4,000."""
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rest:
    """The REST API of the Nexus at `url`, as one user; NO_CREDENTIALS ask as nobody."""

    url: str
    client: Client
    credentials: Credentials
    attempts: int = 4
    """How often a GET is tried; a change is sent once."""


def ask(
    rest: Rest,
    method: str,
    path: str,
    *,
    document: Mapping[str, Any] | list[str] | None = None,
    text: str | None = None,
    query: Mapping[str, str] | None = None,
) -> Answer:
    """Send one request and return its answer, whatever the status.

    `path` is below /service/rest/v1, or from the root where it begins with a slash. Raises the
    situations of connections.
    """
    base = rest.url.rstrip("/")
    url = f"{base}{path}" if path.startswith("/") else f"{base}/{PREFIX}/{path}"
    if query:
        url += f"?{urlencode(query)}"
    if method == "GET":
        return rest.client.get(
            url, credentials=rest.credentials, limit=DOCUMENT, attempts=rest.attempts
        )
    body, headers = None, {}
    if document is not None:
        body, headers = json.dumps(document).encode(), {"Content-Type": "application/json"}
    elif text is not None:
        body, headers = text.encode(), {"Content-Type": "text/plain"}
    return rest.client.send(method, url, credentials=rest.credentials, headers=headers, body=body)


def require(rest: Rest, answer: Answer, action: str) -> Answer:
    """Return a good answer; raise the situation that another one is.

    `action` completes "this user may not ..." and "Nexus refused to ...".
    """
    status, url = answer.status, answer.url
    if status < 300:
        return answer
    if status < 500 and (error := explain_refusal(answer, url)):
        raise error
    if status == 401:
        name, source, hint = describe_login(rest.credentials)
        raise WrongCredentials(
            WRONG_API_CREDENTIALS, url=url, username=name, source=source, hint=hint
        )
    if status == 403:
        username = rest.credentials.username or "nobody"
        raise NexusRefused(NOT_ALLOWED_BY_NEXUS, url=url, username=username, action=action)
    said = f"{answer.summary}, to {answer.location}" if answer.location else answer.summary
    raise NexusRefused(NEXUS_REFUSED, url=url, action=action, answer=said)


def read(
    rest: Rest, path: str, action: str, take: Callable[[Any], T] = lambda found: found, **query: str
) -> T:
    """Read a JSON document, and return what `take` finds in it.

    Raises what `require` raises, and NOT_A_NEXUS for other documents: a front server sends them.
    """
    return _parse(require(rest, ask(rest, "GET", path, query=query), action), take)


def _parse(answer: Answer, take: Callable[[Any], T]) -> T:
    """Parse a JSON document; a login page answers 200 too. Raises NOT_A_NEXUS."""
    try:
        return take(answer.parse_json())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _not_a_nexus(answer) from error


def _not_a_nexus(answer: Answer) -> NexusRefused:
    return NexusRefused(
        NOT_A_NEXUS,
        url=answer.url,
        answer=f"{answer.status} {answer.reason}".rstrip(),
        server=answer.headers.get("Server") or "nothing",
    )


def find_document(rest: Rest, path: str, action: str) -> Document | None:
    """Read a JSON document, None where there is none (or this user may not see it)."""
    answer = ask(rest, "GET", path)
    if answer.status == 404:
        return None
    return _parse(require(rest, answer, action), parse_document)


def read_pages(
    rest: Rest, path: str, action: str, take: Callable[[Any], T], **query: str
) -> Iterator[T]:
    """Yield what `take` finds in the items of all pages: 10, 50 or 100 on one, by version and path.

    A server that begins again, or has no end, is none (NOT_A_NEXUS).
    """

    def take_page(page: Any) -> tuple[list[T], str | None]:
        token = page.get("continuationToken")
        if token in seen or len(seen) > MOST_PAGES:
            raise ValueError("these pages have no end")
        return [take(item) for item in page["items"]], token and str(token)

    seen: set[str] = set()
    token: str | None = ""
    while token is not None:
        following = {"continuationToken": token} if token else {}
        items, token = read(rest, path, action, take_page, **query, **following)
        yield from items
        token = token or None
        seen.update(filter(None, (token,)))


def read_version(rest: Rest) -> ServerVersion:
    """Read the version of the server, and see that the credentials are valid.

    Status, open to everybody, is 401 with a wrong password. A front server may put its own name
    into the `Server:` header (nginx does by default): then the description of the API tells it.
    Raises WrongCredentials, NOT_A_NEXUS.
    """
    answer = require(rest, ask(rest, "GET", "status"), "read the status")
    version = parse_server_version(answer.headers.get("Server")) or read_described_version(rest)
    if version is None:
        raise _not_a_nexus(answer)
    return version


def read_described_version(rest: Rest) -> ServerVersion | None:
    """Read the version in the description of the API, which is open to everybody.

    None where that is no Nexus's. Raises the situations of REST.
    """
    described = require(rest, ask(rest, "GET", "/service/rest/swagger.json"), "see its API")
    info = _parse(described, parse_document)
    if "Nexus" not in str(info.get("info.title")):
        return None
    return parse_server_version(f"Nexus/{info.get('info.version')}")


def list_repositories(rest: Rest) -> tuple[Repository, ...]:
    """List the repositories that this user may browse, all formats."""
    return read(rest, "repositories", "list the repositories", _take_repositories)


def _take_repositories(found: Any) -> tuple[Repository, ...]:
    return tuple(
        Repository(
            name=item["name"],
            format=item["format"],
            type=item["type"],
            url=item["url"],
            remote=((item.get("attributes") or {}).get("proxy") or {}).get("remoteUrl"),
        )
        for item in found
    )


def find_settings(rest: Rest, kind: str, name: str) -> Document | None:
    """Read the settings of a PyPI repository; `kind` is hosted, proxy or group.

    None where there is none of that kind, and to a user without the privilege
    nx-repository-admin-pypi-NAME-read: docs/nexus-behaviour.md#settings-of-a-repository.
    """
    path = f"repositories/pypi/{kind}/{quote(name)}"
    return find_document(rest, path, f"see the settings of {name}")


def search_components(rest: Rest, **query: str) -> Iterator[Component]:
    """Search what this user may browse; a new upload is found after about a second.

    `query`: name (wildcards, lower case), version, q, repository (a group finds its members')...
    """
    return read_pages(rest, "search", "search", _take_component, format="pypi", **query)


def _take_component(item: Any) -> Component:
    version = item.get("version") or ""
    return Component(repository=item["repository"], name=item["name"], version=version)
