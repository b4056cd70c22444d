"""One instance: its application, data, certificate and settings, and the JVM that runs on them."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import trustme
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509 import load_pem_x509_certificate

from releasekit.errors import ReleasekitError, failed
from releasekit.http.client import Client
from releasekit.tls.trust import open_trust

HOST = "127.0.0.1"

# Waits for the end of its input, which comes when we end, however that happens (SIGKILL too); a CI
# that ends all of a job's processes must not end it first. The process group is the JVM's; the
# directory is removed only where one is named. (`-s`: dash knows no `kill -TERM --`.)
GUARD = """
trap '' HUP INT TERM
read -r _
kill -s TERM -- "-$1"
for _ in 1 2 3 4 5; do kill -s 0 -- "-$1" || break; sleep 1; done
kill -s KILL -- "-$1"
[ -z "$2" ] || { sleep 0.2; rm -rf -- "$2"; }
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Runtime:
    """What every instance runs on."""

    application: Path  # the unpacked archive: bin, deploy, etc, lib, public, system
    java: Path
    environ: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """A Nexus that is ready; what can be said of it before it has repositories."""

    url: str
    ca_bundle: Path | None
    pid: int
    client: Client  # trusts it, whatever the user's environment says of proxies and certificates


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
    application = directory / "application"
    application.mkdir()
    # Karaf writes into etc/; two instances that share it hang for ever
    # (docs/nexus-behaviour.md#one-application-directory-per-instance). Symbolic links serve for
    # the rest, also where cache and instance are on different file systems.
    for name in ("lib", "public", "system"):
        (application / name).symlink_to(runtime.application / name, target_is_directory=True)
    for name in ("bin", "deploy", "etc"):
        shutil.copytree(runtime.application / name, application / name)
    (data / "etc").mkdir(parents=True, exist_ok=True)
    if tls:
        _write_keystore(data / "etc" / "ssl" / "keystore.jks", ca_bundle)
    with reserve_port(port) as number:
        properties = render_properties(port=number, tls=tls, also=also or {})
        (data / "etc" / "nexus.properties").write_text(properties, encoding="utf-8")
        environ = render_environ(runtime.java, data, runtime.environ)
        scheme, ca = ("https", ca_bundle) if tls else ("http", None)
        url = f"{scheme}://{HOST}:{number}"
        trust = open_trust({}, str(ca) if ca else None, None)
        with (
            run_jvm(application, environ, log=log, leftover=leftover) as process,
            closing(Client(trust=trust, environ={}, timeout=60)) as client,
        ):
            wait_ready(process, url, client=client, log=log)
            yield Running(url=url, ca_bundle=ca, pid=process.pid, client=client)


def render_properties(*, port: int, tls: bool, also: Mapping[str, str]) -> str:
    """Return nexus.properties for one port, over TLS or not; `also` wins.

    Measured (1.3): without nexus-core-feature it exits; without the default repositories none of
    them names a public address. Measured (1.6): TLS 1.2 only, as dear as http.
    """
    over_tls = {
        "application-port-ssl": port,
        "nexus-args": "${jetty.etc}/jetty.xml,${jetty.etc}/jetty-https.xml,"
        "${jetty.etc}/jetty-requestlog.xml",
        "ssl.etc": "${karaf.data}/etc/ssl",
    }
    properties = {
        "application-host": HOST,
        "nexus.loadAsOSS": "true",
        "nexus.security.randompassword": "false",
        "nexus.onboarding.enabled": "false",
        "nexus.skipDefaultRepositories": "true",
        "nexus-features": "nexus-core-feature,nexus-repository-pypi",
        **(over_tls if tls else {"application-port": port}),
        **also,
    }
    return "".join(f"{key}={value}\n" for key, value in properties.items())


