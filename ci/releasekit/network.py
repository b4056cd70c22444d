"""How a run connects: its HTTP client, and the environment of the programs that it starts."""

from __future__ import annotations

import contextlib
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from releasekit.child_environ import (
    child_environ,
    collect_secrets,
    foreign_environ,
    git_environ,
    installer_environ,
)
from releasekit.tempdirs import open_tempdir
from releasekit.tls.trust import Trust, open_trust

if TYPE_CHECKING:
    from releasekit.http.client import Client


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """How this run connects: in process by `client`, in children by `environ`."""

    trust: Trust
    environ: Mapping[str, str]
    """For children: no secrets, and every CA variable names one PEM file of what is trusted."""
    git_environ: Mapping[str, str] = field(repr=False)
    """For git: with the logins of proxies, and git's own settings."""
    installer_environ: Mapping[str, str] = field(repr=False)
    """For uv while it resolves: with what pip and uv are told, passwords included."""
    timeout: float
    """Seconds without an answer."""
    run_environ: Mapping[str, str] = field(repr=False)
    """Of the run itself: its proxies."""
    _clients: list[Client] = field(repr=False, compare=False, default_factory=list)
    _lock: threading.Lock = field(repr=False, compare=False, default_factory=threading.Lock)

    @property
    def client(self) -> Client:
        """The one HTTP client of the run, made for the first request: its import takes long."""
        with self._lock:
            if not self._clients:
                from releasekit.http.client import Client

                client = Client(trust=self.trust, environ=self.run_environ, timeout=self.timeout)
                self._clients.append(client)
        return self._clients[0]

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients:
            client.close()


@contextlib.contextmanager
def open_network(
    *,
    environ: Mapping[str, str],
    ca_bundle: str | None = None,
    client_cert: str | None = None,
    timeout: float = 60,
    secrets: Iterable[str] = (),
) -> Iterator[Network]:
    """Provide the connections of a run; the merged PEM file lives as long.

    `secrets` are those that stand in no variable. Raises BadCertificateFile.
    """
    trust = open_trust(environ, ca_bundle, client_cert)
    with open_tempdir("releasekit-ca-") as tempdir:
        bundle = tempdir / "ca-bundle.pem"
        bundle.write_text(trust.render_pem(), encoding="utf-8")
        # What programs leave there, because they were killed with the kit, goes with its room.
        children = {**child_environ(environ, bundle), "TMPDIR": tempfile.gettempdir()}
        if client_cert:
            # uv and pip show it too: the release is installed back from the same server.
            path = str(Path(client_cert).absolute())  # children run in other directories
            children |= dict.fromkeys(("SSL_CLIENT_CERT", "PIP_CLIENT_CERT"), path)
        found = collect_secrets(environ, secrets)
        network = Network(
            trust=trust,
            environ=foreign_environ(children, found),
            git_environ=git_environ(children, found),
            installer_environ=installer_environ(children, found),
            timeout=timeout,
            run_environ=environ,
        )
        with contextlib.closing(network):
            yield network
