"""What Nexus and its JVM are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from releasekit_nexus import run_nexus
from releasekit_nexus.launch import render_environ, render_properties

COMMON = """\
application-host=127.0.0.1
nexus.loadAsOSS=true
nexus.security.randompassword=false
nexus.onboarding.enabled=false
nexus.skipDefaultRepositories=true
nexus-features=nexus-core-feature,nexus-repository-pypi
"""
TLS = """\
application-port-ssl=8443
nexus-args=${jetty.etc}/jetty.xml,${jetty.etc}/jetty-https.xml,${jetty.etc}/jetty-requestlog.xml
ssl.etc=${karaf.data}/etc/ssl
"""


def test_it_speaks_http_or_tls_on_loopback_and_not_both() -> None:
    assert render_properties(port=8081, tls=False, also={}) == f"{COMMON}application-port=8081\n"
    assert render_properties(port=8443, tls=True, also={}) == COMMON + TLS


def test_of_the_environment_only_the_path_goes_in() -> None:
    user = {"PATH": "/bin", "HOME": "/me", "JAVA_TOOL_OPTIONS": "-Xmx1m", "TWINE_PASSWORD": "x"}
    environ = render_environ(Path("/java"), Path("/data"), user)
    options = environ.pop("JAVA_OPTS").split()
    assert environ == {
        "PATH": "/bin",
        "HOME": "/data",
        "LC_ALL": "C.UTF-8",
        "JAVA_HOME": "/java",
        "KARAF_DATA": "/data",
    }
    assert {"-Xms256m", "-Xmx384m", "-XX:MaxDirectMemorySize=256m"} < set(options)


@pytest.mark.parametrize("group", ["pypi-hosted", "PyPI-Hosted", "pypi-snapshots"])
def test_repositories_need_different_names(
    group: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with (
        pytest.raises(ValueError, match="different repositories"),
        run_nexus(group=group, snapshots="pypi-snapshots", environ={}),
    ):
        pass
    assert list(tmp_path.iterdir()) == []
