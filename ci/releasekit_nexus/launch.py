"""One instance: its application, data, certificate and settings, and Nexus running on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from releasekit.http.client import Client
from releasekit.tls.trust import open_trust
from releasekit_nexus.archive import make_instance
from releasekit_nexus.process import HOST, reserve_port, run_jvm, wait_ready

# Measured (1.1): 567 MB instead of 934, and the quickest start. Replaces the script's own options,
# which are 2703m three times and a log under a path that may hold spaces. The last one: else Nexus
# stops writing where less than 4 GB are free.
JAVA_OPTIONS = (
    "-Xms256m",
    "-Xmx384m",
    "-XX:MaxDirectMemorySize=256m",
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-Xverify:none",
    "-XX:-OmitStackTraceInFastThrow",
    "-Djava.net.preferIPv4Stack=true",
    "-Dstorage.diskCache.diskFreeSpaceLimit=128",
)

# Measured (1.3): without nexus-core-feature it exits; without the default repositories none of
# them names a public address.
COMMON = {
    "application-host": HOST,
    "nexus.loadAsOSS": "true",
    "nexus.security.randompassword": "false",
    "nexus.onboarding.enabled": "false",
    "nexus.skipDefaultRepositories": "true",
    "nexus-features": "nexus-core-feature,nexus-repository-pypi",
}
# Measured (1.6): TLS 1.2 only, as dear as http.
OVER_TLS = {
    "nexus-args": "${jetty.etc}/jetty.xml,${jetty.etc}/jetty-https.xml,"
    "${jetty.etc}/jetty-requestlog.xml",
    "ssl.etc": "${karaf.data}/etc/ssl",
}


def render_properties(*, port: int, tls: bool, also: Mapping[str, str] | None = None) -> str:
    """Render nexus.properties for one port, over TLS or not; `also` wins."""
    scheme = {"application-port-ssl": str(port), **OVER_TLS} if tls else {"application-port": port}
    return "".join(
        f"{key}={value}\n" for key, value in {**COMMON, **scheme, **(also or {})}.items()
    )


def render_environ(java: Path, data: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Give the environment of the start script: a user's JAVA_TOOL_OPTIONS and the like stay out.

    No secret goes in: Nexus begins with its well-known password, which is changed at once.
    """
    return {
        "PATH": environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(data),
        "LC_ALL": "C.UTF-8",
        "JAVA_HOME": str(java),
        "JAVA_OPTS": " ".join((*JAVA_OPTIONS, "-Duser.home=.")),
        "KARAF_DATA": str(data),
    }


NAMES = ("127.0.0.1", "::1", "localhost")
# jetty-https.xml of the application says so; the key is worth nothing after this instance.
KEYSTORE_PASSWORD = b"password"


def write_keystore(keystore: Path, ca_bundle: Path) -> None:
    """Make a CA and a certificate; write the keystore, and the CA for the clients.

    Measured (1.6): Java reads PKCS12 under the name keystore.jks.
    """
    import trustme
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        load_pem_private_key,
        pkcs12,
    )
    from cryptography.x509 import load_pem_x509_certificate

    authority = trustme.CA()
    issued = authority.issue_cert(*NAMES)
    # trustme makes EC keys; Nexus takes them (docs/nexus-behaviour.md#tls).
    loaded = load_pem_private_key(issued.private_key_pem.bytes(), None)
    key = cast("EllipticCurvePrivateKey", loaded)
    own, *others = (load_pem_x509_certificate(pem.bytes()) for pem in issued.cert_chain_pems)
    root = load_pem_x509_certificate(authority.cert_pem.bytes())
    content = pkcs12.serialize_key_and_certificates(
        b"jetty", key, own, [*others, root], BestAvailableEncryption(KEYSTORE_PASSWORD)
    )
    keystore.parent.mkdir(parents=True, exist_ok=True)
    keystore.touch(mode=0o600)
    keystore.write_bytes(content)
    authority.cert_pem.write_to_path(str(ca_bundle))


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
    client: Client
    """Trusts it, whatever the user's environment says of proxies and certificates."""


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
    Raises NEXUS_NOT_STARTED.
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
        trust = open_trust({}, str(ca) if ca else None, None)
        with (
            run_jvm(directory / "application", environ, log=log, leftover=leftover) as process,
            closing(Client(trust=trust, environ={}, timeout=60)) as client,
        ):
            wait_ready(process, url, client=client, log=log)
            yield Running(url=url, ca_bundle=ca, pid=process.pid, client=client)
