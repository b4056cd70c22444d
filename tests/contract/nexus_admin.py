"""The verbs of administration, spoken to a real Nexus 3.30 over its REST API."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests

from contract.servers import Right, Server
from contract.wire import Login, Wire
from nexus_double import WritePolicy
from releasekit_nexus import Nexus

DAY_MINUTES = 1440
VIEW = "nx-repository-view-pypi"


class NexusAdmin:
    """Asks the REST API; every refusal is an error of the test."""

    def __init__(self, nexus: Nexus, session: requests.Session) -> None:
        self._address = f"{nexus.url}/service/rest/v1/"
        self._session = session
        session.trust_env = False
        session.verify = str(nexus.ca_bundle)
        session.auth = (nexus.admin_username, nexus.admin_password)

    def ask(self, method: str, path: str, document: Mapping[str, Any] | None = None) -> Any:
        """Ask for one thing and give the document of the answer, None where it has none."""
        answer = self._session.request(method, self._address + path, json=document, timeout=60)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def create_hosted(self, name: str, policy: WritePolicy, *, strict: bool) -> None:
        """Create a hosted repository."""
        document = _repository(name, strict=strict)
        document["storage"]["writePolicy"] = policy
        self.ask("POST", "repositories/pypi/hosted", document)

    def create_proxy(self, name: str, remote: str, *, timeout: int, fresh: bool) -> None:
        """Create a proxy without a second try."""
        age = 0 if fresh else DAY_MINUTES
        document = {
            **_repository(name, strict=True),
            "proxy": {"remoteUrl": remote, "contentMaxAge": age, "metadataMaxAge": age},
            "negativeCache": {"enabled": True, "timeToLive": DAY_MINUTES},
            "httpClient": {
                "blocked": False,
                "autoBlock": True,
                "connection": {"retries": 0, "timeout": timeout},
            },
        }
        self.ask("POST", "repositories/pypi/proxy", document)

    def create_group(self, name: str, members: tuple[str, ...]) -> None:
        """Create a group."""
        group = {"memberNames": list(members)}
        self.ask("POST", "repositories/pypi/group", {**_repository(name), "group": group})

    def remove(self, name: str) -> None:
        """Remove a repository."""
        self.ask("DELETE", f"repositories/{name}")

    def set_policy(self, name: str, policy: WritePolicy) -> None:
        """Give a hosted repository another write policy."""
        document = self.ask("GET", f"repositories/pypi/hosted/{name}")
        document["storage"]["writePolicy"] = policy
        self.ask("PUT", f"repositories/pypi/hosted/{name}", document)

    def block(self, proxy: str, patterns: tuple[str, ...]) -> None:
        """Make a rule for the proxy, or take it away; its old rule is removed."""
        document = self.ask("GET", f"repositories/pypi/proxy/{proxy}")
        old = document.pop("routingRuleName")
        if patterns:
            rule = {"name": proxy, "description": "", "mode": "BLOCK", "matchers": list(patterns)}
            self.ask("POST", "routing-rules", rule)
            document["routingRule"] = proxy
        self.ask("PUT", f"repositories/pypi/proxy/{proxy}", document)
        if old is not None:
            self.ask("DELETE", f"routing-rules/{old}")

    def delete(self, repository: str, filename: str) -> None:
        """Delete one file by its asset."""
        assets = self.ask("GET", f"assets?repository={repository}")["items"]
        (asset,) = [one["id"] for one in assets if one["path"].endswith(f"/{filename}")]
        self.ask("DELETE", f"assets/{asset}")

    def invalidate(self, repository: str) -> None:
        """Forget what a proxy or a group has cached."""
        self.ask("POST", f"repositories/{repository}/invalidate-cache")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Freeze, and release in the end, however it ends."""
        self.ask("POST", "read-only/freeze")
        try:
            yield
        finally:
            self.ask("POST", "read-only/release")

    @contextmanager
    def offline(self, repository: str) -> Iterator[None]:
        """Put a repository offline and online again."""
        listed = self.ask("GET", "repositories")
        (kind,) = [one["type"] for one in listed if one["name"] == repository]
        path = f"repositories/pypi/{kind}/{repository}"
        document = self.ask("GET", path)
        self.ask("PUT", path, {**document, "online": False})
        try:
            yield
        finally:
            self.ask("PUT", path, {**document, "online": True})

    @contextmanager
    def limited(self, repository: str, *rights: Right) -> Iterator[Login]:
        """Make a user with a role of their own, and remove both."""
        with self.user([f"{VIEW}-{repository}-{right}" for right in rights]) as login:
            yield login

    @contextmanager
    def user(self, privileges: list[str]) -> Iterator[Login]:
        """Make a user with these privileges and no other."""
        login = Login(username=f"contract-{secrets.token_hex(4)}", password=secrets.token_hex(8))
        name = login.username
        role = {"id": name, "name": name, "description": "", "privileges": privileges, "roles": []}
        self.ask("POST", "security/roles", role)
        user = {
            "userId": name,
            "firstName": "A",
            "lastName": "User",
            "emailAddress": "user@example.com",
            "password": login.password,
            "status": "active",
            "roles": [name],
        }
        self.ask("POST", "security/users", user)
        try:
            yield login
        finally:
            self.ask("DELETE", f"security/users/{name}")
            self.ask("DELETE", f"security/roles/{name}")

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Let nobody read without credentials until the block ends."""
        document = self.ask("GET", "security/anonymous")
        self.ask("PUT", "security/anonymous", {**document, "enabled": False})
        try:
            yield
        finally:
            self.ask("PUT", "security/anonymous", document)


def _repository(name: str, *, strict: bool = True) -> dict[str, Any]:
    storage = {"blobStoreName": "default", "strictContentTypeValidation": strict}
    return {"name": name, "online": True, "storage": storage}


@contextmanager
def attach_nexus(nexus: Nexus) -> Iterator[Server]:
    """Give a running Nexus as a server, with a publisher who may upload to every repository."""
    assert nexus.ca_bundle is not None
    assert nexus.snapshots is not None
    with requests.Session() as session:
        admin = NexusAdmin(nexus, session)
        with admin.user([f"{VIEW}-*-{right}" for right in ("add", "read")]) as publisher:
            yield Server(
                name="nexus",
                url=nexus.url,
                hosted=nexus.hosted,
                snapshots=nexus.snapshots,
                group=nexus.group,
                ca_bundle=nexus.ca_bundle,
                publisher=publisher,
                admin=admin,
                wire=Wire(nexus.url, nexus.ca_bundle),
            )
