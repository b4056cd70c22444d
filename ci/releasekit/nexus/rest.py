"""The REST API of a Nexus: lenient reading, and refusals as situations.

What a real 3.30 answers decides; newer versions differ in the shapes of their errors. Three traps:
wrong credentials are 401 on every path, even on status; missing rights are 403 with an empty body,
also for nobody; but the settings of a repository are 404 to a user who may not see them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from releasekit.errors import NexusRefused, WrongCredentials
from releasekit.errors.access import NOT_ALLOWED_BY_NEXUS, WRONG_API_CREDENTIALS
from releasekit.errors.failed import NEXUS_REFUSED, NOT_A_NEXUS
from releasekit.http.answer import DOCUMENT, Answer
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
SHOWN = 500
"""Characters of an answer that an error shows."""


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
    if status == 401:
        name, source, hint = describe_login(rest.credentials)
        raise WrongCredentials(
            WRONG_API_CREDENTIALS, url=url, username=name, source=source, hint=hint
        )
    if status == 403:
        username = rest.credentials.username or "nobody"
        raise NexusRefused(NOT_ALLOWED_BY_NEXUS, url=url, username=username, action=action)
    said = f"{status} {answer.reason}: {read_message(answer)}".rstrip(": ")
    raise NexusRefused(NEXUS_REFUSED, url=url, action=action, answer=said)


def read_message(answer: Answer) -> str:
    """Return what an error's body says; there are five shapes, and one of them is no JSON."""
    text = answer.text.strip()
    if text.startswith("<"):  # an error page: its reason phrase says as much
        return ""
    try:
        found = json.loads(text)
    except ValueError:  # 3.30: quoted, with raw line breaks and quotes in it
        return " ".join(text.strip('"').split())[:SHOWN]
    messages = []
    for entry in found if isinstance(found, list) else [found]:
        fields = entry if isinstance(entry, Mapping) else {"message": entry}
        # "PARAMETER name", "HelperBean.memberNames", "*"
        place = str(fields.get("id", "*")).removeprefix("PARAMETER ")
        message = str(fields.get("message", "")).strip('"')
        messages.append(message if place == "*" else f"{place}: {message}")
    return "; ".join(messages)[:SHOWN]


def read(rest: Rest, path: str, action: str, **query: str) -> Any:
    """Read a JSON document; raises where the answer is no good one."""
    return _parse(require(rest, ask(rest, "GET", path, query=query), action))


def _parse(answer: Answer) -> Any:
    """Parse a JSON document; a login page answers 200 too. Raises NOT_A_NEXUS."""
    try:
        return answer.parse_json()
    except ValueError as error:
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
    return parse_document(_parse(require(rest, answer, action)))


def read_pages(rest: Rest, path: str, action: str, **query: str) -> Iterator[Mapping[str, Any]]:
    """Yield the items of all pages: 10, 50 or 100 on one, by version and path."""
    token: str | None = None
    while True:
        following = {"continuationToken": token} if token else {}
        page = read(rest, path, action, **query, **following)
        yield from page["items"]
        token = page.get("continuationToken")
        if not token:
            return


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
    info = parse_document(_parse(described))
    if "Nexus" not in str(info.get("info.title")):
        return None
    return parse_server_version(f"Nexus/{info.get('info.version')}")


def list_repositories(rest: Rest) -> tuple[Repository, ...]:
    """List the repositories that this user may browse, all formats."""
    return tuple(
        Repository(
            name=item["name"],
            format=item["format"],
            type=item["type"],
            url=item["url"],
            remote=((item.get("attributes") or {}).get("proxy") or {}).get("remoteUrl"),
        )
        for item in read(rest, "repositories", "list the repositories")
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
    for item in read_pages(rest, "search", "search", format="pypi", **query):
        yield Component(
            repository=item["repository"], name=item["name"], version=item.get("version") or ""
        )
