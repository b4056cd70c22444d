"""How a run connects: its HTTP client, and the environment of the programs that it starts.

They get no secret by its name, and none by its value. CI systems hold a password under names of
their own too (NEXUS_PASSWORD, a registry's login as base64), so a variable of any name goes if its
value contains one of the run's secrets.
"""

from __future__ import annotations

import base64
import contextlib
import re
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_plus

from releasekit.redact import MIN_LENGTH, OWN_NAME, find_secrets
from releasekit.tempdirs import open_tempdir
from releasekit.tls.trust import CA_DIRECTORIES, CA_VARIABLES, Trust, open_trust
from releasekit.uv.indexes import PROXY_VARIABLES, strip_credentials

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
    """For uv while it resolves: with the settings of pip and uv, passwords included."""
    timeout: float  # seconds without an answer
    run_environ: Mapping[str, str] = field(repr=False)
    on_wait: Callable[[str], None] = field(repr=False)
    """Gets why a request waits, if a server asks for that; any thread may call it."""
    _of_uv: list[tuple[int, int]] = field(repr=False, compare=False, default_factory=list)
    _clients: list[Client] = field(repr=False, compare=False, default_factory=list)
    _lock: threading.Lock = field(repr=False, compare=False, default_factory=threading.Lock)

    @property
    def client(self) -> Client:
        """The one HTTP client of the run, made for the first request: its import takes long."""
        with self._lock:
            if not self._clients:
                from releasekit.http.client import Client

                self._clients.append(
                    Client(
                        trust=self.trust,
                        environ=self.run_environ,
                        timeout=self.timeout,
                        on_wait=self.on_wait,
                    )
                )
        return self._clients[0]

    def count_requests(self) -> tuple[int, int]:
        """Return how many requests were sent, by uv too, and how many of them failed."""
        counts = [*self._of_uv, *((one.sent, one.failed) for one in self._clients)]
        return sum(sent for sent, _ in counts), sum(failed for _, failed in counts)

    def count_uv(self, sent: int, failed: int) -> None:
        """Add requests of uv; any thread may call it."""
        self._of_uv.append((sent, failed))


@contextlib.contextmanager
def open_network(
    *,
    environ: Mapping[str, str],
    ca_bundle: str | None = None,
    client_cert: str | None = None,
    timeout: float = 60,
    secrets: Iterable[str] = (),
    on_wait: Callable[[str], None] = lambda _: None,
) -> Iterator[Network]:
    """Provide the connections of a run; the merged PEM file lives as long.

    `secrets` are those that stand in no variable. Raises BadCertificateFile.
    """
    trust = open_trust(environ, ca_bundle, client_cert)
    with open_tempdir("releasekit-ca-") as tempdir:
        bundle = tempdir / "ca-bundle.pem"
        bundle.write_text("\n".join(source.pem for source in trust.sources), encoding="utf-8")
        # What programs leave there, as they were killed with the kit, goes with the directory.
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
            on_wait=on_wait,
        )
        try:
            yield network
        finally:
            for client in network._clients:
                client.close()


# Nothing runs without these. A password that is a part of them is none.
NEEDED = ("PATH", "HOME", "TMPDIR", "PWD", "SHELL", "USER", "LOGNAME", "LANG")
# git rev-parse --local-env-vars, without GIT_CONFIG*, which CI uses for safe.directory
OF_A_REPOSITORY = (
    *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"),
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"),
    *("GIT_GRAFT_FILE", "GIT_SHALLOW_FILE", "GIT_NO_REPLACE_OBJECTS", "GIT_REPLACE_REF_BASE"),
)
LOOPBACK = "localhost,127.0.0.1,::1"


def collect_secrets(environ: Mapping[str, str], more: Iterable[str] = ()) -> frozenset[str]:
    """Return the kit's secrets that are long enough to look for: of variables, and `more`.

    Those of other programs stay: a build may need them.
    """
    own = (secret.value for secret in find_secrets(environ) if OWN_NAME.fullmatch(secret.variable))
    found = {*more, *own}
    found |= {unquote(text) for text in found}
    return frozenset(text for text in found if len(text) >= MIN_LENGTH)


