"""A Nexus as an administrator finds a new one: its password generated, no repository."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import requests
from platformdirs import user_cache_path

from in_process import Recorder, open_command
from releasekit.commands.provision import run as provision
from releasekit.errors import ReleasekitError
from releasekit.errors.refused import SERVER_DIFFERS
from releasekit.nexus.drift import ServerPlan
from releasekit_nexus.launch import launch
from releasekit_nexus.prepared import prepare_runtime
from support import Ran

UNTOUCHED = {"nexus.security.randompassword": "true", "nexus.onboarding.enabled": "true"}
ADMIN_PASSWORD = "the-password-that-is-wanted"
PUBLISHER_PASSWORD = "the-password-of-the-publisher"
PUBLISHER = ("pypi-hosted-publisher", PUBLISHER_PASSWORD)
REST = "service/rest/v1"
HOSTED, PROXY = "repositories/pypi/hosted/pypi-hosted", "repositories/pypi/proxy/pypi-proxy"
GROUP, ROLE = "repositories/pypi/group/pypi-group", f"security/roles/{PUBLISHER[0]}"
RULE = "routing-rules/pypi-proxy-own-names"


@dataclass(frozen=True, kw_only=True, slots=True)
class Bare:
    """A running server, asked as whom one likes."""

    url: str
    ca_bundle: Path
    first: Path
    """The file that holds the password that it generated."""
    session: requests.Session = field(repr=False)

    def send(
        self,
        method: str,
        path: str,
        *,
        user: tuple[str, str] | None = ("admin", ADMIN_PASSWORD),
        **content: Any,
    ) -> requests.Response:
        """Ask for anything, from the root of the server."""
        return self.session.request(method, f"{self.url}/{path}", auth=user, timeout=60, **content)

    def ask(self, method: str, path: str, document: Any = None) -> Any:
        """Ask the REST API as the administrator; every refusal is an error of the test."""
        answer = self.send(method, f"service/rest/v1/{path}", json=document)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def environ(self, prefix: str = "") -> dict[str, str]:
        """Give the variables that provision this server, with names that begin with a prefix."""
        return {
            "RELEASEKIT_URL": self.url,
            "RELEASEKIT_CA_BUNDLE": str(self.ca_bundle),
            "RELEASEKIT_HOSTED": f"{prefix}pypi-hosted",
            "RELEASEKIT_PROXY": f"{prefix}pypi-proxy",
            "RELEASEKIT_GROUP": f"{prefix}pypi-group",
            "RELEASEKIT_ADMIN_PASSWORD": ADMIN_PASSWORD,
            "RELEASEKIT_PUBLISHER_PASSWORD": PUBLISHER_PASSWORD,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }


@contextmanager
def run_bare(home: Path) -> Iterator[Bare]:
    """Run a server for the first time until the block ends (measured: 25 s to be ready)."""
    cache = user_cache_path("releasekit") / "nexus"
    runtime = prepare_runtime(
        cache,
        environ=os.environ,
        notify=lambda _: None,
        progress=lambda *_: None,
    )
    with (
        launch(runtime, home, port=0, tls=True, leftover=home, also=UNTOUCHED) as running,
        requests.Session() as session,
    ):
        assert running.ca_bundle is not None
        session.trust_env = False
        session.verify = str(running.ca_bundle)
        first = home / "data" / "admin.password"
        yield Bare(url=running.url, ca_bundle=running.ca_bundle, first=first, session=session)


OnChange = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Administrator:
    """The commands in this process, as somebody with an environment of their own gives them."""

    root: Path
    environ: Mapping[str, str]
    attended: bool = False
    recorders: list[Recorder] = field(default_factory=list, compare=False)

    def run(self, *options: str, on_change: OnChange = lambda text: None) -> Recorder:
        """Run `provision`; `on_change` may end it, as Ctrl-C does."""
        recorder = Recorder(on_change)
        with open_command(
            "provision", *options, root=self.root, environ=self.environ, recorder=recorder
        ) as ctx:
            self.recorders.append(recorder)
            provision(replace(ctx, attended=self.attended))
        return recorder

    def plan(self) -> ServerPlan:
        """Give the plan, whatever is in it."""
        try:
            self.run()
        except ReleasekitError as error:
            if error.entry is not SERVER_DIFFERS:
                raise
            differs = True
        else:
            differs = False
        plan = self.recorders[-1].find(ServerPlan)
        assert bool(plan.changes) is differs
        return plan

    def apply(self, on_change: OnChange = lambda text: None) -> Recorder:
        """Apply the plan."""
        return self.run("--apply", on_change=on_change)


@dataclass(frozen=True, kw_only=True, slots=True)
class SetUp:
    """What the first set-up told: the plan, the apply and a second run of the same command."""

    plan: Ran
    apply: Ran
    again: Ran


def differences(plan: ServerPlan) -> dict[str, tuple[Any, Any]]:
    return {
        f"{change.resource}: {field.path}": (field.old, field.new)
        for change in plan.changes
        for field in change.differences
    }


def edit(bare: Bare, path: str, **fields: Any) -> None:
    """Change a thing by hand, as the pages of Nexus do."""
    document = bare.ask("GET", path)
    for key, value in fields.items():
        *parents, last = key.split("__")
        place = document
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    document["routingRule"] = document.get("routingRuleName")
    bare.ask("PUT", path, document)


def edit_user(bare: Bare, **fields: Any) -> None:
    (document,) = bare.ask("GET", f"security/users?userId={PUBLISHER[0]}")
    bare.ask("PUT", f"security/users/{PUBLISHER[0]}", {**document, **fields})


def take_the_rule_off(bare: Bare) -> None:
    """Put the proxy's own answer back, which drops its rule in silence."""
    path = "repositories/pypi/proxy/pypi-proxy"
    bare.ask("PUT", path, bare.ask("GET", path))


class Interruption:
    """Ctrl-C at the n-th change."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, text: str) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
