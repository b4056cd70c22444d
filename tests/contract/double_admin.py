"""The verbs of administration, done to the double from inside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import get_args

from contract.servers import Right, Server
from contract.wire import Login, Wire
from nexus_double import Faults, Sandbox, WritePolicy, run_sandbox
from nexus_double.group import Group
from nexus_double.hosted import Hosted
from nexus_double.proxy import Proxy
from nexus_double.state import State
from nexus_double.upstream import find_upstream

DAY_SECONDS = 86_400.0


class DoubleAdmin:
    """Changes the state of a running double."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._state: State = sandbox.state
        self._publisher = Login(username=sandbox.username, password=sandbox.password)

    def create_hosted(self, name: str, policy: WritePolicy, *, strict: bool) -> None:
        """Create a hosted repository."""
        self._state.repositories[name] = Hosted(name=name, policy=policy, strict=strict)

    def create_proxy(self, name: str, remote: str, *, timeout: int, fresh: bool) -> None:
        """Create a proxy."""
        self._state.repositories[name] = Proxy(
            name=name,
            upstream=find_upstream(remote, ca=None, timeout=timeout),
            blobs=self._state.blobs,
            blocked=(),
            max_age=0 if fresh else DAY_SECONDS,
        )

    def create_group(self, name: str, members: tuple[str, ...]) -> None:
        """Create a group."""
        found = tuple(self._state.repositories[member] for member in members)
        self._state.repositories[name] = Group(name=name, members=found)

    def remove(self, name: str) -> None:
        """Remove a repository."""
        del self._state.repositories[name]

    def set_policy(self, name: str, policy: WritePolicy) -> None:
        """Give a hosted repository another write policy."""
        self._state.find_hosted(name).policy = policy

    def block(self, proxy: str, patterns: tuple[str, ...]) -> None:
        """Give a proxy a routing rule."""
        found = self._state.repositories[proxy]
        assert isinstance(found, Proxy)
        found.block(*patterns)

    def delete(self, repository: str, filename: str) -> None:
        """Delete one file."""
        self._state.delete(repository, filename)

    def invalidate(self, repository: str) -> None:
        """Forget what a proxy or a group has cached."""
        self._state.repositories[repository].invalidate()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Freeze and release."""
        with self._faults(Faults(read_only=True)):
            yield

    @contextmanager
    def offline(self, repository: str) -> Iterator[None]:
        """Put a repository offline and online again."""
        with self._faults(Faults(offline=(repository,))):
            yield

    @contextmanager
    def limited(self, repository: str, *rights: Right) -> Iterator[Login]:
        """Take the other rights from the publisher, who is the only one here."""
        every: tuple[Right, ...] = get_args(Right)
        with self._faults(Faults(forbidden=tuple(one for one in every if one not in rights))):
            yield self._publisher

    @contextmanager
    def _faults(self, faults: Faults) -> Iterator[None]:
        before = self._state.faults
        self._state.faults = faults
        try:
            yield
        finally:
            self._state.faults = replace(before)


@contextmanager
def start_double(*, anonymous: bool = True) -> Iterator[Server]:
    """Run a double as a server."""
    with run_sandbox(snapshots="pypi-snapshots", anonymous=anonymous) as sandbox:
        assert sandbox.snapshots is not None
        yield Server(
            name="double",
            url=sandbox.url,
            hosted=sandbox.hosted,
            snapshots=sandbox.snapshots,
            group=sandbox.group,
            ca_bundle=sandbox.ca_bundle,
            publisher=Login(username=sandbox.username, password=sandbox.password),
            admin=DoubleAdmin(sandbox),
            wire=Wire(sandbox.url, sandbox.ca_bundle),
        )