def contains_secret(value: str, secrets: Iterable[str]) -> bool:
    """Tell whether a text contains a secret: plain, percent-encoded or as base64."""
    texts = {value, unquote(value), unquote_plus(value)}
    packed = "".join(value.split()).replace("-", "+").replace("_", "/")  # base64url, wrapped lines
    for secret in secrets:
        if any(secret in text for text in texts):
            return True
        content = secret.encode("utf-8", "surrogateescape")
        # In base64 three bytes become four characters, so a secret has three forms: it may begin
        # anywhere, as in `user:password`. Characters that depend on its neighbours do not count.
        for before in range(3):
            form = base64.b64encode(b"\0" * before + content).decode().rstrip("=")
            if form[-(-before * 8 // 6) : (before + len(content)) * 8 // 6] in packed:
                return True
    return False


def foreign_environ(environ: Mapping[str, str], secrets: Iterable[str]) -> dict[str, str]:
    """Return the environment for the code of others: no secrets, and no logins in addresses."""
    clean, git = _drop(strip_credentials(environ), secrets), "GIT_CONFIG_"
    if any(name.startswith(git) and name not in clean for name in environ):
        # git refuses a list of settings with a gap in it.
        return {name: value for name, value in clean.items() if not name.startswith(git)}
    return clean


def git_environ(environ: Mapping[str, str], secrets: Iterable[str]) -> dict[str, str]:
    """Return the environment for git, which may fetch: with the logins of proxies and its own."""
    kept = {name: value for name, value in environ.items() if name.upper() in PROXY_VARIABLES}
    own = {name: value for name, value in environ.items() if name.startswith("GIT_")}
    return {**_drop(strip_credentials(environ), secrets), **_drop(kept, secrets), **own}


def find_git_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for git before the secrets of a run are known: it cannot fetch."""
    names = {*NEEDED, "XDG_CONFIG_HOME", "LD_LIBRARY_PATH"}
    return {n: value for n, value in environ.items() if n in names or n.startswith("GIT_")}


def installer_environ(environ: Mapping[str, str], secrets: Iterable[str]) -> dict[str, str]:
    """Return the environment for uv while it resolves: with the settings of pip and uv."""
    settings = {
        name: value
        for name, value in environ.items()
        if name.startswith(("PIP_", "UV_")) or name == "NETRC" or name.upper() in PROXY_VARIABLES
    }
    return {**_drop(environ, secrets), **settings}


def _drop(environ: Mapping[str, str], secrets: Iterable[str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environ.items()
        if name in NEEDED or not contains_secret(value, secrets)
    }


def child_environ(environ: Mapping[str, str], bundle: Path) -> dict[str, str]:
    """Return the environment of children: the user's, one CA bundle, loopback without proxies.

    A build backend is other people's code: it gets no credentials for publishing. Variables that
    git sets for its hooks name the repository of the hook. Variables of Python would make builds
    differ: PYTHONPATH puts files into one that the tag does not have, PYTHONWARNINGS=error and
    PYTHONIOENCODING let backends fail, PYTHONPYCACHEPREFIX shares bytecode between builds, and with
    PYTHONINSPECT the Python that uv asks never ends.
    """
    spellings = ("NO_PROXY", "no_proxy")  # each client prefers one
    theirs = dict.fromkeys(environ[name] for name in spellings if environ.get(name))
    loopback = dict.fromkeys(spellings, ",".join((*theirs, LOOPBACK)))
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith(("TWINE_", "RELEASEKIT_"))
        and name not in OF_A_REPOSITORY
        # Not what others call PYTHON_..., as PYTHON_KEYRING_BACKEND.
        and not re.fullmatch("PYTHON[A-Z0-9]+", name)
    }
    trust = dict.fromkeys(CA_VARIABLES, str(bundle))
    if CA_DIRECTORIES in environ:  # uv trusts nobody where that directory does not exist
        trust[CA_DIRECTORIES] = str(bundle.parent)
    return {**kept, **trust, **loopback}