def render_environ(java: Path, data: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the start script: a user's JAVA_TOOL_OPTIONS and such stay out.

    No secret goes in: Nexus begins with its well-known password, which is changed at once.
    """
    # Measured (1.1): 567 MB instead of 934, and the quickest start. Replaces the script's own
    # options, which are 2703m three times and a log under a path that may hold spaces. Without
    # diskFreeSpaceLimit, Nexus stops writing where less than 4 GB are free.
    options = (
        "-Xms256m -Xmx384m -XX:MaxDirectMemorySize=256m -XX:TieredStopAtLevel=1 "
        "-XX:+UseSerialGC -Xverify:none -XX:-OmitStackTraceInFastThrow "
        "-Djava.net.preferIPv4Stack=true -Dstorage.diskCache.diskFreeSpaceLimit=128 -Duser.home=."
    )
    return {
        "PATH": environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(data),
        "LC_ALL": "C.UTF-8",
        "JAVA_HOME": str(java),
        "JAVA_OPTS": options,
        "KARAF_DATA": str(data),
    }


def _write_keystore(keystore: Path, ca_bundle: Path) -> None:
    """Make a CA and a certificate; write the keystore, and the CA for the clients.

    Measured (1.6): Java reads PKCS12 under the name keystore.jks.
    """
    authority = trustme.CA()
    issued = authority.issue_cert(HOST, "::1", "localhost")
    # trustme makes EC keys; Nexus takes them (docs/nexus-behaviour.md#tls).
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    own, *others = (load_pem_x509_certificate(pem.bytes()) for pem in issued.cert_chain_pems)
    content = pkcs12.serialize_key_and_certificates(
        b"jetty",
        cast("EllipticCurvePrivateKey", key),
        own,
        [*others, load_pem_x509_certificate(authority.cert_pem.bytes())],
        # jetty-https.xml of the application says so; the key is worth nothing afterwards.
        BestAvailableEncryption(b"password"),
    )
    keystore.parent.mkdir(exist_ok=True)
    keystore.touch(mode=0o600)
    keystore.write_bytes(content)
    authority.cert_pem.write_to_path(str(ca_bundle))


@contextmanager
def reserve_port(port: int) -> Iterator[int]:
    """Keep a port on loopback for the JVM until the block ends; 0 takes a free one.

    The socket does not listen, so the JVM may bind the port while others are not given it.
    Raises NEXUS_NOT_STARTED.
    """
    with socket.socket() as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            keeper.bind((HOST, port))
        except OSError as error:
            raise ReleasekitError(
                failed.NEXUS_NOT_STARTED,
                problem="the port is taken",
                place=f"{HOST}:{port}",
                reason=str(error.strerror),
                fix="choose another with --port, or leave it out for a free one",
            ) from error
        yield keeper.getsockname()[1]


@contextmanager
def run_jvm(
    application: Path, environ: Mapping[str, str], *, log: Path, leftover: Path | None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run Nexus until the block ends, in a session of its own: a Ctrl-C is ours to pass on.

    The start script becomes the JVM (docs/nexus-behaviour.md#start-and-stop): its pid and process
    group are the JVM's.
    `leftover` is a directory to remove should we be killed.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            (str(application / "bin" / "nexus"), "server"),
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        with _guard(process.pid, environ, leftover):
            try:
                yield process
            finally:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGTERM)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(15)  # measured: 0.8 to 3.5 s
    finally:
        # Whatever it started; also at a second Ctrl-C. (EPERM: macOS, all have ended.)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def _guard(group: int, environ: Mapping[str, str], leftover: Path | None) -> Iterator[None]:
    guard = subprocess.Popen(
        ("/bin/sh", "-c", GUARD, "releasekit-guard", str(group), str(leftover or "")),
        env=dict(environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        # Killed before its input ends: the number of the group may be another's by then.
        guard.kill()
        guard.communicate()


def wait_ready(
    process: subprocess.Popen[bytes],
    url: str,
    *,
    client: Client,
    log: Path,
    seconds: float = 600,
) -> None:
    """Wait until Nexus takes writes.

    A 200 from status/writable is enough (docs/nexus-behaviour.md#start-and-stop). Measured: after
    13 to 56 s, the latter with two starts at once on two cores.
    Raises NEXUS_NOT_STARTED, with the last lines of the log.
    """
    reason, deadline = f"it was not ready after {seconds:g} s", time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            reason = f"its JVM ended with status {process.returncode}"
            break
        with suppress(ReleasekitError):
            if client.get(f"{url}/service/rest/v1/status/writable", attempts=1).status == 200:
                return
        time.sleep(0.1)
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    raise ReleasekitError(
        failed.NEXUS_NOT_STARTED,
        problem="Nexus did not start",
        place=url,
        reason="\n".join([reason, *[line for line in lines if line.strip()][-25:]]),
        fix="run this again; if it stays so, give the machine memory (0.6 GB free), or delete\n"
        "the directory nexus/ in the kit's cache, which is then made anew",
    )
