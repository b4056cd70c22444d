"""The settings of Nexus and of its JVM, as text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

HOST = "127.0.0.1"
BOOTSTRAP_USER, BOOTSTRAP_PASSWORD = "admin", "admin123"  # changed at every start
PUBLISHER = "publisher"

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


# As an administrator finds a new server: its password generated, in a file of the data directory.
UNTOUCHED = {"nexus.security.randompassword": "true", "nexus.onboarding.enabled": "true"}


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
