"""As much of the REST API as one start needs: repositories, one role, one user, passwords."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import SetupFailed
from .settings import BOOTSTRAP_PASSWORD, BOOTSTRAP_USER, PUBLISHER

if TYPE_CHECKING:
    import requests

SECONDS = 60.0
# Where the proxy points while nobody has named an upstream: loopback, where nothing answers.
# Blocked, it sends no request: its answers come at once, and group pages leave it out
# (docs/nexus-behaviour.md#remote-failures).
NOWHERE = "http://127.0.0.1:9/"
DAY_MINUTES = 1440


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """What the repositories are called; `remote` is the proxy's upstream."""

    hosted: str
    proxy: str
    group: str
    snapshots: str | None
    remote: str | None

    def __post_init__(self) -> None:
        """Refuse what Nexus would refuse later: it ignores case.

        See docs/nexus-behaviour.md#rest-repositories.
        """
        names = [self.hosted, self.proxy, self.group, *([self.snapshots] if self.snapshots else [])]
        if len({name.lower() for name in names}) < len(names):
            raise ValueError(f"two repositories share the same name: {', '.join(names)}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Creation:
    """One thing to create: where to post what."""

    path: str
    document: Mapping[str, Any]


def list_creations(names: Names) -> tuple[Creation, ...]:
    """List the repositories and the publisher's role, in the order in which they must come."""
    hosted = [_hosted(names.hosted, "allow_once")]
    if names.snapshots is not None:
        hosted.append(_hosted(names.snapshots, "allow"))
    return (*hosted, _proxy(names), _group(names), _role(names))


def _hosted(name: str, policy: str) -> Creation:
    document = _repository(name)
    document["storage"]["writePolicy"] = policy
    return Creation(path="repositories/pypi/hosted", document=document)


def _proxy(names: Names) -> Creation:
    ages = {"contentMaxAge": DAY_MINUTES, "metadataMaxAge": DAY_MINUTES}
    return Creation(
        path="repositories/pypi/proxy",
        document={
            **_repository(names.proxy),
            "proxy": {"remoteUrl": names.remote or NOWHERE, **ages},
            "negativeCache": {"enabled": True, "timeToLive": DAY_MINUTES},
            "httpClient": {"blocked": names.remote is None, "autoBlock": True},
        },
    )


def _group(names: Names) -> Creation:
    """Describe the group: hosted before proxy, for the first member wins.

    See docs/nexus-behaviour.md#group.
    """
    members = {"memberNames": [names.hosted, names.proxy]}
    return Creation(
        path="repositories/pypi/group", document={**_repository(names.group), "group": members}
    )


def _repository(name: str) -> dict[str, Any]:
    storage = {"blobStoreName": "default", "strictContentTypeValidation": True}
    return {"name": name, "online": True, "storage": storage}


def _role(names: Names) -> Creation:
    """Describe the least a publisher needs: `edit` is not among it.

    See docs/nexus-behaviour.md#rights-to-upload.
    """
    uploads = [names.hosted, *([names.snapshots] if names.snapshots else [])]
    rights = [f"{name}-{right}" for name in uploads for right in ("add", "browse", "read")]
    rights += [f"{names.group}-{right}" for right in ("browse", "read")]
    return Creation(
        path="security/roles",
        document={
            "id": PUBLISHER,
            "name": PUBLISHER,
            "description": "uploads to the hosted repositories and reads the group",
            "privileges": [f"nx-repository-view-pypi-{right}" for right in rights],
            "roles": [],
        },
    )


def _publisher(password: str) -> Creation:
    return Creation(
        path="security/users",
        document={
            "userId": PUBLISHER,
            "firstName": "Release",
            "lastName": "Publisher",
            "emailAddress": "publisher@example.com",
            "password": password,
            "status": "active",
            "roles": [PUBLISHER],
        },
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Passwords:
    """The passwords of one instance; they are in memory only."""

    admin: str
    publisher: str

    def __repr__(self) -> str:
        """Keep them out of messages."""
        return "Passwords(...)"


def make_passwords() -> Passwords:
    """Make the passwords of one instance."""
    return Passwords(admin=secrets.token_urlsafe(24), publisher=secrets.token_urlsafe(24))


def set_up(url: str, names: Names, passwords: Passwords, *, verify: str | bool) -> None:
    """Replace the well-known password first, then create everything. Raises SetupFailed."""
    with _open_session(BOOTSTRAP_PASSWORD, verify) as session:
        path = f"security/users/{BOOTSTRAP_USER}/change-password"
        text = {"Content-Type": "text/plain"}
        _send(session, "PUT", url, path, data=passwords.admin, headers=text)
    with _open_session(passwords.admin, verify) as session:
        for creation in (*list_creations(names), _publisher(passwords.publisher)):
            _send(session, "POST", url, creation.path, json=creation.document)


@contextmanager
def _open_session(password: str, verify: str | bool) -> Iterator[requests.Session]:
    import requests

    with requests.Session() as session:
        session.trust_env = False  # loopback: no proxy, no CA and no .netrc of the user's
        session.verify = verify
        session.auth = (BOOTSTRAP_USER, password)
        yield session


def _send(session: requests.Session, method: str, url: str, path: str, **content: Any) -> None:
    address = f"{url}/service/rest/v1/{path}"
    answer = session.request(method, address, timeout=SECONDS, **content)
    if not answer.ok:
        why = f"it answered {answer.status_code} {answer.reason}: {answer.text.strip()[:500]}"
        raise SetupFailed(where=address, why=why)
