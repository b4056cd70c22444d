"""A real Sonatype Nexus Repository OSS 3.30.0-01 on loopback, gone at the end.

For trying out and for the tests. The first start downloads it (127 MB) and prepares a data
directory; later starts copy that and take about 16 s and 570 MB. It serves what every Nexus does,
its administration too; `releasekit.sandbox` is quicker.
"""

import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from platformdirs import user_cache_path

from releasekit.config.settings import Settings
from releasekit.errors import ReleasekitError, failed
from releasekit.model.access import Credentials
from releasekit.nexus.desired_state import publisher_name, want
from releasekit.nexus.documents import Document
from releasekit.nexus.drift import Found, Kind
from releasekit.nexus.rest import (
    Rest,
    create_resource,
    read_version,
    render_body,
    set_password,
)
from releasekit_nexus.launch import Running, launch
from releasekit_nexus.prepared import Progress, copy_data, prepare_runtime, prepare_template

ADMIN, PUBLISHER = "admin", "publisher"
WELL_KNOWN = Credentials(username=ADMIN, password="admin123", source="every start")  # noqa: S106
NOWHERE: Document = {"proxy.remoteUrl": "http://127.0.0.1:9/", "httpClient.blocked": True}
"""Where the proxy points while nobody has named an upstream: loopback, where nothing answers.

Blocked, it sends no request: its answers come at once, and group pages leave it out
(docs/nexus-behaviour.md#remote-failures).
"""


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
        variables = {
            "RELEASEKIT_URL": self.url,
            "RELEASEKIT_HOSTED": self.hosted,
            "RELEASEKIT_PROXY": self.proxy,
            "RELEASEKIT_GROUP": self.group,
            "RELEASEKIT_CA_BUNDLE": str(self.ca_bundle) if self.ca_bundle else None,
            "TWINE_USERNAME": self.username,
            "TWINE_PASSWORD": self.password,
            "RELEASEKIT_SNAPSHOTS": self.snapshots,
        }
        return {name: value for name, value in variables.items() if value is not None}

    def admin_environ(self) -> dict[str, str]:
        return {
            "RELEASEKIT_ADMIN_USERNAME": self.admin_username,
            "RELEASEKIT_ADMIN_PASSWORD": self.admin_password,
        }

    def upload_url(self, repository: str | None = None) -> str:
        return f"{self.url}/repository/{repository or self.hosted}/"

    def simple_url(self, repository: str | None = None) -> str:
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
    environ: Mapping[str, str],
    notify: Callable[[str], None] = lambda _: None,
    progress: Progress = lambda *_: None,
) -> Iterator[Nexus]:
    """Run a Nexus until the block ends, which stops its JVM however it ends.

    `remote` is what the proxy serves (none: it is blocked). The user's cache keeps what later
    starts need; the instance lives in a temporary directory.
    Raises NEXUS_NOT_STARTED, ValueError when two repositories share a name.
    """
    settings = Settings.model_validate(
        {
            "hosted": hosted,
            "proxy": proxy,
            "group": group,
            "snapshots": snapshots,
            "proxy-remote": remote,
        }
    )
    cache = user_cache_path("releasekit") / "nexus"
    with tempfile.TemporaryDirectory(
        prefix="releasekit-nexus-", ignore_cleanup_errors=True
    ) as directory:
        home = Path(directory).resolve()
        runtime = prepare_runtime(cache, environ=environ, notify=notify, progress=progress)
        copy_data(prepare_template(cache, runtime, notify), home / "data")
        notify("starting Nexus (about 15 s)")
        with launch(runtime, home, port=port, tls=tls, leftover=home) as running:
            admin_password, password = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
            _set_up(running, settings, admin_password=admin_password, publisher_password=password)
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


def _set_up(
    running: Running, settings: Settings, *, admin_password: str, publisher_password: str
) -> None:
    """Replace the well-known password first, then create repositories and publisher.

    All as `provision` does it, whose other resources stay away. Raises NEXUS_NOT_STARTED.
    """
    rest = Rest(url=running.url, client=running.client, credentials=WELL_KNOWN)
    try:
        set_password(rest, ADMIN, admin_password)
        rest = replace(rest, credentials=replace(WELL_KNOWN, password=admin_password))
        version, stores = read_version(rest), ("default",)
        found = Found(
            version=version, admin=ADMIN, blob_stores=stores, repositories=(), documents={}
        )
        for resource in want(settings, found):
            fields = resource.fields
            if resource.kind is Kind.PROXY and not settings.proxy_remote:
                fields = fields | NOWHERE
            body = render_body(replace(resource, fields=fields), None, version)
            if resource.name == publisher_name(settings):
                # One name for every server, beside those that `provision` would give.
                if resource.kind is Kind.ROLE:
                    body |= {"id": PUBLISHER, "name": PUBLISHER}
                else:
                    body |= {"userId": PUBLISHER, "roles": [PUBLISHER]}
                    body["password"] = publisher_password
            elif resource.kind not in (Kind.HOSTED, Kind.PROXY, Kind.GROUP):
                continue
            create_resource(rest, resource.kind, body)
    except ReleasekitError as error:
        raise ReleasekitError(
            failed.NEXUS_NOT_STARTED,
            problem="Nexus refused to be set up",
            place=str(error.fields.get("url", running.url)),
            reason=error.answers()["why"],
            fix="check the repositories' names: letters, digits, _ - and . only",
        ) from error
