"""One instance: its application, data, certificate and settings, and Nexus running on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .application import make_instance
from .process import reserve_port, run_jvm, wait_ready
from .settings import HOST, render_environ, render_properties
from .tls import write_keystore


@dataclass(frozen=True, kw_only=True, slots=True)
class Runtime:
    """What every instance runs on."""

    application: Path
    """The unpacked archive."""
    java: Path
    """The home of a Java 11."""
    environ: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """A Nexus that is ready; what can be said of it before it has repositories."""

    url: str
    ca_bundle: Path | None
    pid: int

    @property
    def verify(self) -> str | bool:
        """Give what requests takes to trust it."""
        return True if self.ca_bundle is None else str(self.ca_bundle)


@contextmanager
def launch(
    runtime: Runtime,
    directory: Path,
    *,
    port: int,
    tls: bool,
    leftover: Path | None,
    also: Mapping[str, str] | None = None,
) -> Iterator[Running]:
    """Run Nexus on `directory/data` until the block ends; the block begins when it is ready.

    `also` are settings of nexus.properties; `leftover` is removed by another process should this
    one be killed.
    Raises PortTaken, StartFailed.
    """
    data, log, ca_bundle = directory / "data", directory / "console.log", directory / "ca.pem"
    make_instance(runtime.application, directory / "application")
    (data / "etc").mkdir(parents=True, exist_ok=True)
    if tls:
        write_keystore(data / "etc" / "ssl" / "keystore.jks", ca_bundle)
    with reserve_port(port) as number:
        properties = render_properties(port=number, tls=tls, also=also)
        (data / "etc" / "nexus.properties").write_text(properties, encoding="utf-8")
        environ = render_environ(runtime.java, data, runtime.environ)
        scheme, ca = ("https", ca_bundle) if tls else ("http", None)
        url = f"{scheme}://{HOST}:{number}"
        with run_jvm(directory / "application", environ, log=log, leftover=leftover) as process:
            running = Running(url=url, ca_bundle=ca, pid=process.pid)
            wait_ready(process, url, verify=running.verify, log=log)
            yield running
