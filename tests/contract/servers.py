"""What a contract test needs of a server, and the two servers that give it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from contract.wire import FORM_TYPE, Answer, Login, Part, Wire, render_form
from nexus_double import WritePolicy

Right = Literal["add", "read"]
ServerName = Literal["double", "nexus"]

WHEEL = "rp-1-py3-none-any.whl"
ZIP = b"PK\x03\x04 a wheel"


class Admin(Protocol):
    """Verbs of administration that both servers can be brought to carry out."""

    def create_hosted(self, name: str, policy: WritePolicy, *, strict: bool) -> None:
        """Create a hosted repository; a strict one looks at what files hold."""

    def create_proxy(self, name: str, remote: str, *, timeout: int, fresh: bool) -> None:
        """Create a proxy over an index; `timeout` is in seconds, a fresh one asks every time."""

    def create_group(self, name: str, members: tuple[str, ...]) -> None:
        """Create a group."""

    def remove(self, name: str) -> None:
        """Remove a repository."""

    def set_policy(self, name: str, policy: WritePolicy) -> None:
        """Give a hosted repository another write policy."""

    def block(self, proxy: str, patterns: tuple[str, ...]) -> None:
        """Give a proxy a routing rule that blocks these paths; none takes the rule away."""

    def delete(self, repository: str, filename: str) -> None:
        """Delete one file."""

    def invalidate(self, repository: str) -> None:
        """Forget what a proxy or a group has cached."""

    def frozen(self) -> AbstractContextManager[None]:
        """Keep the whole server read-only until the block ends."""

    def offline(self, repository: str) -> AbstractContextManager[None]:
        """Keep a repository offline until the block ends."""

    def limited(self, repository: str, *rights: Right) -> AbstractContextManager[Login]:
        """Give somebody who has only these rights on one repository."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running server; the repositories are those that every release is pointed at."""

    name: ServerName
    url: str
    hosted: str
    snapshots: str
    group: str
    ca_bundle: Path
    publisher: Login
    admin: Admin
    wire: Wire

    def upload_url(self, repository: str) -> str:
        """Give the address that takes uploads."""
        return f"{self.url}/repository/{repository}/"

    def simple_url(self, repository: str) -> str:
        """Give the address of a simple index."""
        return f"{self.url}/repository/{repository}/simple/"

    def get(self, repository: str, path: str, **headers: str) -> Answer:
        """Get something of a repository as nobody; `_` stands for `-` in names of headers."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.wire.ask("GET", f"/repository/{repository}/{path}", headers=sent)

    def post(self, repository: str, *parts: Part, login: Login | None = None) -> Answer:
        """Post a form of exactly these parts."""
        return self.wire.ask(
            "POST",
            f"/repository/{repository}/",
            login=login or self.publisher,
            headers={"Content-Type": FORM_TYPE},
            body=render_form(parts),
        )

    def upload(
        self,
        repository: str,
        filename: str = WHEEL,
        content: bytes = ZIP,
        *,
        login: Login | None = None,
        **fields: str,
    ) -> Answer:
        """Post an upload of project rp 1, or as the fields say."""
        parts = make_upload(filename, content, **fields)
        return self.post(repository, *parts, login=login)

    def store(self, repository: str, filename: str = WHEEL, **fields: str) -> None:
        """Upload a file that must be taken."""
        answer = self.post(repository, *make_upload(filename, ZIP, **fields))
        assert answer.line == "200 OK", (filename, answer)


def make_upload(filename: str, content: bytes, **fields: str) -> tuple[Part, ...]:
    """Give the parts of a usual upload; `action` is the field with the colon."""
    form = {"action": "file_upload", "protocol_version": "1", "name": "rp", "version": "1"}
    texts = {**form, **fields}
    return (
        *(
            Part(name=":action" if name == "action" else name, content=text.encode())
            for name, text in texts.items()
        ),
        Part(name="content", content=content, filename=filename, media_type="x/ignored"),
    )


@dataclass(frozen=True, kw_only=True)
class Repositories:
    """Hosted with one wheel, a proxy over an upstream, and the group of both."""

    hosted: str
    proxy: str
    group: str

    def find(self, kind: str) -> str:
        """Give the repository of a kind."""
        return {"hosted": self.hosted, "proxy": self.proxy, "group": self.group}[kind]


class Workshop:
    """Makes repositories under names of their own and removes them in the end."""

    _numbers = itertools.count(1)

    def __init__(self, admin: Admin, stack: ExitStack) -> None:
        self._admin = admin
        self._stack = stack

    def make_hosted(self, policy: WritePolicy = "allow_once", *, strict: bool = True) -> str:
        """Make a hosted repository."""
        name = self._name("hosted")
        self._admin.create_hosted(name, policy, strict=strict)
        return self._keep(name)

    def make_proxy(
        self, remote: str, *, timeout: int = 20, fresh: bool = False, blocked: tuple[str, ...] = ()
    ) -> str:
        """Make a proxy, with a routing rule where paths are to be blocked."""
        name = self._name("proxy")
        self._admin.create_proxy(name, remote, timeout=timeout, fresh=fresh)
        self._keep(name)
        if blocked:
            self.block(name, *blocked)
        return name

    def make_group(self, *members: str) -> str:
        """Make a group."""
        name = self._name("group")
        self._admin.create_group(name, members)
        return self._keep(name)

    def block(self, proxy: str, *patterns: str) -> None:
        """Give a proxy a routing rule; it goes before the proxy does."""
        self._admin.block(proxy, patterns)
        self._stack.callback(self._admin.block, proxy, ())

    def _name(self, kind: str) -> str:
        return f"contract-{next(self._numbers):04}-{kind}"

    def _keep(self, name: str) -> str:
        self._stack.callback(self._admin.remove, name)
        return name


@contextmanager
def open_workshop(server: Server) -> Iterator[Workshop]:
    """Open a workshop; what was made in it is gone when the block ends."""
    with ExitStack() as stack:
        yield Workshop(server.admin, stack)
