"""A double of a Nexus PyPI server for tests, on loopback over TLS, gone at the end.

It speaks the package protocols only: upload, simple index, files, error pages. Its answers are
those measured on Nexus 3.30.0-01, byte for byte; faults can be made on purpose. It imports nothing
of the kit, which has a sandbox of its own. `python -m nexus_double` runs one in the foreground.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .blobs import BlobStore
from .faults import NO_FAULTS, CutBody, Faults, LoseAnswer, Refuse, UploadFault
from .group import Group
from .hosted import Hosted
from .proxy import Proxy
from .repository import Repository
from .state import LoggedRequest, State
from .upstream import find_upstream
from .values import Account, StoredFile, WritePolicy

__all__ = [
    "NO_FAULTS",
    "CutBody",
    "Faults",
    "LoggedRequest",
    "LoseAnswer",
    "Refuse",
    "Sandbox",
    "State",
    "StoredFile",
    "UploadFault",
    "WritePolicy",
    "run_sandbox",
]

USERNAME = "sandbox"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sandbox:
    """A running double; `state` is what tests read and change while it runs."""

    url: str
    hosted: str
    proxy: str
    group: str
    snapshots: str | None
    ca_bundle: Path
    username: str = USERNAME
    password: str = field(repr=False)
    state: State = field(repr=False, compare=False)

    def environ(self) -> dict[str, str]:
        """Give the environment variables that lead a release here."""
        variables = {
            "RELEASEKIT_URL": self.url,
            "RELEASEKIT_HOSTED": self.hosted,
            "RELEASEKIT_PROXY": self.proxy,
            "RELEASEKIT_GROUP": self.group,
            "RELEASEKIT_CA_BUNDLE": str(self.ca_bundle),
            "TWINE_USERNAME": self.username,
            "TWINE_PASSWORD": self.password,
        }
        if self.snapshots is not None:
            variables["RELEASEKIT_SNAPSHOTS"] = self.snapshots
        return variables

    def upload_url(self, repository: str | None = None) -> str:
        """Give the address that takes uploads; the hosted repository's by default."""
        return f"{self.url}/repository/{repository or self.hosted}/"

    def simple_url(self, repository: str | None = None) -> str:
        """Give the address of a simple index; the group's by default."""
        return f"{self.url}/repository/{repository or self.group}/simple/"


@contextmanager
def run_sandbox(
    *,
    hosted: str = "pypi-hosted",
    proxy: str = "pypi-proxy",
    group: str = "pypi-group",
    snapshots: str | None = None,
    remote: str | Path | None = None,
    remote_ca: Path | None = None,
    remote_timeout: float = 20.0,
    metadata_max_age: float = 86_400.0,
    blocked: Sequence[str] = (),
    write_policy: WritePolicy = "allow_once",
    anonymous: bool = True,
    port: int = 0,
    faults: Faults = NO_FAULTS,
    folder: Path | None = None,
) -> Iterator[Sandbox]:
    """Run a double until the block ends; times are seconds, `blocked` holds path patterns.

    Its files go below `folder`, by default the system's directory for temporary files.

    `remote` is what the proxy serves: a flat directory of dists or the base address of an index.
    Raises OSError when the port is taken, ValueError when two repositories share a name.
    """
    with tempfile.TemporaryDirectory(
        prefix="nexus-double-", dir=folder, ignore_cleanup_errors=True
    ) as temporary:
        directory = Path(temporary)
        blobs = BlobStore(directory / "blobs")
        upstream = find_upstream(remote, ca=remote_ca, timeout=remote_timeout)
        far = Proxy(
            name=proxy, upstream=upstream, blobs=blobs, blocked=blocked, max_age=metadata_max_age
        )
        near = Hosted(name=hosted, policy=write_policy)
        repositories = [near, far, Group(name=group, members=(near, far)), *_open(snapshots)]
        state = State(repositories=repositories, blobs=blobs, faults=faults)
        password = secrets.token_urlsafe(24)
        account = Account(username=USERNAME, password=password, anonymous=anonymous)
        with _serve(state, account, directory / "ca.pem", port) as url:
            yield Sandbox(
                url=url,
                hosted=hosted,
                proxy=proxy,
                group=group,
                snapshots=snapshots,
                ca_bundle=directory / "ca.pem",
                password=password,
                state=state,
            )


def _open(snapshots: str | None) -> list[Repository]:
    """Give the repository that may be overwritten, where one is wanted."""
    return [] if snapshots is None else [Hosted(name=snapshots, policy="allow")]


@contextmanager
def _serve(state: State, account: Account, ca_bundle: Path, port: int) -> Iterator[str]:
    """Serve a state over TLS and give the address; the heavy imports happen here."""
    from .app import App
    from .server import bind, serve
    from .tls import make_context

    with bind(port) as listener:
        address = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with serve(App(state, account), listener, make_context(ca_bundle)):
            yield address
