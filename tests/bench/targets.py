"""What is published to: a sandbox or a real Nexus, in a process of its own."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

SERVERS = ("sandbox", "nexus")


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A running server."""

    name: str
    url: str
    hosted: str
    group: str
    ca_bundle: Path
    username: str
    password: str = field(repr=False)
    environ: Mapping[str, str] = field(repr=False)
    """The kit's settings and credentials for it."""

    def behind(self, port: int) -> Server:
        """Return the server as it is reached through a proxy on another port."""
        url = f"https://127.0.0.1:{port}"
        return replace(self, url=url, environ={**self.environ, "RELEASEKIT_URL": url})

    @property
    def port(self) -> int:
        """The port on loopback."""
        return int(self.url.rpartition(":")[2])

    @property
    def upload_url(self) -> str:
        """The address that takes uploads."""
        return f"{self.url}/repository/{self.hosted}/"

    @property
    def simple_url(self) -> str:
        """The index of the group."""
        return f"{self.url}/repository/{self.group}/simple/"


@contextlib.contextmanager
def open_server(name: str, environ: Mapping[str, str]) -> Iterator[Server]:
    """Run a server until the block ends."""
    command = (sys.executable, "-m", "releasekit", name, "--json", "-q")
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield read_server(name, json.loads(process.stdout.readline()))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def read_server(name: str, environ: Mapping[str, str]) -> Server:
    """Return the server that settings lead to."""
    return Server(
        name=name,
        url=environ["RELEASEKIT_URL"],
        hosted=environ["RELEASEKIT_HOSTED"],
        group=environ["RELEASEKIT_GROUP"],
        ca_bundle=Path(environ["RELEASEKIT_CA_BUNDLE"]),
        username=environ["TWINE_USERNAME"],
        password=environ["TWINE_PASSWORD"],
        environ={key: value for key, value in environ.items() if "ADMIN" not in key},
    )
