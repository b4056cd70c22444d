"""A real Sonatype Nexus Repository OSS 3.30.0-01 on loopback, gone at the end.

For trying things out and for the tests. The first start downloads it (127 MB) and prepares a data
directory; later starts copy that and take about 16 s and 570 MB. It serves what every Nexus does,
its administration too; the sister `sandbox` is quicker and can fail on purpose.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from releasekit.errors import ReleasekitError
from releasekit.errors.failed import NEXUS_NOT_STARTED
from releasekit_nexus.archive import Progress

if TYPE_CHECKING:
    import requests

ADMIN, PUBLISHER = "admin", "publisher"


@dataclass(frozen=True, kw_only=True, slots=True)
class Nexus:
    """A running Nexus; `ca_bundle` is None where it speaks plain http."""

    url: str
    hosted: str
    proxy: str
    group: str
    snapshots: str | None
    ca_bundle: Path | None
    username: str = PUBLISHER
    password: str = field(repr=False)
    admin_username: str = ADMIN
    admin_password: str = field(repr=False)
    data: Path
    pid: int

    def environ(self) -> dict[str, str]:
        """Give the environment variables that lead a release here."""
        variables = {
            "RELEASEKIT_URL": self.url,
            "RELEASEKIT_HOSTED": self.hosted,
            "RELEASEKIT_PROXY": self.proxy,
            "RELEASEKIT_GROUP": self.group,
        }
        if self.ca_bundle is not None:
            variables["RELEASEKIT_CA_BUNDLE"] = str(self.ca_bundle)
        variables |= {"TWINE_USERNAME": self.username, "TWINE_PASSWORD": self.password}
        if self.snapshots is not None:
            variables["RELEASEKIT_SNAPSHOTS"] = self.snapshots
        return variables

    def admin_environ(self) -> dict[str, str]:
        """Give the environment variables that let an administration in."""
        return {
            "RELEASEKIT_ADMIN_USERNAME": self.admin_username,
            "RELEASEKIT_ADMIN_PASSWORD": self.admin_password,
        }

    def upload_url(self, repository: str | None = None) -> str:
        """Give the address that takes uploads; the hosted repository's by default."""
        return f"{self.url}/repository/{repository or self.hosted}/"

    def simple_url(self, repository: str | None = None) -> str:
        """Give the address of a simple index; the group's by default."""
        return f"{self.url}/repository/{repository or self.group}/simple/"


@contextmanager
def run_nexus(
    *,
    hosted: str = "pypi-hosted",
    proxy: str = "pypi-proxy",
    group: str = "pypi-group",
    snapshots: str | None = None,
    remote: str | None = None,
    tls: bool = True,
    port: int = 0,
    cache: Path | None = None,
    directory: Path | None = None,
    environ: Mapping[str, str],
    session: requests.Session | None = None,
    notify: Callable[[str], None] = lambda _: None,
    progress: Progress = lambda *_: None,
) -> Iterator[Nexus]:
    """Run a Nexus until the block ends, which stops its JVM however it ends.

    `remote` is what the proxy serves (none: it is blocked). `cache` keeps what later starts need.
    The instance lives in a temporary directory, or in `directory`, which is kept. `session` is for
    the download. Raises NEXUS_NOT_STARTED, ValueError when two repositories share a name.
    """
    from platformdirs import user_cache_path

    from releasekit.config.settings import Settings
    from releasekit_nexus.launch import launch
    from releasekit_nexus.prepared import copy_data, prepare_runtime, prepare_template
    from releasekit_nexus.setup import set_up

    names = {"hosted": hosted, "proxy": proxy, "group": group, "snapshots": snapshots}
    settings = Settings.model_validate({**names, "proxy-remote": remote})
    cache = cache or user_cache_path("releasekit") / "nexus"
    with _open_directory(directory) as home:
        runtime = prepare_runtime(
            cache, environ=environ, session=session, notify=notify, progress=progress
        )
        copy_data(prepare_template(cache, runtime, notify), home / "data")
        notify("starting Nexus (about 15 s)")
        leftover = home if directory is None else None
        with launch(runtime, home, port=port, tls=tls, leftover=leftover) as running:
            admin_password, password = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
            set_up(running, settings, admin_password=admin_password, publisher_password=password)
            yield Nexus(
                url=running.url,
                hosted=hosted,
                proxy=proxy,
                group=group,
                snapshots=snapshots,
                ca_bundle=running.ca_bundle,
                password=password,
                admin_password=admin_password,
                data=home / "data",
                pid=running.pid,
            )


@contextmanager
def _open_directory(given: Path | None) -> Iterator[Path]:
    """Open the directory of one instance; only a temporary one is removed. Paths are resolved."""
    if given is None:
        with tempfile.TemporaryDirectory(
            prefix="releasekit-nexus-", ignore_cleanup_errors=True
        ) as temporary:
            yield Path(temporary).resolve()
        return
    given.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(given.iterdir()):
        raise ReleasekitError(
            NEXUS_NOT_STARTED,
            problem="the directory for Nexus is not empty",
            place=str(given),
            reason="each start takes a fresh directory: its passwords are made anew",
            fix="empty it or name another",
        )
    yield given.resolve()
